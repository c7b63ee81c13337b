// Tables of JSON from outside: size, depth, types and lengths are checked before use.
// The rules are those of `har_runtime/tables.py`.

import { MAX_BYTES, MAX_DEPTH, MAX_ITEMS, MAX_TEXT } from "./limits.js";
import { clean, hasControl } from "./text.js";

/** What is wrong with a table, without the name of its file. */
export class TableError extends Error {}

/**
 * The value of JSON text.
 * @throws {TableError} too large, not JSON, or nested too deeply
 */
export function parseJson(text) {
  if (text.length > MAX_BYTES) throw new TableError(`it is larger than ${MAX_BYTES} bytes`);
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TableError(`it is not JSON: ${clean(String(error.message))}`, { cause: error });
  }
  let level = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new TableError(`it is nested more than ${MAX_DEPTH} deep`);
    level = level.flatMap((item) => (item !== null && typeof item === "object" ? Object.values(item) : []));
  }
  return value;
}

/**
 * A table with the known entries, each of the kind that is asked for.
 * @param {object} fields of each entry: its kind, whether it may be null, and its value if it is missing
 * @param {{ strict?: boolean, prefix?: string }} options `strict`: whether an unknown entry is an error, or of another
 *   version and skipped; `prefix`: keys above the table, for errors
 * @returns {object} frozen, as is everything in it; it inherits no names
 * @throws {TableError} not a table, an unknown or missing entry, or a value of another kind
 */
export function readTable(fields, table, { strict = false, prefix = "" } = {}) {
  if (!isTable(table)) throw new TableError(`'${prefix.replace(/\.$/, "")}' must be a table, not ${shown(table)}`);
  const unknown = Object.keys(table).find((name) => !Object.hasOwn(fields, name));
  if (strict && unknown !== undefined) {
    throw new TableError(`unknown key '${prefix}${clean(unknown)}'; known here: ${Object.keys(fields).join(", ")}`);
  }
  const values = Object.create(null);
  for (const [name, field] of Object.entries(fields)) {
    const key = prefix + name;
    if (Object.hasOwn(table, name)) {
      values[name] = checked(field, table[name], key, strict);
    } else if ("missing" in field) {
      values[name] = Object.freeze(field.missing);
    } else {
      throw new TableError(`'${key}' is missing`);
    }
  }
  return Object.freeze(values);
}

/** A value for a message: shortened and cleaned. */
export function shown(value) {
  if (typeof value === "string") return `'${clean(value)}'`;
  if (value === undefined) return "nothing";
  return clean(JSON.stringify(value));
}

/** Whether a value is a table, and no list. */
export function isTable(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function checked(field, value, key, strict) {
  if (value === null && field.nullable) return null;
  switch (field.kind) {
    case "table":
      return readTable(field.fields, value, { strict, prefix: `${key}.` });
    case "list":
      return list(field, value, key, strict);
    case "map":
      return map(field, value, key, strict);
    case "text":
      return text(value, key);
    default:
      return number(field.kind, value, key);
  }
}

function list(field, value, key, strict) {
  if (!Array.isArray(value)) throw new TableError(`'${key}' must be a list, not ${shown(value)}`);
  checkLength(value.length, key);
  if (field.length !== undefined && value.length !== field.length) {
    throw new TableError(`'${key}' must be a list of ${field.length}, not ${shown(value)}`);
  }
  return Object.freeze(value.map((item, index) => checked(field.of, item, `${key}[${index}]`, strict)));
}

function map(field, value, key, strict) {
  if (!isTable(value)) throw new TableError(`'${key}' must be a table, not ${shown(value)}`);
  const entries = Object.entries(value);
  checkLength(entries.length, key);
  const values = Object.create(null);
  for (const [name, entry] of entries) {
    values[text(name, key)] = checked(field.of, entry, `${key}.${clean(name)}`, strict);
  }
  return Object.freeze(values);
}

function checkLength(length, key) {
  if (length > MAX_ITEMS) throw new TableError(`'${key}' has ${length} entries, at most ${MAX_ITEMS} are possible`);
}

function text(value, key) {
  if (typeof value !== "string") throw new TableError(`'${key}' must be text, not ${shown(value)}`);
  if (value.length > MAX_TEXT) {
    throw new TableError(`'${key}' has ${value.length} characters, at most ${MAX_TEXT} are possible`);
  }
  if (hasControl(value)) throw new TableError(`'${key}' has control characters: ${shown(value)}`);
  return value;
}

function number(kind, value, key) {
  const possible = kind === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (!possible) {
    throw new TableError(`'${key}' must be a ${kind === "integer" ? "whole" : "finite"} number, not ${shown(value)}`);
  }
  return value;
}

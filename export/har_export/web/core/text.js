// Texts from outside, made fit to show: on one line, without control characters and secrets, bounded.
// The rules are those of `har_runtime/text.py`.

import { MAX_NAME, MAX_SHOWN } from "./limits.js";

const UNPRINTABLE = /(?! )[\p{C}\p{Z}]/gu;
const CONTROL = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
/** The options of addresses that are secret, and what stands before the @ of an address if it has a password. */
const SECRET = /\b(token|password)=[^&\s'"]+|(\/\/)[^\s/@:]*:[^\s/@]+(?=@)/gi;

/**
 * A text without control characters and without secrets of addresses; shortened.
 * @param {string} text
 * @param {number} limit characters
 */
export function clean(text, limit = MAX_SHOWN) {
  const whole = hideSecrets(first(text, 2 * limit + 1)); // Some more, because hiding shortens it.
  const shown = first(whole, limit + 1).replace(UNPRINTABLE, "?");
  return first(shown, limit) === shown ? shown : `${first(shown, limit)}...`;
}

/** The same text without tokens and passwords that are in an address. */
export function hideSecrets(text) {
  return text.replace(SECRET, (_, option, slashes) => (option ? `${option}=...` : `${slashes}...`));
}

/** Whether a text has characters that steer a terminal, end or turn round a line, or are halves of a pair. */
export function hasControl(text) {
  return CONTROL.test(text);
}

/** Whether a value can be a label, a place or the name of a model: short text without control characters. */
export function isName(value) {
  return typeof value === "string" && value !== "" && first(value, MAX_NAME) === value && !hasControl(value);
}

/** The first characters of a text; a pair of surrogates is one. */
function first(text, count) {
  if (text.length <= count) return text;
  return Array.from(text.slice(0, 2 * count)).slice(0, count).join("");
}

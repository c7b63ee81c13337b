// A person's profile: what was learnt of each activity, as `har_runtime/personal/profile.py` writes it.

import { PROFILE_FORMAT, STATISTICS, UNKNOWN, UPRIGHT_STATISTICS } from "./contract.js";
import { featureCount } from "./card.js";
import { DataError } from "./errors.js";
import { MAX_LEARNT, MAX_LEARNT_WINDOWS, MAX_NAME } from "./limits.js";
import { PROFILE_FIELDS } from "./profile_fields.js";
import { TableError, isTable, parseJson, readTable } from "./table.js";
import { clean, isName } from "./text.js";

const LARGEST_MEAN = 1e6;
const AGAIN = "make it again with har-stream personalise";

/**
 * Reads a profile.
 * @param {string} text its JSON
 * @param {string} where the file, for error messages
 * @returns {object} the entries of the profile under their own names, frozen
 * @throws {DataError} it is damaged, or none
 */
export function readProfile(text, where = "the profile") {
  try {
    const table = parseJson(text);
    if (!isTable(table)) throw new TableError("it is no table");
    if (table.format !== PROFILE_FORMAT) throw new TableError(`its format is not ${PROFILE_FORMAT}`);
    const profile = readTable(PROFILE_FIELDS, table, { strict: true });
    check(profile);
    return profile;
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new DataError(`${clean(where)}: no profile, or damaged: ${error.message}; ${AGAIN}`, { cause: error });
  }
}

/** Throws TableError for what is never in a profile. */
function check({ learnt, still }) {
  if (learnt.length > MAX_LEARNT) {
    throw new TableError(`it has ${learnt.length} activities, at most ${MAX_LEARNT} are possible`);
  }
  const pairs = learnt.map(({ label, place }) => JSON.stringify([label, place]));
  const twice = pairs.findIndex((pair, index) => pairs.lastIndexOf(pair) !== index);
  if (twice >= 0) throw new TableError(`it has '${clean(learnt[twice].label)}' twice`);
  for (const { label, windows, mean } of learnt) {
    if (!isName(label)) throw new TableError(`a label must be text of 1 to ${MAX_NAME} characters`);
    const isCount = windows > 0 && windows <= MAX_LEARNT_WINDOWS;
    if (!isCount || mean.length === 0 || mean.some((value) => Math.abs(value) > LARGEST_MEAN)) {
      throw new TableError(`its numbers for '${label}' are no means of windows`);
    }
  }
  if (still !== null && Math.abs(still.up.reduce((sum, value) => sum + value * value, 0) - 1) > 1e-3) {
    throw new TableError("its direction of up is not of length 1");
  }
}

/** Why a profile cannot be used with the model of a card, one line; null if it can. */
export function whyUnusable(profile, card) {
  const name = clean(card.name);
  if (card.prototypes === null) return `the model ${name} cannot be made personal`;
  const isOther = profile.model !== card.name;
  if (isOther || (profile.sha256 && card.sha256 && profile.sha256 !== card.sha256)) {
    const other = isOther ? clean(profile.model) : `another version of ${name}`;
    return `it was made for ${other}, and the model is ${name}: ${AGAIN}`;
  }
  const places = card.places.length > 0 ? card.places : [null];
  for (const { label, place, mean, group } of profile.learnt) {
    if (mean.length !== featureCount(card.prototypes) || !places.includes(place)) {
      return `its '${clean(label)}' does not fit the model ${name}: ${AGAIN}`;
    }
    if (group !== null && !groupFits(group, card.frame)) {
      return `its statistics of '${clean(label)}' do not fit the model ${name}`;
    }
    if (label === UNKNOWN || Object.hasOwn(card.families, label)) {
      return `'${clean(label)}' is an answer of its own, not an activity: give another name`;
    }
  }
  return null;
}

function groupFits({ mean, whitening }, frame) {
  const size = frame === "upright" ? UPRIGHT_STATISTICS : STATISTICS;
  return mean.length === size && whitening.length === (size * (size + 1)) / 2;
}

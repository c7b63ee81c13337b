// The model card: a model's input, output and scores, as `har_runtime/model/card.py` writes them.

import { CARD_FIELDS } from "./card_fields.js";
import {
  CARD_FORMAT, CHANNELS, FRAMES, FRAME_OF_0_1, GYROSCOPE, HOP, PLACES, SAMPLE_RATE_HZ, STATISTICS, UNITS,
  UPRIGHT_STATISTICS, WINDOW,
} from "./contract.js";
import { ModelError } from "./errors.js";
import { MAX_FEATURES, MAX_NAME } from "./limits.js";
import { TableError, parseJson, readTable, shown } from "./table.js";
import { clean, isName } from "./text.js";

/**
 * Reads a card and checks that it fits the signal contract.
 * @param {string} text its JSON
 * @param {string} where the file, for error messages
 * @returns {object} the entries of the card under their own names, frozen
 * @throws {ModelError} not a card, an incomplete one, or a model for another input than this page gives
 */
export function readCard(text, where = "the model card") {
  try {
    const table = parseJson(text);
    if (table?.format !== CARD_FORMAT) {
      const missing = `no model card (format ${CARD_FORMAT} is missing)`;
      throw new ModelError(`${where}: ${missing}; export the model with har-export`);
    }
    if (table.frame === FRAME_OF_0_1) table.frame = "device";
    const card = readTable(CARD_FIELDS, table);
    checkTexts(card, where);
    checkContract(card, where);
    return card;
  } catch (error) {
    if (!(error instanceof TableError)) throw error;
    throw new ModelError(`${where}: the model card is damaged or incomplete (${error.message})`, { cause: error });
  }
}

/**
 * Makes sure that a model file is this card's, whole and unchanged.
 * @param {BufferSource} bytes of the file
 * @throws {ModelError} it is another file, or cut off; or the page did not come by https or from localhost, without
 *   which browsers do not compute SHA-256
 */
export async function checkFile(card, bytes) {
  if (card.sha256 === null) return;
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) throw new ModelError("the model file cannot be checked: open the page by https or from localhost");
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  if (Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") !== card.sha256) {
    throw new ModelError(
      `the model file is not the one of its card ${clean(card.name)}: cut off, changed or another version`,
    );
  }
}

/** What is shown to people or compared with a name must be a name. */
function checkTexts(card, where) {
  const names = {
    name: [card.name],
    version: [card.version],
    labels: card.labels,
    families: Object.entries(card.families).flat(2),
    placement: card.placement === null ? [] : [card.placement],
  };
  for (const [entry, values] of Object.entries(names)) {
    if (!values.every(isName)) {
      throw new ModelError(`${where}: ${entry} of the card must be text of 1 to ${MAX_NAME} characters, on one line`);
    }
  }
}

function checkContract(card, where) {
  const given = { sample_rate_hz: SAMPLE_RATE_HZ, window: WINDOW, hop: HOP, channels: CHANNELS, units: UNITS };
  for (const [name, value] of Object.entries(given)) {
    if (JSON.stringify(card[name]) !== JSON.stringify(value)) {
      throw new ModelError(`${where}: the model needs ${name} ${shown(card[name])}, this page gives ${shown(value)}`);
    }
  }
  if (!FRAMES.includes(card.frame) || !GYROSCOPE.includes(card.gyroscope)) {
    throw new ModelError(
      `${where}: the model needs frame ${clean(card.frame)} and a gyroscope that is ${clean(card.gyroscope)}; ` +
        `this page knows ${FRAMES.join(" and ")}, ${GYROSCOPE.join(" and ")}`,
    );
  }
  if (card.quantised_ends !== null) {
    throw new ModelError(`${where}: the model takes int8 input, this page gives float32; export it without int8 ends`);
  }
  if (!(card.temperature > 0)) {
    throw new ModelError(`${where}: the card's temperature must be above 0, not ${card.temperature}`);
  }
  if (card.gravity !== null && !(Math.abs(Math.hypot(...card.gravity) - 1) < 0.01)) {
    throw new ModelError(`${where}: the card's gravity must be of length 1, not ${shown(card.gravity)}`);
  }
  if (card.labels.length === 0 || new Set(card.labels).size !== card.labels.length) {
    throw new ModelError(`${where}: the labels of the card are empty or repeat: ${shown(card.labels)}`);
  }
  const checks = {
    smoothing: smoothingFits, rejection: rejectionFits, place_filter: filterFits, prototypes: prototypesFit,
  };
  for (const [name, fits] of Object.entries(checks)) {
    if (card[name] !== null && !fits(card)) {
      throw new ModelError(`${where}: ${name} of the card does not fit its labels; export the model again`);
    }
  }
  const placesFit = isWithin(card.places, PLACES) && new Set(card.places).size === card.places.length;
  if (!placesFit || (card.places.length > 0) !== (card.place_filter !== null)) {
    throw new ModelError(`${where}: places and place_filter of the card do not fit; export the model again`);
  }
  checkFamilies(card, where);
}

function checkFamilies(card, where) {
  const families = Object.entries(card.families);
  for (const [family, labels] of families) {
    if (card.labels.includes(family) || labels.length < 2 || !isWithin(labels, card.labels)) {
      throw new ModelError(`${where}: the family ${clean(family)} of the card must stand for two labels or more`);
    }
  }
  // Of the families that are sure enough, the first one inside the likeliest is the answer.
  families.forEach(([wide, wideLabels], index) => {
    for (const [narrow, labels] of families.slice(index + 1)) {
      if (isWithin(labels, wideLabels) && !isWithin(wideLabels, labels)) {
        const order = `${clean(narrow)} before ${clean(wide)}`;
        throw new ModelError(`${where}: the families of the card must stand the narrowest first: ${order}`);
      }
    }
  });
}

function isWithin(labels, others) {
  return labels.every((label) => others.includes(label));
}

function smoothingFits({ smoothing, labels }) {
  const rows = [...smoothing.transitions, smoothing.prior];
  const stochastic = rows.every((row) => {
    const sum = row.reduce((total, share) => total + share, 0);
    return row.length === labels.length && row.every((share) => share >= 0) && Math.abs(sum - 1) < 1e-4;
  });
  const positive = smoothing.prior.every((share) => share > 0) && smoothing.evidence > 0;
  return rows.length === labels.length + 1 && stochastic && positive && smoothing.evidence <= 1;
}

function filterFits({ place_filter: { change, evidence } }) {
  return change > 0 && change < 1 && evidence > 0 && evidence <= 1;
}

function rejectionFits({ rejection, labels, frame }) {
  const upright = frame === "upright";
  const size = upright ? UPRIGHT_STATISTICS : STATISTICS;
  const { means, whitening, confidence, raw_confidence: raw, distance } = rejection;
  const shaped =
    means.every((row) => row.length === size) && whitening.every((row) => row.length === (size * (size + 1)) / 2);
  const thresholds = confidence >= 0 && confidence < 1 && raw >= 0 && raw < 1 && distance > 0;
  const grouped = means.length === whitening.length && (upright ? means.length >= 1 : means.length === labels.length);
  return grouped && shaped && thresholds;
}

function prototypesFit({ prototypes, labels, places }) {
  const width = featureCount(prototypes);
  const { whitening, known, prior_weight: prior, sharpness, network_share: share } = prototypes;
  const triangle = width > 0 && width <= MAX_FEATURES && whitening.length === (width * (width + 1)) / 2;
  const at = places.length > 0 ? places : [null];
  const named = known.every((one) => labels.includes(one.label) && at.includes(one.place));
  const pairs = new Set(known.map((one) => JSON.stringify([one.place, one.label])));
  const shaped = known.every((one) => one.mean.length === width && one.windows > 0);
  const weights = prior > 0 && sharpness > 0 && share >= 0 && share < 1;
  return triangle && named && pairs.size === known.length && shaped && weights;
}

/** The number of features of a model, from the prototypes of its card. */
export function featureCount({ whitening }) {
  return Math.floor((Math.floor(Math.sqrt(8 * whitening.length + 1)) - 1) / 2);
}

// A model made personal: the shipped one with a prototype head behind it, new activities included.
// The rules are those of `har_runtime/personal/head.py` and `model.py`: a window is likely to be the activity whose
// prototype is near its features, and what the network itself makes of it has its share.

import { featureCount } from "./card.js";
import { DataError } from "./errors.js";
import { FLOOR } from "./limits.js";
import { whyUnusable } from "./profile.js";
import { clean } from "./text.js";

/**
 * The model of the person whose profile it is.
 * @param {object} card of the model as it is shipped
 * @param {object} profile of `readProfile`
 * @returns {{ card: object, outputs(outputs: object): object }} the card for `Recognizer`, and what turns the outputs
 *   of the shipped model for a window, with `features`, into those for the person
 * @throws {DataError} the profile does not fit the model
 */
export function personalised(card, profile) {
  const problem = whyUnusable(profile, card);
  if (problem !== null) throw new DataError(`the profile: ${problem}`);
  const personal = personalCard(card, profile);
  const head = new PrototypeHead(card, personal.labels, profile.learnt);
  return { card: personal, outputs: (outputs) => head.outputs(outputs) };
}

/** Turns the outputs of a model for a window into those for one person. Where nothing was learnt, they stay. */
export class PrototypeHead {
  #card;
  #labels;
  /** Of each place, what answers there; null for the network alone. @type {(?AtPlace)[]} */
  #places;

  /**
   * @param {object} card of the model as it is shipped, with prototypes
   * @param {string[]} labels those of the card, then the new activities
   * @param {object[]} learnt entries of a profile
   */
  constructor(card, labels, learnt) {
    this.#card = card;
    this.#labels = labels;
    const means = posterior(card.prototypes, learnt);
    const places = card.places.length > 0 ? card.places : [null];
    this.#places = places.map((place) => {
      const isServed = learnt.some((one) => one.place === place);
      return isServed ? new AtPlace(card, labels, means.get(place)) : null;
    });
  }

  /**
   * @param {{ probabilities: ArrayLike<number>, places?: ?ArrayLike<number>, byPlace?: ?ArrayLike<number>,
   *   features: ArrayLike<number> }} outputs of the shipped model for a window
   * @returns {{ probabilities: Float32Array, places: ?ArrayLike<number>, byPlace: ?Float32Array }} those for the person
   * @throws {DataError} outputs that do not fit the card
   */
  outputs({ probabilities, places = null, byPlace = null, features }) {
    const known = this.#card.labels.length;
    const own = this.#card.places.length > 0 ? byPlace : probabilities;
    const width = featureCount(this.#card.prototypes);
    if (features?.length !== width) {
      throw new DataError(`the model gives ${features?.length ?? "no"} features, its card needs ${width}`);
    }
    if (own?.length !== known * this.#places.length) {
      throw new DataError("the outputs of the model do not fit its card");
    }
    const count = this.#labels.length;
    const rows = this.#places.map((atPlace, index) => {
      const row = Array.from({ length: known }, (_, label) => own[index * known + label]);
      return atPlace === null ? widened(row, count) : atPlace.probabilities(row, features).map(Math.fround);
    });
    if (this.#card.places.length === 0) return { probabilities: Float32Array.from(rows[0]), places, byPlace };
    const isPersonal = this.#places.some((atPlace) => atPlace !== null);
    const mixed = (_, label) => rows.reduce((sum, row, place) => sum + places[place] * row[label], 0);
    const together = isPersonal ? this.#labels.map(mixed) : widened(Array.from(probabilities), count);
    return { probabilities: Float32Array.from(together), places, byPlace: Float32Array.from(rows.flat()) };
  }
}

/** The head at one place: half the squared distances differ from the logits by the same for all labels. */
class AtPlace {
  #have;
  /** Of these the network alone knows something here. */
  #rest;
  /** Of these it knows nothing: they take from its answers what the prototypes give them. */
  #new;
  #share;
  #count;
  /** Of each label of `#have`, in float32 as in Python: shape (features,), and a number. */
  #weights;
  #biases;

  /** @param {Map<string, number[]>} means of the whitened features, by label */
  constructor({ labels: known, prototypes }, labels, means) {
    const { sharpness, network_share: share } = prototypes;
    this.#have = labels.flatMap((label, index) => (means.has(label) ? [index] : []));
    this.#rest = known.flatMap((label, index) => (means.has(label) ? [] : [index]));
    this.#new = this.#have.flatMap((index, position) => (index >= known.length ? [position] : []));
    this.#share = share;
    this.#count = labels.length;
    const at = this.#have.map((index) => means.get(labels[index]));
    const back = transposedTriangle(prototypes);
    this.#weights = at.map((mean) => Float32Array.from(back, (column) => sharpness * dot(column, mean)));
    this.#biases = Float32Array.from(at, (mean) => -0.5 * sharpness * dot(mean, mean));
  }

  /** Of every label, from the network's own of the labels that it knows. */
  probabilities(own, features) {
    const logits = this.#weights.map((row, position) => Math.fround(dot(row, features) + this.#biases[position]));
    const top = Math.max(...logits);
    const near = logits.map((value) => Math.exp(value - top));
    // The outputs of an int8 model may add up to more than 1.
    const scale = Math.max(1 - sumAt(own, this.#rest), 0) / near.reduce((sum, value) => sum + value, 0);
    const table = widened(own, this.#count);
    this.#have.forEach((index, position) => (table[index] = near[position] * scale));
    const shared = this.#share > 0 ? this.#withNetwork(table, own, 1 - scale * sumAt(near, this.#new)) : table;
    const total = shared.reduce((sum, value) => sum + value, 0);
    return shared.map((value) => value / total);
  }

  /** Gives the network its share; `left` is what the new activities, which it does not know, leave to the others. */
  #withNetwork(table, own, left) {
    return table.map((value, index) => {
      const network = index < own.length ? own[index] * left : value;
      return (network + FLOOR) ** this.#share * (value + FLOOR) ** (1 - this.#share);
    });
  }
}

/** The mean of the whitened features of each activity, as one person does it: by place, then by label. */
function posterior({ known, prior_weight: weight }, learnt) {
  const means = new Map();
  const at = (place) => means.get(place) ?? means.set(place, new Map()).get(place);
  for (const { place, label, mean } of known) at(place).set(label, mean);
  for (const { place, label, mean, windows } of learnt) {
    const prior = at(place).get(label);
    const moved = (own, index) => (weight * prior[index] + windows * own) / (weight + windows);
    at(place).set(label, prior === undefined ? mean : mean.map(moved));
  }
  return means;
}

/** The columns of the matrix that whitens features, of which the card has the lower triangle, row by row. */
function transposedTriangle(prototypes) {
  const width = featureCount(prototypes);
  const indices = Array.from({ length: width }, (_, index) => index);
  return indices.map((column) =>
    indices.map((row) => (column <= row ? prototypes.whitening[(row * (row + 1)) / 2 + column] : 0)),
  );
}

/** The card with the new activities, and with what windows like the person's look like. */
function personalCard(card, { learnt }) {
  const added = [...new Set(learnt.map(({ label }) => label))].filter((label) => !card.labels.includes(label));
  // In the frame "device" a card has one group for each label; there, only new ones have theirs.
  const isOwn = ({ group, label }) => group !== null && (card.frame === "upright" || added.includes(label));
  const groups = learnt.filter(isOwn).map(({ group }) => group);
  const rejection = card.rejection && {
    ...card.rejection,
    means: [...card.rejection.means, ...groups.map(({ mean }) => mean)],
    whitening: [...card.rejection.whitening, ...groups.map(({ whitening }) => whitening)],
  };
  const smoothing = card.smoothing && withNew(card.smoothing, added.length);
  return Object.freeze({ ...card, labels: Object.freeze([...card.labels, ...added]), smoothing, rejection });
}

/** Transitions and prior with new activities, which are as likely and as lasting as the others on average. */
function withNew(smoothing, count) {
  if (count === 0) return smoothing;
  const old = smoothing.transitions;
  const known = old.length;
  const total = known + count;
  const leavesOld = old.map((row, index) => 1 - row[index]);
  const stays = old.reduce((sum, row, index) => sum + row[index], 0) / known;
  const leaves = [...leavesOld, ...new Array(count).fill(1 - stays)];
  const transitions = leaves.map((leave, from) => {
    const toNew = leave / (total - 1);
    // What an activity leaves to new ones it takes from those that it left to before.
    const kept = from < known ? (leave - count * toNew) / Math.max(leave, 1e-12) : null;
    return leaves.map((_, to) => {
      if (from === to) return 1 - leave;
      return from < known && to < known ? old[from][to] * kept : toNew;
    });
  });
  const prior = [...smoothing.prior.map((share) => (share * known) / total), ...new Array(count).fill(1 / total)];
  const sum = prior.reduce((all, share) => all + share, 0);
  return { transitions, prior: prior.map((share) => share / sum), evidence: smoothing.evidence };
}

/** With zeros for new activities. */
function widened(row, count) {
  return [...row, ...new Array(count - row.length).fill(0)];
}

function dot(one, other) {
  let sum = 0;
  for (let index = 0; index < one.length; index++) sum += one[index] * other[index];
  return sum;
}

function sumAt(values, indices) {
  return indices.reduce((sum, index) => sum + values[index], 0);
}

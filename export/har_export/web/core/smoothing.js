// From windows' probabilities to a steady activity: a causal HMM filter, hysteresis, or nothing.
//
// A smoother takes the windows in order and never looks ahead, so an answer never changes. For a model that tells
// places, it takes the places of each window too, and judges the activity given the belief in them. The rules are those
// of `har_runtime/answers/smoothing.py`.

import { HOP_S } from "./contract.js";
import { HarError, ModelError } from "./errors.js";
import { Hops } from "./hops.js";
import { argmax, likeliest } from "./likeliest.js";
import { HOLD, MIN_PROBABILITY } from "./limits.js";
import { PlaceFilter } from "./places.js";
import { clean } from "./text.js";

/**
 * @typedef {object} Outputs What a model makes of a window.
 * @property {Float32Array} probabilities of every label, shape (classes,)
 * @property {Float32Array} [places] of every place, shape (places,); for a card with places
 * @property {Float32Array} [byPlace] of every label at each place, shape (places, classes), row by row; likewise
 */

/**
 * @typedef {object} Smoothed A smoother's result for a window.
 * @property {number} index of the activity, in the card's labels; of the first of those that count as one
 * @property {number[]} probabilities of every label
 * @property {?number} place index of the likeliest place; null if the model does not tell places
 * @property {?number[]} placeProbabilities of every place; null likewise
 */

/** The default for a card: "hmm" if it has transitions, otherwise "none". */
export function defaultSmoothing(card) {
  return card.smoothing ? "hmm" : "none";
}

/**
 * What smooths the answers of a card's model.
 * @param {{ smoothing?: ?string, place?: ?string, placeBelief?: ?number[] }} options
 * @returns {{ step(outputs: Outputs, endNs: number, together?: number[]): Smoothed }}
 * @throws {ModelError} "hmm", and a card without transitions; or a belief that does not fit the places
 * @throws {HarError} there is no such smoothing or place, or the model does not know it
 */
export function makeSmoother(card, { smoothing = null, place = null, placeBelief = null } = {}) {
  const name = smoothing ?? defaultSmoothing(card);
  const smoother = SMOOTHERS.get(name)?.(card);
  if (!smoother) {
    const choices = [...SMOOTHERS.keys()].join(", ");
    throw new HarError(`unknown smoothing '${clean(String(name))}'; choose one of ${choices}`);
  }
  if (card.places.length === 0) return smoother;
  const filter = new PlaceFilter(card, place, placeBelief);
  return name === "hmm" ? new JointFilter(card, filter) : new GivenPlace(filter, smoother);
}

/**
 * The forward algorithm (Rabiner 1989, section III): belief in each activity given all windows so far.
 *
 * A step of one hop carries the belief through the transition matrix; a gap of n hops through n steps. The model's
 * probabilities, divided by the prior that they include, are the evidence of a window.
 */
class HmmFilter {
  #smoothing;
  #belief;
  #hops = new Hops();

  constructor(card) {
    this.#smoothing = transitionsOf(card);
    this.#belief = this.#smoothing.prior;
  }

  step({ probabilities }, endNs, together = []) {
    const smoothing = this.#smoothing;
    for (let hops = this.#hops.step(endNs); hops > 0; hops--) {
      this.#belief = carried(this.#belief, smoothing.transitions);
    }
    const evidence = this.#belief.map((share, label) => share * likelihood(smoothing, label, probabilities[label]));
    const sum = total(evidence);
    if (isEvidence(sum)) this.#belief = evidence.map((share) => share / sum);
    return smoothed(likeliest(this.#belief, together), this.#belief);
  }
}

/** The same over pairs of place and activity, so that each is judged given the other. */
class JointFilter {
  #smoothing;
  #places;
  /** Shape (places, classes). */
  #belief;
  #hops = new Hops();

  constructor(card, places) {
    this.#smoothing = transitionsOf(card);
    this.#places = places;
    this.#belief = places.start.map((share) => this.#smoothing.prior.map((prior) => share * prior));
  }

  step(outputs, endNs, together = []) {
    for (let hops = this.#hops.step(endNs); hops > 0; hops--) this.#carry();
    const atPlace = this.#places.likelihood(outputs);
    const classes = this.#smoothing.prior.length;
    const evidence = this.#belief.map((row, place) =>
      row.map((share, label) => {
        const probability = outputs.byPlace[place * classes + label];
        return share * likelihood(this.#smoothing, label, probability) * atPlace[place];
      }),
    );
    const sum = total(evidence.map(total));
    if (isEvidence(sum)) this.#belief = evidence.map((row) => row.map((share) => share / sum));
    const activities = this.#smoothing.prior.map((_, label) => total(this.#belief.map((row) => row[label])));
    const at = this.#belief.map(total);
    const index = likeliest(activities, together);
    return { index, probabilities: activities, place: argmax(at), placeProbabilities: at };
  }

  #carry() {
    const columns = this.#smoothing.prior.map((_, label) => this.#places.carry(this.#belief.map((row) => row[label])));
    const moved = this.#belief.map((_, place) => columns.map((column) => column[place]));
    this.#belief = moved.map((row) => carried(row, this.#smoothing.transitions));
  }
}

/** An activity lasts until another has been the likeliest for HOLD windows in a row. */
class Hysteresis {
  #held = null;
  #candidate = -1;
  #repeats = 0;
  #endNs = null;

  step({ probabilities }, endNs, together = []) {
    const own = likeliest(probabilities, together);
    // After a gap, start from what is likeliest now.
    if (this.#held === null || endNs - this.#endNs > HOLD * HOP_S * 1e9) this.#held = own;
    this.#endNs = endNs;
    this.#repeats = own === this.#candidate ? this.#repeats + 1 : 1;
    this.#candidate = own;
    if (this.#repeats >= HOLD) this.#held = own;
    return smoothed(this.#held, Array.from(probabilities));
  }
}

/** Each window by itself. */
class NoSmoothing {
  step({ probabilities }, endNs, together = []) {
    return smoothed(likeliest(probabilities, together), Array.from(probabilities));
  }
}

/** The activity given the belief in the places, which alone is filtered, and then another smoother. */
class GivenPlace {
  #places;
  #smoother;
  #belief;
  #hops = new Hops();

  constructor(places, smoother) {
    this.#places = places;
    this.#smoother = smoother;
    this.#belief = places.start;
  }

  step(outputs, endNs, together = []) {
    for (let hops = this.#hops.step(endNs); hops > 0; hops--) this.#belief = this.#places.carry(this.#belief);
    const atPlace = this.#places.likelihood(outputs);
    const evidence = this.#belief.map((share, place) => share * atPlace[place]);
    const sum = total(evidence);
    if (isEvidence(sum)) this.#belief = evidence.map((share) => share / sum);
    const classes = outputs.probabilities.length;
    const probabilities = Array.from(outputs.probabilities, (_, label) =>
      total(this.#belief.map((share, place) => share * outputs.byPlace[place * classes + label])),
    );
    const { index } = this.#smoother.step({ probabilities }, endNs, together);
    return { index, probabilities, place: argmax(this.#belief), placeProbabilities: this.#belief };
  }
}

const SMOOTHERS = new Map([
  ["hmm", (card) => new HmmFilter(card)],
  ["hysteresis", () => new Hysteresis()],
  ["none", () => new NoSmoothing()],
]);

function smoothed(index, probabilities) {
  return { index, probabilities, place: null, placeProbabilities: null };
}

/** The parameters of a card, in arrays that are not frozen: those are faster. */
function transitionsOf(card) {
  if (card.smoothing === null) {
    throw new ModelError(`${clean(card.name)}: its card has no transitions for hmm; choose hysteresis or none`);
  }
  const { transitions, prior, evidence } = card.smoothing;
  return { transitions: transitions.map((row) => Array.from(row)), prior: Array.from(prior), evidence };
}

/** The belief in each label one hop later. */
function carried(belief, transitions) {
  return belief.map((_, to) => belief.reduce((sum, share, from) => sum + share * transitions[from][to], 0));
}

/** What a window's probability of a label is worth. */
function likelihood({ prior, evidence }, label, probability) {
  return (Math.max(probability, MIN_PROBABILITY) / prior[label]) ** evidence;
}

/** Whether a belief with this sum can be used: that of a window of NaN, which would stay, cannot. */
function isEvidence(sum) {
  return sum > 0 && sum < Infinity;
}

function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}

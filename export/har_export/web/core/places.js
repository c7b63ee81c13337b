// Where the sensor is worn: it changes rarely, and gait shows it best.
//
// A window's probabilities of the places are the evidence. Its weight falls with the window's probability of gait, as
// in `har_runtime/answers/place.py`.

import { PLACES, PLACE_OF } from "./contract.js";
import { HarError, ModelError } from "./errors.js";
import { GAIT, MIN_PROBABILITY } from "./limits.js";
import { sumOf } from "./likeliest.js";
import { clean } from "./text.js";

/**
 * Index, in the card's places, of a place as users name it, e.g. 'pocket', or 'thigh'.
 * @throws {HarError} there is no such place
 * @throws {ModelError} the model does not tell places, or does not know this one
 */
export function placeIndex(card, place) {
  const part = PLACE_OF[place] ?? place;
  if (!PLACES.includes(part)) {
    const choices = [...new Set([...Object.keys(PLACE_OF), ...PLACES])].join(", ");
    throw new HarError(`unknown place '${clean(String(place))}'; choose one of ${choices}`);
  }
  if (card.places.length === 0) throw new ModelError(`${clean(card.name)}: this model does not tell places; give none`);
  if (!card.places.includes(part)) {
    const known = card.places.join(", ");
    throw new ModelError(`${clean(card.name)}: this model does not know the ${part}; its places are ${known}`);
  }
  return card.places.indexOf(part);
}

/**
 * A belief in the places of a card.
 * @throws {ModelError} it is not one probability for each of them, with the sum 1
 */
export function checkedBelief(card, belief) {
  const count = card.places.length;
  const sum = belief.reduce((total, share) => total + share, 0);
  if (count === 0 || belief.length !== count || !belief.every((share) => share >= 0) || !(Math.abs(sum - 1) < 1e-6)) {
    throw new ModelError(`${clean(card.name)}: the belief in its places must be ${count} numbers with the sum 1`);
  }
  return Array.from(belief);
}

/** How a belief in the places of a card starts, how it changes from hop to hop, and what a window says about it. */
export class PlaceFilter {
  /** The belief before the first window, shape (places,). */
  start;
  #change;
  #evidence;
  #gait;

  /**
   * @param {?string} place where the sensor is worn, if that is known; then no other place is ever believed
   * @param {?number[]} belief that in each place before the first window, if something is known of it
   */
  constructor(card, place = null, belief = null) {
    const count = card.places.length;
    this.start = belief === null ? new Array(count).fill(1 / count) : checkedBelief(card, belief);
    this.#change = count > 1 ? card.place_filter.change : 0;
    if (place !== null) {
      const known = placeIndex(card, place);
      this.start = card.places.map((_, index) => (index === known ? 1 : 0));
      this.#change = 0;
    }
    this.#evidence = card.place_filter.evidence;
    this.#gait = (card.families[GAIT] ?? []).map((label) => card.labels.indexOf(label));
  }

  /** The belief one hop later, shape (places,). */
  carry(belief) {
    const others = this.#change / Math.max(belief.length - 1, 1);
    return belief.map((_, to) =>
      belief.reduce((sum, share, from) => sum + (from === to ? 1 - this.#change : others) * share, 0),
    );
  }

  /** The evidence of a window for each place, shape (places,). */
  likelihood({ places, probabilities }) {
    const gait = this.#gait.length > 0 ? sumOf(probabilities, this.#gait) : 1;
    return Array.from(places, (share) => Math.max(share, MIN_PROBABILITY) ** (this.#evidence * gait));
  }
}

// Answers that stand for several activities: what contains what, and when one of them is given.
// The rules are those of `har_runtime/answers/families.py`.

import { UNKNOWN } from "./contract.js";
import { sumOf } from "./likeliest.js";
import { STILL } from "./limits.js";

/** Every activity that an answer may have: the labels of a card, its families, and `unknown`. */
export function activitiesOf(card) {
  return [...card.labels.filter((label) => label !== UNKNOWN), ...Object.keys(card.families), UNKNOWN];
}

/** Which answers contain which. */
export class Families {
  #members;

  /** @param {Object<string, string[]>} families the labels of each family, by its name */
  constructor(families = {}) {
    this.#members = new Map(Object.entries(families));
  }

  /** Whether they are the same, or `wide` is a family that contains the label or family `narrow`. */
  covers(wide, narrow) {
    if (wide === narrow) return true;
    const members = this.#members.get(wide);
    return members !== undefined && (this.#members.get(narrow) ?? [narrow]).every((label) => members.includes(label));
  }

  /** The narrower of two answers that may both be right, as one contains the other; null if they differ. */
  narrower(one, other) {
    if (this.covers(one, other)) return other;
    return this.covers(other, one) ? one : null;
  }
}

/** Chooses the narrowest answer that is sure enough: a label, a family of labels, or none. */
export class Chooser {
  #labels;
  #minimum;
  #coarse;
  /** Name and indices of each family, the narrowest first. @type {[string, number[]][]} */
  #families;
  #still;

  /**
   * @param {?number} minimum probability below which an answer is not sure enough; null if every label is
   * @param {boolean} coarse whether a family may be an answer
   */
  constructor(card, minimum, coarse = true) {
    this.#labels = card.labels;
    this.#minimum = minimum;
    this.#coarse = coarse;
    this.#families = Object.entries(card.families).map(([family, labels]) => [
      family,
      labels.map((label) => card.labels.indexOf(label)),
    ]);
    this.#still = new Map(this.#families).get(STILL) ?? [];
  }

  /** Labels that a window cannot tell apart, as indices: the postures, if its axes do not show them. */
  together({ up }) {
    return up !== null && up.found === "window" ? this.#still : [];
  }

  /**
   * The answer to a window whose signal is like the training data.
   * @param {import("./smoothing.js").Smoothed} smoothed with the same labels together
   * @returns {{ activity: string, confidence: number, reason: ?string }}
   */
  step({ index, probabilities }, together = []) {
    const isFamily = together.includes(index);
    const isUnknown = this.#labels[index] === UNKNOWN;
    const minimum = this.#minimum;
    if (minimum === null || Math.max(...probabilities, sum(probabilities, together)) >= minimum) {
      if (isFamily && !this.#coarse) return unknown(probabilities, "unsure");
      if (isFamily) return { activity: STILL, confidence: sum(probabilities, together), reason: null };
      if (isUnknown) return unknown(probabilities, "unlike");
      return { activity: this.#labels[index], confidence: probabilities[index], reason: null };
    }
    return this.#family(probabilities, together) ?? unknown(probabilities, isUnknown ? "unlike" : "unsure");
  }

  /** The narrowest family that is sure enough; of two without a common label, the likelier. */
  #family(probabilities, together) {
    if (!this.#coarse) return null;
    const sure = this.#families
      .map(([activity, members]) => ({ activity, members, confidence: sum(probabilities, members) }))
      .filter(({ members, confidence }) => confidence >= this.#minimum && !divides(members, together));
    if (sure.length === 0) return null;
    const likeliest = sure.reduce((best, family) => (family.confidence > best.confidence ? family : best));
    const narrowest = sure.find(({ members }) => members.every((label) => likeliest.members.includes(label)));
    return { activity: narrowest.activity, confidence: narrowest.confidence, reason: null };
  }
}

/** An answer that is none. */
export function unknown(probabilities, reason) {
  return { activity: UNKNOWN, confidence: Math.max(...probabilities), reason };
}

/** Probability of any of the labels; that of an int8 model may exceed 1 by rounding. */
function sum(probabilities, labels) {
  return Math.min(sumOf(probabilities, labels), 1);
}

/** Whether a family has some but not all of the labels that count together. */
function divides(family, together) {
  const shared = together.filter((label) => family.includes(label)).length;
  return shared > 0 && shared < together.length;
}

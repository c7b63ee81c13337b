// The day in numbers: seconds of each activity, changes, time not worn, steps and effort, as in
// `har_runtime/answers/totals.py`.

import { HOP_S } from "./contract.js";
import { intensityOf } from "./effort.js";

/**
 * @typedef {object} Totals
 * @property {number} since_unix_s
 * @property {Object<string, number>} seconds time in each activity that occurred, including `unknown`, but not the time
 *   not worn
 * @property {number} not_worn_s
 * @property {number} transitions changes from one activity to another; from one to its family, or back, does not count
 * @property {number} steps
 * @property {Object<string, number>} effort seconds of steps of each intensity that occurred
 */

/** Adds up windows from `sinceUnixS` on, or on top of earlier ones. */
export class RunningTotals {
  #since;
  #seconds;
  #notWorn;
  #transitions;
  #steps;
  #effort;

  /** @param {?Totals} earlier */
  constructor(sinceUnixS, earlier = null) {
    this.#since = earlier?.since_unix_s ?? sinceUnixS;
    // A map, as a card's label may have a name that objects inherit.
    this.#seconds = new Map(Object.entries(earlier?.seconds ?? {}));
    this.#notWorn = earlier?.not_worn_s ?? 0;
    this.#transitions = earlier?.transitions ?? 0;
    this.#steps = earlier?.steps ?? 0;
    this.#effort = { ...earlier?.effort };
  }

  /**
   * Adds a window.
   * @param {string} activity a label, a family, or `unknown` for the reason given
   * @param {boolean} transition whether another activity than the last one begins with it
   * @param {number} steps taken with it
   * @param {?number} cadence steps/min; null if there are none
   */
  step(activity, reason, transition, steps = 0, cadence = null) {
    if (reason === "not worn") this.#notWorn += HOP_S;
    else this.#seconds.set(activity, (this.#seconds.get(activity) ?? 0) + HOP_S);
    this.#transitions += transition ? 1 : 0;
    this.#steps += steps;
    if (cadence !== null) this.#effort[intensityOf(cadence)] = (this.#effort[intensityOf(cadence)] ?? 0) + HOP_S;
  }

  /** @returns {Totals} */
  snapshot() {
    return {
      since_unix_s: this.#since,
      seconds: Object.fromEntries(this.#seconds),
      not_worn_s: this.#notWorn,
      transitions: this.#transitions,
      steps: this.#steps,
      effort: { ...this.#effort },
    };
  }
}

/** Adds up the windows of a day, and starts again at local midnight. */
export class DayTotals {
  #totals;
  /** The local midnights before and after, seconds since 1970. */
  #begin;
  #end;

  /** @param {?Totals} earlier of the same day, if it is that of `unixS` */
  constructor(unixS, earlier = null) {
    this.#start(unixS);
    if (earlier !== null && this.#isToday(earlier.since_unix_s)) this.#totals = new RunningTotals(unixS, earlier);
  }

  /** Adds a window that ended at `unixS`; returns the day so far. @returns {Totals} */
  step(activity, reason, transition, unixS, steps = 0, cadence = null) {
    if (!this.#isToday(unixS)) this.#start(unixS);
    this.#totals.step(activity, reason, transition, steps, cadence);
    return this.#totals.snapshot();
  }

  #start(unixS) {
    this.#totals = new RunningTotals(unixS);
    const date = new Date(unixS * 1000);
    this.#begin = date.setHours(0, 0, 0, 0) / 1000;
    this.#end = date.setDate(date.getDate() + 1) / 1000;
  }

  #isToday(unixS) {
    return unixS >= this.#begin && unixS < this.#end;
  }
}

/** Hours, minutes and seconds, as people read them: '1:02:05'. */
export function durationText(seconds) {
  const whole = Math.floor(seconds);
  const two = (value) => String(value % 60).padStart(2, "0");
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60))}:${two(whole)}`;
}

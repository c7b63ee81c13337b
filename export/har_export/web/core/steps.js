// Steps and cadence, from the length of acceleration alone: worn anywhere, any way up.
//
// Gait repeats itself. The last two seconds are compared with what came up to 1.7 s earlier; the shortest delay at
// which they are nearly most alike is one step, one stride, or half a step, which a range of cadences decides. Nothing
// counts before four windows agree. Rules and limits are those of `har_runtime/signal/steps.py`.

import { CHANNELS, HOP, HOP_S, SAMPLE_RATE_HZ, WINDOW } from "./contract.js";
import { HOP_NS } from "./hops.js";
import {
  CONFIRM, DELAYS, HARDNESS, KEEP_LIKENESS, MAX_DOUBT, MIN_SPREAD, NEARLY, SLOWEST_GAIT_HZ, SMOOTHED, START_LIKENESS,
  STEPS_AGREEMENT, TEMPLATE,
} from "./limits.js";

const [SHORTEST, LONGEST] = DELAYS;
const SMOOTH = TEMPLATE + LONGEST;
const HISTORY = SMOOTH + SMOOTHED - 1;
const NONE = Object.freeze({ count: 0, cadence: null });

export class StepCounter {
  #history = new Float64Array(HISTORY);
  /** Samples of the history that are known, the newest at its end. */
  #known = 0;
  #segment = -1;
  #nextNs = 0;
  /** Steps a second of the bout, or of the windows that agree so far. */
  #pace = 0;
  /** Windows that agree; from CONFIRM on it is a bout. */
  #agreeing = 0;
  /** Windows in a row that have failed in the bout. */
  #doubt = 0;
  /** The part of a step that is not counted yet. */
  #rest = 0;

  /**
   * Adds the next window, in any axes.
   * @param {import("./windower.js").Window} window
   * @returns {{ count: number, cadence: ?number }} steps taken since the window before, with the first ones of a bout
   *   those that led to it; and steps a minute now, null if the wearer takes none
   */
  step({ segment, startNs, imu }) {
    const follows = segment === this.#segment && startNs === this.#nextNs;
    if (!follows) {
      this.#known = 0; // After a gap nothing is known of what was before.
      this.#endBout();
    }
    this.#push(imu, follows ? WINDOW - HOP : 0);
    this.#segment = segment;
    this.#nextNs = startNs + HOP_NS;
    if (this.#known < HISTORY) return NONE;
    const gait = findGait(this.#history);
    return this.#agreeing < CONFIRM ? this.#beforeBout(gait) : this.#inBout(gait);
  }

  #push(imu, from) {
    const added = WINDOW - from;
    this.#history.copyWithin(0, added);
    for (let row = from; row < WINDOW; row++) {
      const at = row * CHANNELS.length;
      const squares = imu[at] * imu[at] + imu[at + 1] * imu[at + 1] + imu[at + 2] * imu[at + 2];
      this.#history[HISTORY - WINDOW + row] = Math.sqrt(squares);
    }
    this.#known = Math.min(this.#known + added, HISTORY);
  }

  #endBout() {
    this.#pace = 0;
    this.#agreeing = 0;
    this.#doubt = 0;
    this.#rest = 0;
  }

  #agrees(pace) {
    return Math.abs(pace - this.#pace) <= STEPS_AGREEMENT * this.#pace;
  }

  #beforeBout({ pace, likeness }) {
    if (likeness < START_LIKENESS) {
      this.#endBout();
      return NONE;
    }
    this.#agreeing = this.#agreeing > 0 && this.#agrees(pace) ? this.#agreeing + 1 : 1;
    this.#pace = pace;
    // Not what came before the first of them: that makes up for the windows that still look like gait at the end.
    return this.#agreeing < CONFIRM ? NONE : this.#counted((CONFIRM - 1) * HOP_S);
  }

  #inBout({ pace, likeness }) {
    if (likeness < KEEP_LIKENESS) {
      this.#doubt++;
      if (this.#doubt > MAX_DOUBT || likeness < 0) this.#endBout();
      return NONE;
    }
    if (likeness >= START_LIKENESS || this.#agrees(pace)) this.#pace = pace;
    const windows = 1 + this.#doubt;
    this.#doubt = 0;
    return this.#counted(windows * HOP_S);
  }

  #counted(seconds) {
    const total = this.#rest + seconds * this.#pace;
    const count = Math.floor(total);
    this.#rest = total - count;
    return { count, cadence: 60 * this.#pace };
  }
}

const smooth = new Float64Array(SMOOTH);
/** Sums of the squares before each of them. */
const squares = new Float64Array(SMOOTH + 1);
const alike = new Float64Array(LONGEST - SHORTEST + 1);

/** Steps a second, and how alike the strides are: -1 if hardly anything moves, 0 if nothing repeats. */
function findGait(history) {
  average(history);
  const own = power(LONGEST);
  if (!(own >= TEMPLATE * MIN_SPREAD * MIN_SPREAD)) return { pace: 0, likeness: -1 };
  for (let index = 0; index < alike.length; index++) {
    const begin = LONGEST - SHORTEST - index;
    let product = 0;
    for (let at = 0; at < TEMPLATE; at++) product += smooth[begin + at] * smooth[LONGEST + at];
    alike[index] = (2 * product) / (own + power(begin));
  }
  let best = 0;
  for (let index = 1; index < alike.length - 1; index++) if (isPeak(index)) best = Math.max(best, alike[index]);
  if (best <= 0) return { pace: 0, likeness: 0 };
  let at = 1;
  while (!isPeak(at) || alike[at] < NEARLY * best) at++;
  const before = alike[at - 1];
  const after = alike[at + 1];
  const delay = SHORTEST + at + (before - after) / (2 * (before - 2 * alike[at] + after));
  return { pace: inRange(SAMPLE_RATE_HZ / delay, Math.sqrt(own / TEMPLATE)), likeness: best };
}

/** A step, a stride or half a step a second, as the steps a second of a gait that shakes the phone this much. */
function inRange(hertz, spread) {
  const hardness = (spread - HARDNESS[0]) / (HARDNESS[1] - HARDNESS[0]);
  const slowest = SLOWEST_GAIT_HZ[0] + (SLOWEST_GAIT_HZ[1] - SLOWEST_GAIT_HZ[0]) * Math.min(Math.max(hardness, 0), 1);
  let pace = hertz;
  while (pace < slowest) pace *= 2;
  while (pace >= 2 * slowest) pace /= 2;
  return pace;
}

function isPeak(index) {
  return alike[index - 1] <= alike[index] && alike[index] > alike[index + 1];
}

/** The history averaged over SMOOTHED samples, without its mean. */
function average(history) {
  let mean = 0;
  for (let index = 0; index < SMOOTH; index++) {
    let sum = 0;
    for (let at = 0; at < SMOOTHED; at++) sum += history[index + at];
    smooth[index] = sum / SMOOTHED;
    mean += smooth[index] / SMOOTH;
  }
  for (let index = 0; index < SMOOTH; index++) {
    smooth[index] -= mean;
    squares[index + 1] = squares[index] + smooth[index] * smooth[index];
  }
}

function power(begin) {
  return squares[begin + TEMPLATE] - squares[begin];
}

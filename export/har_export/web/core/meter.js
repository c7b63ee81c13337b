// What the sensors of a phone really give: their rate, pauses, and whether readings are rounded.

const SPAN_NS = 5e9;
const MAX_SAMPLES = 4096;
/** m/s^2. Chromium rounds to 0.1. */
const STEPS = [1, 0.1, 0.01];
/** A sensor that lies still may read few different values by itself. */
const ENOUGH = 20;

/** Looks at the samples of the last 5 s. */
export class SensorMeter {
  /** The oldest first: time, index in STEPS of the coarsest that the readings fit, whether there were angular rates. */
  #recent = [];
  #samples = 0;

  /**
   * Adds a sample, as of `motionSample`.
   * @param {number[]} acc m/s^2
   * @param {?number[]} gyro rad/s
   */
  push(timeNs, acc, gyro) {
    this.#samples++;
    const fit = STEPS.findIndex((step) => acc.every((value) => isMultiple(value, step)));
    this.#recent.push({ timeNs, fit: fit < 0 ? STEPS.length : fit, hasRates: gyro !== null });
    const isOld = ({ timeNs: then }) => timeNs - then > SPAN_NS || then > timeNs;
    while (this.#recent.length > MAX_SAMPLES || isOld(this.#recent[0])) this.#recent.shift();
  }

  /**
   * `samples` since the beginning; the others of the last 5 s: the rate and the longest time between two samples (null
   * before two), the step that all accelerations are multiples of (null if none is, or there are too few to say), and
   * whether there were angular rates.
   * @returns {{ samples: number, rateHz: ?number, longestPauseS: ?number, roundedTo: ?number, gyroscope: boolean }}
   */
  snapshot() {
    const times = this.#recent.map(({ timeNs }) => timeNs);
    const pauses = times.slice(1).map((timeNs, index) => timeNs - times[index]);
    const span = times.length > 1 ? times.at(-1) - times[0] : 0;
    const fit = Math.max(...this.#recent.map((sample) => sample.fit));
    return {
      samples: this.#samples,
      rateHz: span > 0 ? (pauses.length * 1e9) / span : null,
      longestPauseS: span > 0 ? Math.max(...pauses) / 1e9 : null,
      roundedTo: times.length >= ENOUGH ? (STEPS[fit] ?? null) : null,
      gyroscope: this.#recent.some(({ hasRates }) => hasRates),
    };
  }
}

function isMultiple(value, step) {
  const steps = value / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}

// Whether the sensor is worn: on a table it moves less than on any wearer, for minutes.
//
// The rules are those of `har_runtime/answers/worn.py`: a window is still if its standard deviation stays within sensor
// noise, and if its mean, which is the direction of gravity, stays where it was.

import { CHANNELS } from "./contract.js";
import {
  NOT_WORN_MAX_BREAK_NS, NOT_WORN_WINDOWS, STILL_DRIFT_ACC, STILL_SPREAD_ACC, STILL_SPREAD_GYRO,
} from "./limits.js";
import { mean, power } from "./statistics.js";

const ACC_AXES = 3;

export class WornDetector {
  #worn = true;
  #still = 0;
  #low = [Infinity, Infinity, Infinity];
  #high = [-Infinity, -Infinity, -Infinity];
  #endNs = null;

  /**
   * Adds the next window.
   * @param {{ device: Float32Array, endNs: number }} window
   * @returns {boolean} whether the sensor is worn, as far as this can be known; it counts as worn at first
   */
  step({ device, endNs }) {
    const means = CHANNELS.map((_, channel) => mean(device, channel));
    if (!means.every(Number.isFinite)) return this.#worn; // It shows nothing, and its mean would stay.
    const before = this.#endNs;
    this.#endNs = endNs;
    const moved = means.some((average, channel) => {
      const bound = channel < ACC_AXES ? STILL_SPREAD_ACC : STILL_SPREAD_GYRO;
      return Math.sqrt(power(device, channel, average)) > bound;
    });
    const gravity = means.slice(0, ACC_AXES);
    this.#low = this.#low.map((low, axis) => Math.min(low, gravity[axis]));
    this.#high = this.#high.map((high, axis) => Math.max(high, gravity[axis]));
    const drifted = this.#high.some((high, axis) => high - this.#low[axis] > STILL_DRIFT_ACC);
    const broken = before !== null && !(endNs >= before && endNs - before <= NOT_WORN_MAX_BREAK_NS);
    if (moved || broken || drifted) this.#restart(true, gravity);
    this.#still += moved ? 0 : 1;
    // Count again from here, so that the slow drift of a warming sensor is not taken for movement.
    if (this.#still >= NOT_WORN_WINDOWS) this.#restart(false, gravity);
    return this.#worn;
  }

  #restart(worn, gravity) {
    this.#worn = worn;
    this.#still = 0;
    this.#low = gravity;
    this.#high = gravity;
  }
}

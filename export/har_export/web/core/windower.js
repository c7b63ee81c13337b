// Cuts each segment into windows of 50 samples, 25 samples apart. No window spans two segments.

import { CHANNELS, HOP, PERIOD_NS, WINDOW } from "./contract.js";

const LENGTH = WINDOW * CHANNELS.length;
const HOP_LENGTH = HOP * CHANNELS.length;

/**
 * @typedef {object} Window One model input and its time.
 * @property {number} segment the segment it was cut from, counted from 0
 * @property {number} startNs time of its first sample by the sensor's clock
 * @property {number} endNs time of its last sample
 * @property {Float32Array} imu shape (50, 6), row by row
 * @property {Float32Array} device the same in the axes of the phone
 * @property {?import("./upright.js").Up} up what was turned to +z in `imu`; null if its axes are those of the phone
 */

export class Windower {
  #onWindow;
  #pending = new Float32Array(LENGTH);
  #filled = 0;
  #segment = -1;

  /** @param {(window: Window) => void} onWindow receives the windows in time order */
  constructor(onWindow) {
    this.#onWindow = onWindow;
  }

  /** Adds a sample of `Resampler`: its segment, ns of the sensor's clock, and six channels. */
  push(segment, timeNs, imu) {
    if (segment !== this.#segment) {
      this.#segment = segment;
      this.#filled = 0;
    }
    this.#pending.set(imu, this.#filled);
    this.#filled += CHANNELS.length;
    if (this.#filled < LENGTH) return;
    const window = this.#pending.slice();
    this.#pending.copyWithin(0, HOP_LENGTH);
    this.#filled = LENGTH - HOP_LENGTH;
    const startNs = timeNs - (WINDOW - 1) * PERIOD_NS;
    this.#onWindow({ segment, startNs, endNs: timeNs, imu: window, device: window, up: null });
  }
}

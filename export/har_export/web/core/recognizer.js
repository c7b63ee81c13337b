// From samples to answers as they come: the way in for a program of one's own. The README describes it.

import { Answering } from "./answering.js";
import { DataError, ModelError } from "./errors.js";
import { Resampler } from "./resampler.js";
import { clean } from "./text.js";
import { UprightTracker } from "./upright.js";
import { Windower } from "./windower.js";

/** Windows that may wait for the model before further ones are dropped: a minute of them. */
const MAX_WAITING = 120;

export class Recognizer {
  /** Windows that were dropped because the model is too slow. */
  skipped = 0;
  #model;
  #answering;
  #tracker;
  #resampler;
  /** Windows that the last push has completed. @type {import("./windower.js").Window[]} */
  #completed = [];
  #waiting = 0;
  /** Ends when every window pushed so far is answered. */
  #answered = Promise.resolve();

  /**
   * @param {object} card of `readCard`
   * @param {(imu: Float32Array) => object | Promise<object>} model gives the outputs for a window; null for a caller
   *   who runs the model between `windows` and `answer`
   * @param {object} options see the README
   * @throws {ModelError} the card requires a gyroscope, and there is none
   * @throws {HarError} as of `Answering`, or `up` is no unit vector
   */
  constructor(card, model, { gyroscope = true, up = null, ...options } = {}) {
    if (!gyroscope && card.gyroscope === "required") {
      throw new ModelError(`${clean(card.name)}: this model needs a gyroscope, and the phone has none`);
    }
    this.#model = model;
    this.#answering = new Answering(card, options);
    this.#tracker = card.frame === "upright" ? new UprightTracker(up) : null;
    const windower = new Windower((window) => this.#completed.push(this.#tracker?.step(window) ?? window));
    this.#resampler = new Resampler((segment, timeNs, imu) => windower.push(segment, timeNs, imu), { gyroscope });
  }

  /** Which way is up for the wearer; null while unknown, and for cards of the frame "device". */
  get up() {
    return this.#tracker?.up ?? null;
  }

  /** What was received and lost so far. */
  get report() {
    return { accelerometer: this.#resampler.accelerometerReport, gyroscope: this.#resampler.gyroscopeReport };
  }

  /** Everything since the beginning, across midnights; the totals of an answer are those of its day. */
  get totals() {
    return this.#answering.totals;
  }

  /** What the card does not allow, one sentence each. */
  get notes() {
    return this.#answering.notes;
  }

  /**
   * Adds samples of one sensor, or of both if they share their times; promises the answers that they complete.
   * @param {ArrayLike<number>} timesNs nanoseconds of the sensor's own clock
   * @param {?ArrayLike<number[]>} acc m/s^2 with gravity, `[x, y, z]` for each time
   * @param {?ArrayLike<number[]>} gyro rad/s, likewise
   * @throws {DataError} lengths that do not fit, or angular rates for a phone without a gyroscope; by the promise
   */
  async push(timesNs, acc, gyro = null) {
    return this.#answersTo(this.windows(timesNs, acc, gyro));
  }

  /** The input has ended: promises the answers that waited for a later sample. */
  async finish() {
    return this.#answersTo(this.finishWindows());
  }

  /** Adds samples as `push`; returns the windows that they complete, in the frame of the card, for `answer`. */
  windows(timesNs, acc, gyro = null) {
    for (const [name, rows] of [["acc", acc], ["gyro", gyro]]) {
      if (rows !== null && rows.length !== timesNs.length) {
        throw new DataError(`${name}: ${timesNs.length} times need as many samples, not ${rows.length}`);
      }
    }
    for (let index = 0; index < timesNs.length; index++) {
      const timeNs = Math.round(timesNs[index]);
      if (acc !== null) this.#resampler.pushAccelerometer(timeNs, acc[index][0], acc[index][1], acc[index][2]);
      if (gyro !== null) this.#resampler.pushGyroscope(timeNs, gyro[index][0], gyro[index][1], gyro[index][2]);
    }
    return this.#taken();
  }

  /** The windows that waited for a later sample. */
  finishWindows() {
    this.#resampler.finish();
    return this.#taken();
  }

  /** The answer to a window of `windows`; each must be given once, in order. */
  answer(window, outputs, latencyS = null) {
    return this.#answering.step(window, outputs, latencyS);
  }

  #taken() {
    const windows = this.#completed;
    this.#completed = [];
    return windows;
  }

  /** Runs the model after all windows before these are answered. */
  async #answersTo(windows) {
    if (windows.length === 0) return [];
    if (this.#waiting > MAX_WAITING) {
      this.skipped += windows.length;
      return [];
    }
    const arrived = performance.now();
    const before = this.#answered;
    const answers = [];
    const run = async () => {
      await before;
      for (const window of windows) {
        const outputs = await this.#model(window.imu);
        answers.push(this.answer(window, outputs, (performance.now() - arrived) / 1000));
      }
    };
    this.#waiting += windows.length;
    const done = run().finally(() => {
      this.#waiting -= windows.length;
    });
    this.#answered = done.catch(() => {}); // An error is of this push alone.
    await done;
    return answers;
  }
}

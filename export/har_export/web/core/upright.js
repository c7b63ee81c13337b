// Finds from the wearer's gait which way is up, and turns each window so that it is +z.
//
// While somebody walks, the mean acceleration is gravity as the phone feels it on an upright body. Until gait has shown
// that, each window is turned by its own gravity. Rules and limits are those of `har_runtime/signal/upright.py`, the
// arithmetic is float64 as there.

import { CHANNELS, SAMPLE_RATE_HZ, WINDOW } from "./contract.js";
import { DataError } from "./errors.js";
import { HOP_NS } from "./hops.js";
import {
  AGREEMENT_DEGREES, FORGETTING, FOUND_AFTER, FREE_FALL, FREQUENCIES_HZ, GAIT_GRAVITY, GAIT_HZ, GAIT_SPREAD,
  GIVEN_WEIGHT, MOVED_AFTER, MOVED_DEGREES, NEARLY_DOWN, WITHIN,
} from "./limits.js";
import { mean } from "./statistics.js";

/**
 * @typedef {object} Up Which way is up for the wearer, as seen from the phone.
 * @property {number[]} direction unit vector in the phone's axes
 * @property {"window" | "gait" | "given"} found how: the window's own gravity, which says nothing about posture; the
 *   wearer's gait; or from outside
 */

const AXES = 3;
const PHASES = FREQUENCIES_HZ.map((hertz) =>
  Array.from({ length: WINDOW }, (_, row) => (2 * Math.PI * hertz * row) / SAMPLE_RATE_HZ),
);
const COSINES = PHASES.map((row) => Float64Array.from(row, Math.cos));
const SINES = PHASES.map((row) => Float64Array.from(row, Math.sin));

export class UprightTracker {
  /** Which way is up; null until it is known. @type {?Up} */
  up;
  #sum = [0, 0, 0];
  /** Of the newest windows, the oldest first: the direction of those with gait, null for others. */
  #gait = [];
  /** The direction of the newest window's own gravity. */
  #own = [0, 0, 1];
  #startNs = null;

  /**
   * @param {?number[]} up a unit vector, if it is known already
   * @throws {DataError} it is none
   */
  constructor(up = null) {
    if (up !== null && !(up.length === AXES && Math.abs(length(up) - 1) < 0.01)) {
      throw new DataError("up must be three numbers, a vector of length 1");
    }
    this.up = up && Object.freeze({ direction: Object.freeze([...up]), found: "given" });
    if (up !== null) this.#sum = up.map((part) => GIVEN_WEIGHT * part);
  }

  /** Adds the next window, in the axes of the phone; returns it turned, with `up` set. */
  step(window) {
    if (this.#startNs !== null && Math.abs(window.startNs - (this.#startNs + HOP_NS)) > HOP_NS) {
      this.#gait.length = 0; // After a gap the phone may sit otherwise: only what follows may agree with itself.
    }
    this.#startNs = window.startNs;
    const average = [mean(window.imu, 0), mean(window.imu, 1), mean(window.imu, 2)];
    const gravity = length(average);
    if (gravity >= FREE_FALL && gravity < Infinity) this.#own = average.map((part) => part / gravity);
    const walks = gravity >= GAIT_GRAVITY[0] && gravity <= GAIT_GRAVITY[1] && isGait(window.imu);
    this.#gait.push(walks ? this.#own : null);
    if (this.#gait.length > WITHIN * MOVED_AFTER) this.#gait.shift();
    if (walks) this.#learn();
    const up = this.up ?? found(this.#own, "window");
    return { ...window, imu: turned(window.imu, up.direction), up };
  }

  /** Uses the newest window, which has gait. */
  #learn() {
    if (this.up !== null && degreesBetween(this.#own, this.up.direction) <= MOVED_DEGREES) {
      this.#sum = this.#sum.map((part, axis) => FORGETTING * part + this.#own[axis]);
      const size = length(this.#sum);
      this.up = found(this.#sum.map((part) => part / size), this.up.found);
    }
    const wanted = this.up === null ? FOUND_AFTER : MOVED_AFTER;
    const recent = this.#gait.slice(-WITHIN * wanted).filter((direction) => direction !== null).slice(-wanted);
    if (recent.length < wanted) return;
    const total = [0, 1, 2].map((axis) => recent.reduce((sum, direction) => sum + direction[axis], 0));
    const size = Math.max(length(total), FREE_FALL);
    const agreed = total.map((part) => part / size);
    const angles = recent.reduce((sum, direction) => sum + degreesBetween(direction, agreed), 0);
    if (angles / wanted > AGREEMENT_DEGREES) return;
    if (this.up === null || degreesBetween(agreed, this.up.direction) > MOVED_DEGREES) {
      this.#sum = total;
      this.up = found(agreed, "gait");
      this.#gait.length = 0;
    }
  }
}

function found(direction, how) {
  return Object.freeze({ direction: Object.freeze(direction), found: how });
}

/** Whether a window looks like steps, by the magnitude of acceleration alone. */
function isGait(imu) {
  const magnitude = new Float64Array(WINDOW);
  let average = 0;
  for (let row = 0; row < WINDOW; row++) {
    let squares = 0;
    for (let axis = 0; axis < AXES; axis++) {
      const value = imu[row * CHANNELS.length + axis];
      squares += value * value;
    }
    magnitude[row] = Math.sqrt(squares);
    average += magnitude[row];
  }
  average /= WINDOW;
  let squares = 0;
  for (let row = 0; row < WINDOW; row++) {
    magnitude[row] -= average;
    squares += magnitude[row] * magnitude[row];
  }
  const spread = Math.sqrt(squares / WINDOW);
  if (!(spread >= GAIT_SPREAD[0] && spread <= GAIT_SPREAD[1])) return false;
  const hertz = strongestHertz(magnitude);
  return hertz >= GAIT_HZ[0] && hertz <= GAIT_HZ[1];
}

function strongestHertz(magnitude) {
  let strongest = 0;
  let most = -1;
  for (let index = 0; index < FREQUENCIES_HZ.length; index++) {
    const cosines = COSINES[index];
    const sines = SINES[index];
    let cosine = 0;
    let sine = 0;
    for (let row = 0; row < WINDOW; row++) {
      cosine += cosines[row] * magnitude[row];
      sine += sines[row] * magnitude[row];
    }
    const power = cosine * cosine + sine * sine;
    if (power > most) {
      most = power;
      strongest = index;
    }
  }
  return FREQUENCIES_HZ[strongest];
}

/** Both sensors turned by the smallest rotation that takes a unit vector to +z; for -z half a turn about x. */
function turned(imu, [x, y, z]) {
  const out = new Float32Array(imu.length);
  const upsideDown = z < -1 + 1e-12;
  // Rodrigues' formula; the axis is up x z = (y, -x, 0). Near upside down 1 + z has lost the digits of x and y.
  const share = z < NEARLY_DOWN ? (1 - z) / (x * x + y * y) : 1 / (1 + z);
  for (let at = 0; at < imu.length; at += AXES) {
    const first = imu[at];
    const second = imu[at + 1];
    const third = imu[at + 2];
    if (upsideDown) {
      out[at] = first;
      out[at + 1] = -second;
      out[at + 2] = -third;
    } else {
      out[at] = (1 - share * x * x) * first + -share * x * y * second + -x * third;
      out[at + 1] = -share * x * y * first + (1 - share * y * y) * second + -y * third;
      out[at + 2] = x * first + y * second + z * third;
    }
  }
  return out;
}

function length([x, y, z]) {
  return Math.sqrt(x * x + y * y + z * z);
}

function degreesBetween([a, b, c], [x, y, z]) {
  return (Math.acos(Math.max(-1, Math.min(1, a * x + b * y + c * z))) * 180) / Math.PI;
}

// One sensor's samples between two gaps, and the signal at grid times computed from them.
//
// A stretch near 50 Hz or slower is interpolated; a faster one passes an anti-alias kernel, evaluated at the true
// sample times. The operations and their order are those of `har_runtime/signal/stretch.py`, so that the values are the
// same to the last bit. Adding a sample allocates nothing once the buffers have grown.

import { antiAlias } from "./anti_alias.js";
import { PERIOD_NS } from "./contract.js";
import { FILTER_ABOVE_HZ, KERNEL_HALF_WIDTH_NS, RATE_SPAN_NS, SLOWEST_HZ } from "./limits.js";

const AXES = 3;
const INITIAL_CAPACITY = 256;

export class Stretch {
  /** How often the sensor's clock had been set back. */
  clock;
  closed = false;
  /** Hz; null if it is not known yet. */
  rateHz = null;
  #startNs;
  /** Grid points before this time were returned; null if none was. */
  #usedNs = null;
  #times = new Float64Array(INITIAL_CAPACITY);
  #values = new Float64Array(AXES * INITIAL_CAPACITY);
  #begin = 0;
  #end = 0;

  constructor(startNs, clock) {
    this.#startNs = startNs;
    this.clock = clock;
  }

  append(timeNs, x, y, z) {
    if (this.#end === this.#times.length) this.#grow();
    this.#times[this.#end] = timeNs;
    this.#values[AXES * this.#end] = x;
    this.#values[AXES * this.#end + 1] = y;
    this.#values[AXES * this.#end + 2] = z;
    this.#end++;
    if (this.rateHz === null && timeNs >= this.#startNs + RATE_SPAN_NS) this.rateHz = this.#rate();
  }

  close() {
    this.closed = true;
    this.rateHz ??= this.#rate();
  }

  get size() {
    return this.#end - this.#begin;
  }

  get oldestNs() {
    return this.#times[this.#begin];
  }

  get newestNs() {
    return this.#times[this.#end - 1];
  }

  /** The rate, even if the stretch is too short to measure it reliably. */
  get rateSoFarHz() {
    return this.rateHz ?? this.#rate();
  }

  get usable() {
    return this.rateHz !== null && this.rateHz >= SLOWEST_HZ;
  }

  /** Whether the stretch ended before any grid point could be computed. */
  get tooShort() {
    return this.closed && this.lastNs < this.#startNs + this.#marginNs;
  }

  /** The first time whose value can be computed from the samples held. */
  get firstNs() {
    const first = this.#startNs + this.#marginNs;
    return this.#usedNs === null ? first : Math.max(first, this.#usedNs);
  }

  get lastNs() {
    return this.newestNs - this.#marginNs;
  }

  /** Samples held for which no grid point was returned, though one could be: without the kernel's overhang. */
  get unused() {
    if (this.#usedNs === null) return this.size;
    return Math.max(0, this.#firstFrom(this.lastNs + 1) - this.#firstFrom(this.#usedNs));
  }

  /** Whether no grid point was returned at all. */
  get untouched() {
    return this.unused === this.size;
  }

  /** Time for which both hold samples; negative if their times do not overlap. */
  overlapNs(other) {
    return Math.min(this.newestNs, other.newestNs) - Math.max(this.oldestNs, other.oldestNs);
  }

  /** The last time whose value no later sample can change, for a grid whose next point is `gridNs`. */
  finalUntil(gridNs) {
    if (this.closed) return this.lastNs;
    if (this.size < 2) return this.firstNs - 1;
    const newest = this.newestNs;
    const before = this.#times[this.#end - 2];
    const onGrid = (newest - gridNs) % PERIOD_NS === 0 && newest - PERIOD_NS <= before;
    if (!this.#filtered && onGrid) return newest; // A sample on the grid is the value and needs no later neighbour.
    return before - this.#marginNs;
  }

  /** Drops the samples that no grid point from `gridNs` on needs. */
  forgetBefore(gridNs) {
    this.#usedNs = gridNs;
    this.#begin = Math.max(this.#begin, this.#firstFrom(gridNs - this.#marginNs) - 2);
  }

  /** Drops the first samples, as if the stretch began after them; returns how many of them were unused. */
  cut(count) {
    const before = this.unused;
    this.#begin += count;
    this.#startNs = this.oldestNs;
    return before - this.unused;
  }

  /** Drops all samples but the newest; returns how many were dropped. */
  keepNewest() {
    const dropped = this.size - 1;
    this.#begin = this.#end - 1;
    return dropped;
  }

  /** How many of the samples held are before a time. */
  countBefore(timeNs) {
    return this.#firstFrom(timeNs) - this.#begin;
  }

  /** Writes the signal at a final time into three entries of a Float32Array, starting at `at`. */
  read(gridNs, out, at) {
    if (this.#filtered) this.#lowPass(gridNs, out, at);
    else this.#interpolate(gridNs, out, at);
  }

  /** Cubic Hermite interpolation; each tangent is the central difference over both neighbours. */
  #interpolate(gridNs, out, at) {
    const times = this.#times;
    const values = this.#values;
    const last = this.#end - 1;
    const left = this.#firstFrom(gridNs + 1) - 1;
    const offset = gridNs - times[left];
    if (offset === 0) {
      for (let axis = 0; axis < AXES; axis++) out[at + axis] = values[AXES * left + axis];
      return;
    }
    const right = Math.min(left + 1, last);
    const before = Math.max(left - 1, this.#begin);
    const after = Math.min(left + 2, last);
    const width = Math.max(times[right] - times[left], 1);
    const widthLeft = Math.max(times[right] - times[before], 1);
    const widthRight = Math.max(times[after] - times[left], 1);
    const u = offset / width;
    const u2 = u * u;
    const u3 = u * u * u;
    for (let axis = 0; axis < AXES; axis++) {
      const valueLeft = values[AXES * left + axis];
      const valueRight = values[AXES * right + axis];
      const tangentLeft = ((valueRight - values[AXES * before + axis]) / widthLeft) * width;
      const tangentRight = ((values[AXES * after + axis] - valueLeft) / widthRight) * width;
      out[at + axis] =
        (2 * u3 - 3 * u2 + 1) * valueLeft +
        (u3 - 2 * u2 + u) * tangentLeft +
        (3 * u2 - 2 * u3) * valueRight +
        (u3 - u2) * tangentRight;
    }
  }

  /** Convolution with the anti-alias kernel, as a quadrature over the true sample times, gain 1 at 0 Hz. */
  #lowPass(gridNs, out, at) {
    const times = this.#times;
    const values = this.#values;
    const first = this.#firstFrom(gridNs - KERNEL_HALF_WIDTH_NS);
    const stop = this.#firstFrom(gridNs + KERNEL_HALF_WIDTH_NS + 1);
    let totalX = 0;
    let totalY = 0;
    let totalZ = 0;
    let weights = 0;
    for (let index = first; index < stop; index++) {
      // Twice the time that the sample stands for.
      const from = index === this.#begin ? index : index - 1;
      const to = index === this.#end - 1 && index !== this.#begin ? index : index + 1;
      const weight = antiAlias(Math.abs(times[index] - gridNs)) * (times[to] - times[from]);
      totalX += weight * values[AXES * index];
      totalY += weight * values[AXES * index + 1];
      totalZ += weight * values[AXES * index + 2];
      weights += weight;
    }
    out[at] = totalX / weights;
    out[at + 1] = totalY / weights;
    out[at + 2] = totalZ / weights;
  }

  get #filtered() {
    return this.rateHz > FILTER_ABOVE_HZ;
  }

  /** Time lost at each end of the stretch, where the kernel would reach beyond it. */
  get #marginNs() {
    return this.#filtered ? KERNEL_HALF_WIDTH_NS : 0;
  }

  #rate() {
    return this.size > 1 ? ((this.size - 1) * 1e9) / (this.newestNs - this.oldestNs) : 0;
  }

  /** Index of the first sample at a time or later. */
  #firstFrom(timeNs) {
    const times = this.#times;
    let low = this.#begin;
    let high = this.#end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] < timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #grow() {
    const capacity = this.#times.length * (this.#begin > this.#times.length / 2 ? 1 : 2);
    const times = capacity === this.#times.length ? this.#times : new Float64Array(capacity);
    const values = capacity === this.#times.length ? this.#values : new Float64Array(AXES * capacity);
    times.set(this.#times.subarray(this.#begin, this.#end)); // Correct for overlaps, too.
    values.set(this.#values.subarray(AXES * this.#begin, AXES * this.#end));
    this.#times = times;
    this.#values = values;
    this.#end -= this.#begin;
    this.#begin = 0;
  }
}

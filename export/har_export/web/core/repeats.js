// Counts readings that repeat for too long: the sensor is stuck, or at the end of its range.

/** Counts the samples in repeats of one reading that last `spanNs` and have `minSamples` or more. */
export class Repeats {
  #spanNs;
  #minSamples;
  #startNs = 0;
  #length = 0;
  #counted = 0;

  constructor(spanNs, minSamples) {
    this.#spanNs = spanNs;
    this.#minSamples = minSamples;
  }

  /**
   * Adds a sample.
   * @param {boolean} same whether the reading equals the one before it
   * @returns {number} how many more samples belong to such repeats, including earlier samples of a repeat that has just
   *   become long enough
   */
  push(timeNs, same) {
    if (!same) {
      this.#startNs = timeNs;
      this.#length = 1;
      this.#counted = 0;
      return 0;
    }
    this.#length++;
    if (timeNs - this.#startNs < this.#spanNs || this.#length < this.#minSamples) return 0;
    const found = this.#length - this.#counted;
    this.#counted = this.#length;
    return found;
  }
}

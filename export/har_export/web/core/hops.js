// Counts the hops from each window to the next.

import { HOP, PERIOD_NS } from "./contract.js";
import { MAX_STEPS } from "./limits.js";

/** Nanoseconds between the starts of two windows. */
export const HOP_NS = HOP * PERIOD_NS;

export class Hops {
  #endNs = null;

  /** Hops since the window before, 1 to MAX_STEPS; 1 for the first window and if the clock was set back. */
  step(endNs) {
    const hops = this.#endNs === null ? 1 : halfEven((endNs - this.#endNs) / HOP_NS);
    this.#endNs = endNs;
    return Math.max(1, Math.min(MAX_STEPS, hops));
  }
}

function halfEven(value) {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

// One side of a Hann-windowed sinc of 0.1 s, tabulated every 50 us: passes up to 14 Hz, stops from 30 Hz on.
// The table and its use follow `har_runtime/signal/stretch.py` operation by operation.

import { CUTOFF_HZ, KERNEL_HALF_WIDTH_NS, KERNEL_STEP_NS } from "./limits.js";

const KERNEL = Float64Array.from({ length: KERNEL_HALF_WIDTH_NS / KERNEL_STEP_NS + 2 }, (_, index) => {
  const offset = index * KERNEL_STEP_NS;
  const hann = 0.5 + 0.5 * Math.cos(Math.PI * Math.min(offset / KERNEL_HALF_WIDTH_NS, 1));
  const phase = Math.PI * (2 * CUTOFF_HZ * offset * 1e-9);
  return (phase === 0 ? 1 : Math.sin(phase) / phase) * hann;
});
const RISE = Float64Array.from({ length: KERNEL.length - 1 }, (_, index) => KERNEL[index + 1] - KERNEL[index]);

/** The kernel at a distance of 0 to 0.1 s. */
export function antiAlias(distanceNs) {
  const cell = Math.floor(distanceNs / KERNEL_STEP_NS);
  return KERNEL[cell] + RISE[cell] * ((distanceNs - cell * KERNEL_STEP_NS) / KERNEL_STEP_NS);
}

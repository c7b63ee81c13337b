// How hard somebody walks or runs, by cadence: the thresholds of CADENCE-Adults (Tudor-Locke et al. 2019), for adults
// of 21 to 40 years on level ground, as in `har_runtime/answers/effort.py`.

import { INTENSITIES, METS_FROM } from "./contract.js";

const [LIGHT, MODERATE, VIGOROUS] = INTENSITIES;
const VIGOROUS_METS = 6;

/** METs that a cadence in steps/min is at least; null below the slowest that is known. */
export function metsOf(cadence) {
  return METS_FROM.find(([least]) => cadence >= least)?.[1] ?? null;
}

/** "light", "moderate" or "vigorous": the effort of walking or running at a cadence in steps/min. */
export function intensityOf(cadence) {
  const mets = metsOf(cadence);
  if (mets === null) return LIGHT;
  return mets < VIGOROUS_METS ? MODERATE : VIGOROUS;
}

// Whether a window is unlike everything that the model was trained on.
//
// That follows from the window itself, as in `har_runtime/answers/rejection.py`: a few statistics are compared with
// those of groups of training windows (Mahalanobis distance to the nearest group).

import { CHANNELS } from "./contract.js";
import { SPREAD_FLOOR } from "./limits.js";
import { mean, power, stepPower } from "./statistics.js";

export class Rejector {
  #limit;
  #groups;
  #statistics;

  /**
   * @param {object} rejection of a card
   * @param {string} frame of the card
   */
  constructor(rejection, frame) {
    this.#limit = rejection.distance;
    this.#groups = rejection.means.map((means, group) => ({
      means: Float64Array.from(means),
      whitening: Float64Array.from(rejection.whitening[group]),
    }));
    this.#statistics = frame === "upright" ? uprightStatistics : deviceStatistics;
  }

  /** Whether a window in the frame of the card, shape (50, 6), is unlike everything that the model was trained on. */
  isUnlike(imu) {
    return !(this.distance(imu) <= this.#limit); // True for NaN too.
  }

  /** Distance of a window to the nearest group of training windows, in standard deviations. */
  distance(imu) {
    const statistics = this.#statistics(imu);
    let smallest = Infinity;
    for (const { means, whitening } of this.#groups) {
      let sum = 0;
      let at = 0;
      for (let row = 0; row < statistics.length; row++) {
        let whitened = 0;
        for (let column = 0; column <= row; column++) {
          whitened += whitening[at++] * (statistics[column] - means[column]);
        }
        sum += whitened * whitened;
      }
      smallest = Math.min(smallest, sum); // NaN stays NaN.
    }
    return Math.sqrt(smallest);
  }
}

/** The mean of each channel, the logarithm of each standard deviation, and the length of the mean acceleration. */
function deviceStatistics(imu) {
  const means = CHANNELS.map((_, channel) => mean(imu, channel));
  const spreads = means.map((average, channel) => logarithm(power(imu, channel, average)));
  const [x, y, z] = means;
  return [...means, ...spreads, Math.sqrt(x * x + y * y + z * z)];
}

/**
 * Of the acceleration alone, and only what no turn about the vertical changes: the mean of the vertical part and the
 * length of the mean horizontal part; of both parts the logarithms of the standard deviation and of the differences
 * between neighbours; and the length of the mean acceleration.
 */
function uprightStatistics(imu) {
  const x = mean(imu, 0);
  const y = mean(imu, 1);
  const z = mean(imu, 2);
  return [
    z,
    Math.hypot(x, y),
    logarithm(power(imu, 2, z)),
    logarithm(power(imu, 0, x) + power(imu, 1, y)),
    logarithm(stepPower(imu, 2)),
    logarithm(stepPower(imu, 0) + stepPower(imu, 1)),
    Math.sqrt(x * x + y * y + z * z),
  ];
}

function logarithm(variance) {
  return Math.log(Math.sqrt(variance) + SPREAD_FLOOR);
}

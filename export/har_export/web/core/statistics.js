// Mean, spread and steps of a window's channels, in float64.

import { CHANNELS, WINDOW } from "./contract.js";

const COLUMNS = CHANNELS.length;

export function mean(imu, channel) {
  let sum = 0;
  for (let at = channel; at < imu.length; at += COLUMNS) sum += imu[at];
  return sum / WINDOW;
}

/** Mean square of the differences from the mean. */
export function power(imu, channel, average) {
  let sum = 0;
  for (let at = channel; at < imu.length; at += COLUMNS) {
    const difference = imu[at] - average;
    sum += difference * difference;
  }
  return sum / WINDOW;
}

/** Mean square of the differences between neighbours. */
export function stepPower(imu, channel) {
  let sum = 0;
  for (let at = channel + COLUMNS; at < imu.length; at += COLUMNS) {
    const difference = imu[at] - imu[at - COLUMNS];
    sum += difference * difference;
  }
  return sum / (WINDOW - 1);
}

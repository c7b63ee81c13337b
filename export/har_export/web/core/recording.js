// A recording of the sensors as text that `har-stream --source replay:FILE` and `csv-folder` read.

/** The first line. */
export const CSV_HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z\n";

/**
 * The line of a sample, with every digit, so that the replay cuts exactly the windows that were cut here.
 * @param {number} timeNs of the sensor's clock
 * @param {?number[]} acc m/s^2 with gravity; null for a sample of the gyroscope alone
 * @param {?number[]} gyro rad/s; null for a sample of the accelerometer alone
 */
export function csvLine(timeNs, acc, gyro) {
  return `${seconds(timeNs)},${cells(acc)},${cells(gyro)}\n`;
}

function cells(values) {
  return values === null ? ",," : values.map((value) => (Number.isFinite(value) ? value : "")).join(",");
}

function seconds(timeNs) {
  const whole = Math.trunc(Math.abs(timeNs) / 1e9);
  const rest = String(Math.abs(timeNs) - whole * 1e9).padStart(9, "0");
  return `${timeNs < 0 ? "-" : ""}${whole}.${rest}`;
}

// Accelerometer and gyroscope of any rate from 20 Hz on, brought to segments on one 50 Hz grid.
//
// Each stream is cut into stretches at gaps. Where a stretch of each overlaps there is a segment, on a grid that starts
// at the later stretch's first usable sample. Of a phone without a gyroscope each stretch is a segment, with angular
// rates of 0. The rules and the arithmetic are those of `har_runtime/signal/resample.py`: the same events give the same
// samples, bit by bit.

import { CHANNELS, PERIOD_NS } from "./contract.js";
import { DataError } from "./errors.js";
import {
  AGREEMENT_NS, LARGEST_ACCELERATION, LARGEST_ANGULAR_RATE, LARGE_ACCELERATION, LARGE_ANGULAR_RATE, MAX_LEAD_NS,
} from "./limits.js";
import { SensorStream } from "./sensor_stream.js";

export class Resampler {
  #onSample;
  #hasGyroscope;
  #accelerometer = new SensorStream(LARGE_ACCELERATION, LARGEST_ACCELERATION);
  #gyroscope = new SensorStream(LARGE_ANGULAR_RATE, LARGEST_ANGULAR_RATE);
  #imu = new Float32Array(CHANNELS.length);
  /** Null before a segment begins. */
  #gridNs = null;
  /** Whether a sample of this segment was delivered. */
  #delivered = false;
  #segments = 0;

  /**
   * @param {(segment: number, timeNs: number, imu: Float32Array) => void} onSample receives the 50 Hz samples in time
   *   order: segments count from 0, and the samples of one follow each other without a gap; `imu` has the contract's
   *   six channels and is reused for the next sample
   * @param {{ gyroscope?: boolean }} options `gyroscope` is false for a phone without one
   */
  constructor(onSample, { gyroscope = true } = {}) {
    this.#onSample = onSample;
    this.#hasGyroscope = gyroscope;
  }

  /** Adds a sample of the accelerometer: ns of the sensor's clock, m/s^2 with gravity. */
  pushAccelerometer(timeNs, x, y, z) {
    this.#accelerometer.push(timeNs, x, y, z);
    this.#advance();
  }

  /**
   * Adds a sample of the gyroscope: ns of the sensor's clock, rad/s.
   * @throws {DataError} this resampler is for a phone without one
   */
  pushGyroscope(timeNs, x, y, z) {
    if (!this.#hasGyroscope) {
      throw new DataError("gyroscope: angular rates of a phone without one; push the accelerometer alone");
    }
    this.#gyroscope.push(timeNs, x, y, z);
    this.#advance();
  }

  /** Ends the input: delivers the samples that waited for a later neighbour. Later input starts a new segment. */
  finish() {
    this.#accelerometer.close();
    this.#gyroscope.close();
    this.#drain();
    this.#accelerometer.clear();
    this.#gyroscope.clear();
    this.#gridNs = null;
  }

  get accelerometerReport() {
    return { ...this.#accelerometer.report };
  }

  get gyroscopeReport() {
    return { ...this.#gyroscope.report };
  }

  #advance() {
    this.#drain();
    this.#accelerometer.limitWaiting();
    this.#gyroscope.limitWaiting();
  }

  #drain() {
    for (;;) {
      const acc = this.#accelerometer.front();
      const gyro = this.#hasGyroscope ? this.#gyroscope.front() : acc;
      if (acc === null || gyro === null) return;
      if (acc.clock !== gyro.clock) {
        if (this.#agree(acc, gyro)) continue;
        return;
      }
      const start = Math.max(acc.firstNs, gyro.firstNs);
      if (this.#gridNs === null || this.#gridNs < start) {
        // The grid falls behind if waiting samples were dropped.
        if (this.#retire(start, acc, gyro)) continue;
        this.#gridNs = start;
        this.#delivered = false;
      }
      const progress = this.#deliver(acc, gyro);
      if (!this.#retire(this.#gridNs, acc, gyro) && (progress || !this.#agree(acc, gyro))) return;
    }
  }

  /** Delivers the samples that have become final; false if there were none. */
  #deliver(acc, gyro) {
    const until = Math.min(acc.finalUntil(this.#gridNs), gyro.finalUntil(this.#gridNs));
    if (this.#gridNs > until) return false;
    if (!this.#delivered) {
      this.#segments++;
      this.#delivered = true;
    }
    for (; this.#gridNs <= until; this.#gridNs += PERIOD_NS) {
      acc.read(this.#gridNs, this.#imu, 0);
      if (this.#hasGyroscope) gyro.read(this.#gridNs, this.#imu, 3);
      this.#onSample(this.#segments - 1, this.#gridNs, this.#imu);
    }
    acc.forgetBefore(this.#gridNs);
    if (this.#hasGyroscope) gyro.forgetBefore(this.#gridNs);
    return true;
  }

  /** Removes the stretches that ended before a time; true if there was one, which ends the segment. */
  #retire(timeNs, acc, gyro) {
    const accEnded = acc.closed && acc.lastNs < timeNs;
    const gyroEnded = this.#hasGyroscope && gyro.closed && gyro.lastNs < timeNs;
    if (accEnded) this.#accelerometer.stretches.shift();
    if (gyroEnded) this.#gyroscope.stretches.shift();
    if (accEnded || gyroEnded) this.#gridNs = null;
    return accEnded || gyroEnded;
  }

  /**
   * Removes stretches on a clock that the other sensor no longer uses; true if there were any.
   *
   * Both sensors usually share one clock, and are set back together. If only one of them was set back, because its
   * times alone are wrong for a while, they count as on one clock again once they have shown the same time for 2 s.
   */
  #agree(acc, gyro) {
    if (!this.#hasGyroscope) return false;
    const one = this.#accelerometer;
    const other = this.#gyroscope;
    const changed = agreed(one, acc, other, gyro) || agreed(other, gyro, one, acc);
    if (changed) this.#gridNs = null;
    return changed;
  }
}

function agreed(sensor, stretch, other, otherStretch) {
  if (stretch.clock < otherStretch.clock && stretch.closed) {
    sensor.dropFront();
    return true;
  }
  if (sensor.clock >= other.clock) return false;
  const own = sensor.stretches.at(-1);
  // Close to where the other was set back, this sensor may only be slower to deliver.
  const sinceSetBack = own.newestNs - other.setBackAtNs;
  const onlySlower = sinceSetBack >= -MAX_LEAD_NS && sinceSetBack <= AGREEMENT_NS;
  if (onlySlower || own.overlapNs(other.stretches.at(-1)) < AGREEMENT_NS) return false;
  other.setClock(other.clock);
  sensor.setClock(other.clock);
  return true;
}

// One sensor's stream: unusable samples are dropped and counted, the rest is cut into stretches without a gap.
//
// A sample continues the stream if it is later than the newest one by 0.1 s at most. One that does not is set aside,
// together with those that follow it, until the sensor has continued from there for half a second. Then the stream goes
// on from there: after a gap, or, if the time is an earlier one, after the sensor's clock was set back. If the stream
// returns to where it was before that, the samples set aside are dropped. These are the rules of
// `har_runtime/signal/sensor_stream.py`.

import { MAX_GAP_NS } from "./contract.js";
import {
  CONFIRM_NS, CONFIRM_SAMPLES, FULL_SCALE_NS, FULL_SCALE_SAMPLES, MAX_LEAD_NS, MAX_WAITING, STUCK_NS,
} from "./limits.js";
import { Repeats } from "./repeats.js";
import { Stretch } from "./stretch.js";

/** Times beyond this, 104 days, are invalid: a Number holds no larger ones to the nanosecond. */
const MAX_TIME_NS = 9e15;

/** What became of one sensor's samples. */
function newReport() {
  return {
    received: 0,
    /** Dropped: no number, or one that no sensor reads. */
    invalid: 0,
    /** Dropped: the time of the newest sample again. */
    duplicate: 0,
    /** Dropped: older than the newest sample. */
    outOfOrder: 0,
    /** Dropped: a time ahead of the rest, from which the stream returned within half a second. */
    stray: 0,
    /** Dropped: more than a minute ahead of the other sensor, on a clock that the other has left, or in a stretch too
     * short or too slow to use. */
    unpaired: 0,
    /** Times without samples for more than 0.1 s. */
    gaps: 0,
    /** How often the sensor's clock was set back. */
    clockJumps: 0,
    /** Samples, not dropped, whose axes all stayed the same for a second or more. */
    stuck: 0,
    /** Readings of one axis, not dropped, that stayed the same at the end of its range. */
    fullScale: 0,
    /** Of the newest stretch, over its first half second; null if it is not known yet. */
    rateHz: null,
  };
}

export class SensorStream {
  report = newReport();
  /** The oldest first. @type {Stretch[]} */
  stretches = [];
  /** How often the sensor's clock was set back. */
  clock = 0;
  /** The time that the clock showed when it was last set back. */
  setBackAtNs = null;
  #large;
  #largest;
  #aside = 0;
  #asideTimes = new Float64Array(CONFIRM_SAMPLES);
  #asideValues = new Float64Array(3 * CONFIRM_SAMPLES);
  #newestNs = -Infinity;
  #returns = 0;
  #stuck = new Repeats(STUCK_NS, 2);
  #fullScale = Array.from({ length: 3 }, () => new Repeats(FULL_SCALE_NS, FULL_SCALE_SAMPLES));
  #hasLast = false;
  #lastX = 0;
  #lastY = 0;
  #lastZ = 0;

  /**
   * @param {number} large a reading that no posture gives, in the sensor's unit; only larger ones can be at full scale
   * @param {number} largest samples with a larger reading are dropped
   */
  constructor(large, largest) {
    this.#large = large;
    this.#largest = largest;
  }

  push(timeNs, x, y, z) {
    this.report.received++;
    const largest = this.#largest;
    const valid = Math.abs(x) <= largest && Math.abs(y) <= largest && Math.abs(z) <= largest; // Not with NaN.
    if (!(valid && Math.abs(timeNs) <= MAX_TIME_NS)) {
      this.report.invalid++;
      return;
    }
    const ahead = timeNs - this.#newestNs;
    if (ahead > 0 && ahead <= MAX_GAP_NS) this.#extend(timeNs, x, y, z);
    else this.#setAside(timeNs, x, y, z);
  }

  /** The input has ended, at least for now. */
  close() {
    if (this.#aside > 0 && this.#asideIsLater) this.#acceptAside();
    else this.#dropAside();
    this.#closeStretch();
  }

  /** The oldest stretch that can be used, once its rate is known; null if there is none. */
  front() {
    while (this.stretches.length > 0 && this.stretches[0].rateHz !== null) {
      const stretch = this.stretches[0];
      if (stretch.usable && !stretch.tooShort) return stretch;
      if (!stretch.closed) {
        // Too slow, and not yet ended: drop its samples as they arrive.
        this.report.unpaired += stretch.keepNewest();
        return null;
      }
      this.dropFront();
    }
    return null;
  }

  /** Drops the oldest stretch because it cannot be used. */
  dropFront() {
    this.report.unpaired += this.stretches.shift().unused;
  }

  /** Drops all stretches. */
  clear() {
    for (const stretch of this.stretches) {
      // Otherwise the other sensor has only ended a little earlier.
      if (stretch.untouched) this.report.unpaired += stretch.size;
    }
    this.stretches.length = 0;
  }

  /** Gives the sensor's newest clock this number, and drops the stretches on older ones. */
  setClock(number) {
    while (this.stretches[0].clock < this.clock) this.dropFront();
    this.clock = number;
    for (const stretch of this.stretches) stretch.clock = number;
  }

  /** Drops the oldest samples that wait for the other sensor if they exceed MAX_LEAD_NS or MAX_WAITING. */
  limitWaiting() {
    const { stretches } = this;
    if (stretches.length === 0 || (stretches.length === 1 && fits(stretches[0], MAX_LEAD_NS, MAX_WAITING))) return;
    let leftNs = MAX_LEAD_NS;
    let left = MAX_WAITING;
    for (let index = stretches.length - 1; index >= 0; index--) {
      const stretch = stretches[index];
      if (index < stretches.length - 1 && (leftNs <= 0 || left <= 0)) {
        this.#dropBefore(stretches[index + 1]);
        return;
      }
      if (!fits(stretch, leftNs, left)) {
        this.#dropBefore(stretch);
        const tooEarly = stretch.countBefore(stretch.newestNs - leftNs);
        this.report.unpaired += stretch.cut(Math.max(tooEarly, stretch.size - left));
        return;
      }
      leftNs -= stretch.newestNs - stretch.oldestNs + MAX_GAP_NS;
      left -= stretch.size;
    }
  }

  #dropBefore(stretch) {
    while (this.stretches[0] !== stretch) this.dropFront();
  }

  get #open() {
    const stretch = this.stretches.at(-1);
    return stretch && !stretch.closed ? stretch : null;
  }

  /** Whether the samples set aside are later than the newest sample of the stream. */
  get #asideIsLater() {
    return this.#asideTimes[0] > this.#newestNs;
  }

  /** Adds a sample that continues the stream. */
  #extend(timeNs, x, y, z) {
    this.#dropAside();
    const stretch = this.#open;
    if (this.#returns > 0 && stretch) {
      // The samples that were dropped may have taken longer than a gap, though the clock does not show it.
      const rateHz = stretch.rateSoFarHz;
      if (rateHz > 0 && (this.#returns * 1e9) / rateHz > MAX_GAP_NS) {
        this.report.gaps++;
        this.#closeStretch();
      }
    }
    this.#returns = 0;
    this.#append(timeNs, x, y, z);
  }

  /** Keeps a sample that does not continue the stream, until it is clear what it belongs to. */
  #setAside(timeNs, x, y, z) {
    const times = this.#asideTimes;
    if (this.#aside > 0) {
      const last = times[this.#aside - 1];
      if (times[0] <= timeNs && timeNs <= last) {
        this.#drop(timeNs, last);
        return;
      }
      if (!(timeNs > last && (this.#asideIsLater || timeNs <= this.#newestNs))) this.#dropAside();
      else if (this.#asideIsLater && timeNs - last > MAX_GAP_NS) this.#acceptAside(); // A second gap after the first.
    }
    times[this.#aside] = timeNs;
    this.#asideValues[3 * this.#aside] = x;
    this.#asideValues[3 * this.#aside + 1] = y;
    this.#asideValues[3 * this.#aside + 2] = z;
    this.#aside++;
    if (timeNs - times[0] >= CONFIRM_NS || this.#aside >= CONFIRM_SAMPLES) this.#acceptAside();
  }

  /** Drops the samples that were set aside. */
  #dropAside() {
    for (let index = 0; index < this.#aside; index++) this.#drop(this.#asideTimes[index], this.#newestNs);
    this.#aside = 0;
  }

  #drop(timeNs, newest) {
    if (timeNs === newest) {
      this.report.duplicate++;
      return;
    }
    this.#returns++;
    if (timeNs < newest) this.report.outOfOrder++;
    else this.report.stray++;
  }

  /** Continues from the samples that were set aside, in a new stretch. */
  #acceptAside() {
    if (!this.#asideIsLater) {
      this.report.clockJumps++;
      this.clock++;
      this.setBackAtNs = this.#newestNs;
    } else if (this.#newestNs !== -Infinity) {
      this.report.gaps++;
    }
    this.#closeStretch();
    this.#returns = 0;
    const count = this.#aside;
    this.#aside = 0;
    const times = this.#asideTimes;
    const values = this.#asideValues;
    for (let index = 0; index < count; index++) {
      if (index > 0 && times[index] - times[index - 1] > MAX_GAP_NS) {
        this.report.gaps++;
        this.#closeStretch();
      }
      this.#append(times[index], values[3 * index], values[3 * index + 1], values[3 * index + 2]);
    }
  }

  /** Adds a sample to the open stretch, or to a new one. */
  #append(timeNs, x, y, z) {
    let stretch = this.#open;
    if (!stretch) {
      stretch = new Stretch(timeNs, this.clock);
      this.stretches.push(stretch);
      this.#hasLast = false;
    }
    stretch.append(timeNs, x, y, z);
    this.#newestNs = timeNs;
    this.#noteRate(stretch);
    this.#countRepeats(timeNs, x, y, z);
  }

  /** Counts readings that are stuck or stay at the end of the range. */
  #countRepeats(timeNs, x, y, z) {
    const sameX = this.#hasLast && x === this.#lastX;
    const sameY = this.#hasLast && y === this.#lastY;
    const sameZ = this.#hasLast && z === this.#lastZ;
    this.#hasLast = true;
    this.#lastX = x;
    this.#lastY = y;
    this.#lastZ = z;
    const large = this.#large;
    this.report.stuck += this.#stuck.push(timeNs, sameX && sameY && sameZ);
    this.report.fullScale +=
      this.#fullScale[0].push(timeNs, sameX && Math.abs(x) >= large) +
      this.#fullScale[1].push(timeNs, sameY && Math.abs(y) >= large) +
      this.#fullScale[2].push(timeNs, sameZ && Math.abs(z) >= large);
  }

  #closeStretch() {
    const stretch = this.#open;
    if (stretch) {
      stretch.close();
      this.#noteRate(stretch);
    }
  }

  #noteRate(stretch) {
    if (stretch.rateHz > 0) this.report.rateHz = stretch.rateHz;
  }
}

function fits(stretch, timeNs, samples) {
  return stretch.newestNs - stretch.oldestNs <= timeNs && stretch.size <= samples;
}

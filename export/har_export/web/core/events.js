// When activities start and end, and which of them are a change, as in `har_runtime/answers/events.py`.

import { ACTIVITY_MAX_BREAK_NS } from "./limits.js";

/**
 * Makes events of the activities of consecutive windows; "started" and "ended" alternate.
 *
 * An activity starts once two windows in a row have it, at the first of the two: half a second of something else, as
 * at the edge of a change, neither starts nor ends anything. A family that contains an activity says nothing against
 * it: it continues the current activity, and is the second of two windows that start one.
 */
export class EventDetector {
  #families;
  #current = null;
  /** The end of the current activity, if it were to end now. */
  #end = null;
  #endNs = 0;
  /** The start of the next activity, if the next window has it too. */
  #start = null;
  /** The end of the current activity, if the next one starts there. */
  #endBefore = null;

  /** @param {import("./families.js").Families} families which answers contain which */
  constructor(families) {
    this.#families = families;
  }

  /**
   * Adds the next window; returns what ended and started with it, in order of time.
   * @param {?string} activity a label or a family; null if it is unknown
   * @param {number} endNs sensor time of the window's last sample
   * @param {number} unixS the same by this computer's clock
   * @param {boolean} worn a sensor that is not worn ends the current activity at once
   */
  step(activity, endNs, unixS, worn = true) {
    const events = [];
    const start = this.#start;
    this.#start = null;
    const since = endNs - this.#endNs;
    if (this.#current !== null && !(worn && since >= 0 && since <= ACTIVITY_MAX_BREAK_NS)) {
      events.push(this.#end);
      this.#current = null;
    }
    if (activity === null) return events;
    const moment = { sensor_s: endNs / 1e9, unix_s: unixS };
    if (this.#current === null || !this.#families.covers(activity, this.#current)) {
      const started = start && this.#families.narrower(start.activity, activity);
      if (started === null) {
        this.#start = { kind: "started", activity, ...moment };
        this.#endBefore = this.#end;
        if (this.#current === null || !this.#families.covers(this.#current, activity)) return events;
      } else {
        if (this.#current !== null) events.push(this.#endBefore);
        events.push({ ...start, activity: started });
        this.#current = started;
      }
    }
    this.#end = { kind: "ended", activity: this.#current, ...moment };
    this.#endNs = endNs;
    return events;
  }
}

/**
 * Which activities that start are others than the one before, whatever was between the two. An activity and a family
 * that contains it are no two.
 */
export class Changes {
  /** The narrowest of what the last activity was said to be; null before the first. @type {?string} */
  last;
  #families;

  /**
   * @param {import("./families.js").Families} families
   * @param {?string} last the activity before, if there was one
   */
  constructor(families, last = null) {
    this.#families = families;
    this.last = last;
  }

  /** Adds the events of the next window; returns the changes with them, each as the two activities. */
  step(events) {
    const changes = [];
    for (const { kind, activity } of events) {
      const before = this.last;
      if (kind !== "started" || (before !== null && this.#families.covers(activity, before))) continue;
      if (before !== null && !this.#families.covers(before, activity)) changes.push([before, activity]);
      this.last = activity;
    }
    return changes;
  }
}

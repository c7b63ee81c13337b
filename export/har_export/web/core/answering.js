// From what a model makes of a window to an answer: smoothing, doubt, whether the sensor is worn, steps, events, and
// the day's totals, as in `har_runtime/answers/answering.py`.

import { FAMILIES, ROW_VERSION } from "./contract.js";
import { intensityOf } from "./effort.js";
import { DataError } from "./errors.js";
import { Changes, EventDetector } from "./events.js";
import { Chooser, Families, unknown } from "./families.js";
import { argmax } from "./likeliest.js";
import { MIN_BELIEF } from "./limits.js";
import { checkedBelief, placeIndex } from "./places.js";
import { Rejector } from "./rejection.js";
import { defaultSmoothing, makeSmoother } from "./smoothing.js";
import { StepCounter } from "./steps.js";
import { clean } from "./text.js";
import { DayTotals, RunningTotals } from "./totals.js";
import { WornDetector } from "./worn.js";

/** Activities in which nobody takes steps. */
const POSTURES = new Set([...FAMILIES.still, "still", "resting"]);

/** Options of the answers, described in the README; null means the default. */
const DEFAULTS = {
  smoothing: null,
  place: null,
  coarse: true,
  placeBelief: null,
  earlier: null,
  clock: () => Date.now() / 1000,
  unixOffsetNs: null,
};

function withDefaults(options) {
  const given = Object.entries(options).filter(([, value]) => value !== null && value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}

export class Answering {
  /** What the card does not allow, one sentence each, for people to know. @type {string[]} */
  notes = [];
  /** "hmm", "hysteresis" or "none". */
  smoothing;
  #card;
  #smoother;
  #rejector;
  #chooser;
  #worn = new WornDetector();
  #steps = new StepCounter();
  #events;
  #changes;
  #clock;
  #unixOffsetNs;
  #isDated;
  #day;
  #overall;

  /**
   * @throws {ModelError} "hmm", and a card without transitions; a place, and a model that does not know it; or a belief
   *   that does not fit the places
   * @throws {HarError} there is no such smoothing or place
   */
  constructor(card, options = {}) {
    const { smoothing, place, coarse, placeBelief, earlier, clock, unixOffsetNs } = withDefaults(options);
    this.#card = card;
    this.smoothing = smoothing ?? defaultSmoothing(card);
    const name = clean(card.name);
    if (smoothing === null && card.smoothing === null) {
      this.notes.push(`${name}: its card has no transitions; activities are not smoothed`);
    }
    if (card.rejection === null) {
      this.notes.push(`${name}: its card has no thresholds; no activity is ever unknown for doubt`);
    }
    if (place !== null) placeIndex(card, place); // Of a model without places too.
    if (placeBelief !== null) checkedBelief(card, placeBelief); // Likewise.
    this.#smoother = makeSmoother(card, { smoothing: this.smoothing, place, placeBelief });
    this.#rejector = card.rejection && new Rejector(card.rejection, card.frame);
    const { confidence = null, raw_confidence: raw = null } = card.rejection ?? {};
    this.#chooser = new Chooser(card, this.smoothing === "hmm" ? confidence : raw, coarse);
    const families = new Families(card.families);
    this.#events = new EventDetector(families);
    this.#changes = new Changes(families, earlier?.last ?? null);
    this.#clock = clock;
    this.#unixOffsetNs = unixOffsetNs;
    this.#isDated = unixOffsetNs === null;
    this.#countFrom(clock(), earlier?.totals ?? null);
  }

  /** Everything since the beginning, across midnights. */
  get totals() {
    return this.#overall.snapshot();
  }

  /**
   * The answer at the end of a window, described in the README.
   * @param {import("./windower.js").Window} window in the frame of the card
   * @param {import("./smoothing.js").Outputs} outputs what the model made of it
   * @param {?number} latencyS since the window's last sample came, if that was timed
   * @throws {DataError} outputs that do not fit the card
   */
  step(window, outputs, latencyS = null) {
    const own = this.#checked(outputs);
    const unixS = this.#unixS(window);
    const together = this.#chooser.together(window);
    const smoothed = this.#smoother.step(own, window.endNs, together);
    const worn = this.#worn.step(window);
    const { activity, confidence, reason } = this.#choice(window, smoothed, together, worn);
    const events = this.#events.step(reason === null ? activity : null, window.endNs, unixS, worn);
    const changed = this.#changes.step(events).length > 0;
    const { count: steps, cadence } = this.#taken(window, activity, reason);
    this.#overall.step(activity, reason, changed, steps, cadence);
    const label = argmax(own.probabilities);
    return {
      unix_s: unixS,
      version: ROW_VERSION,
      start_s: window.startNs / 1e9,
      end_s: window.endNs / 1e9,
      segment: window.segment,
      activity,
      confidence,
      steps,
      cadence,
      intensity: cadence === null ? null : intensityOf(cadence),
      reason,
      place: this.#place(smoothed),
      probabilities: this.#byLabel(smoothed.probabilities),
      window_label: this.#card.labels[label],
      window_confidence: own.probabilities[label],
      window_probabilities: this.#byLabel(own.probabilities),
      events,
      place_probabilities: smoothed.placeProbabilities && [...smoothed.placeProbabilities],
      up: window.up,
      totals: this.#day.step(activity, reason, changed, unixS, steps, cadence),
      latency_s: latencyS,
    };
  }

  #choice(window, smoothed, together, worn) {
    if (!worn) return unknown(smoothed.probabilities, "not worn");
    if (this.#rejector?.isUnlike(window.imu)) return unknown(smoothed.probabilities, "unlike");
    return this.#chooser.step(smoothed, together);
  }

  /** The steps with a window. Hands repeat themselves too, as in clapping: then the model knows better. */
  #taken(window, activity, reason) {
    const taken = this.#steps.step(window);
    const isNone = POSTURES.has(activity) || reason === "unlike" || reason === "not worn";
    return isNone ? { count: 0, cadence: null } : taken;
  }

  /** The outputs in float32, as models give them. */
  #checked(outputs) {
    const classes = this.#card.labels.length;
    const places = this.#card.places.length;
    const sizes = { probabilities: classes, ...(places === 0 ? {} : { places, byPlace: places * classes }) };
    return Object.fromEntries(
      Object.entries(sizes).map(([name, size]) => {
        const values = outputs[name];
        if (values?.length !== size) {
          throw new DataError(`the model gives ${values?.length ?? "no"} ${name}, its card needs ${size}`);
        }
        return [name, values instanceof Float32Array ? values : new Float32Array(values)];
      }),
    );
  }

  #countFrom(unixS, earlier = null) {
    this.#day = new DayTotals(unixS, earlier);
    this.#overall = new RunningTotals(unixS);
  }

  /** When a window ended, in seconds since 1970. */
  #unixS(window) {
    if (this.#unixOffsetNs === null) return this.#clock();
    if (!this.#isDated) {
      this.#isDated = true;
      this.#countFrom((window.startNs + this.#unixOffsetNs) / 1e9);
    }
    return (window.endNs + this.#unixOffsetNs) / 1e9;
  }

  /** The place, if it is believed enough. */
  #place({ place, placeProbabilities }) {
    return place !== null && placeProbabilities[place] >= MIN_BELIEF ? this.#card.places[place] : null;
  }

  #byLabel(values) {
    return Object.fromEntries(this.#card.labels.map((label, index) => [label, values[index]]));
  }
}

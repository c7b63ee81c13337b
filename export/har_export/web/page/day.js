// The day so far, in bounded memory, kept by the browser so that it survives a reload: as `sinks/live/timeline.py`, the
// longer the day, the coarser its bins.

import { HOP_S } from "../core/contract.js";

const KEY = "haredge-day";
const FORMAT = 1;
const BINS = 720;
const FINEST_S = 1;
const MAX_DAY_S = 25 * 3600; // A day with the extra hour at the end of summer time; longer if the clock was set.
const EVENTS = 8;

const localDate = (unixS) => new Date(1000 * unixS).toDateString();

export class Day {
  #storage;
  #model;
  #startS;
  #widthS;
  #bins; // By index, the seconds of each activity.
  #beganS; // By activity, when it began: a family lasts while its activities do.
  #last; // The newest activity that started.

  // `storage` is the browser's; `model` the name of the model whose answers these are.
  constructor(storage, model) {
    this.#storage = storage;
    this.#model = model;
    this.#clear();
    try {
      this.#load(JSON.parse(storage.getItem(KEY)));
    } catch {
      this.#clear(); // Nothing is kept, the browser keeps nothing, or it is of another version.
    }
  }

  totals;
  events;
  lastUnixS;

  // What `Recognizer` goes on from.
  get earlier() {
    return this.totals === null ? null : { totals: this.totals, last: this.#last };
  }

  // Add an answer.
  push(answer) {
    if (this.totals !== null && answer.totals.since_unix_s !== this.totals.since_unix_s) this.#clear();
    this.totals = answer.totals;
    this.lastUnixS = answer.unix_s;
    for (const event of answer.events) if (event.kind === "started") this.#last = event.activity;
    this.events = [...answer.events.toReversed(), ...this.events].slice(0, EVENTS);
    this.#add(answer.unix_s - HOP_S, answer.reason === "not worn" ? "not worn" : answer.activity);
  }

  // Since when the activity of an answer lasts, seconds since 1970. `covers` says which activity contains which.
  since(activity, unixS, covers) {
    const lasting = [...this.#beganS].filter(([name]) => covers(name, activity) || covers(activity, name));
    this.#beganS = new Map([[activity, unixS], ...lasting]);
    return Math.min(...this.#beganS.values());
  }

  // Neighbouring bins of the same activity as one [start, end, activity], in order of time, seconds since 1970.
  get spans() {
    const spans = [];
    for (const index of [...this.#bins.keys()].sort((one, other) => one - other)) {
      const [activity] = [...this.#bins.get(index)].reduce((most, next) => (next[1] > most[1] ? next : most));
      const start = this.#startS + index * this.#widthS;
      const last = spans.at(-1);
      if (last?.[2] === activity && start - last[1] < this.#widthS / 2) last[1] = start + this.#widthS;
      else spans.push([start, start + this.#widthS, activity]);
    }
    return spans;
  }

  save() {
    if (this.totals === null) return;
    const { totals, events, lastUnixS } = this;
    const bins = [...this.#bins].map(([index, seconds]) => [index, [...seconds]]);
    const day = { startS: this.#startS, widthS: this.#widthS, bins, totals, events, lastUnixS, last: this.#last };
    try {
      this.#storage.setItem(KEY, JSON.stringify({ format: FORMAT, model: this.#model, ...day }));
    } catch {
      // A private window or a full disk: the day ends with the page.
    }
  }

  forget() {
    this.#clear();
    try {
      this.#storage.removeItem(KEY);
    } catch {
      // The browser keeps nothing.
    }
  }

  #clear() {
    [this.totals, this.events, this.lastUnixS, this.#last] = [null, [], null, null];
    [this.#startS, this.#widthS, this.#bins, this.#beganS] = [-Infinity, FINEST_S, new Map(), new Map()];
  }

  #load(kept) {
    const isToday = kept.format === FORMAT && kept.model === this.#model;
    if (!isToday || localDate(kept.lastUnixS) !== localDate(Date.now() / 1000)) return;
    [this.#startS, this.#widthS] = [kept.startS, kept.widthS];
    this.#bins = new Map(kept.bins.slice(0, BINS).map(([index, seconds]) => [index, new Map(seconds)]));
    ({ totals: this.totals, lastUnixS: this.lastUnixS, last: this.#last } = kept);
    this.events = kept.events.slice(0, EVENTS);
  }

  #add(startS, activity) {
    const since = startS - this.#startS;
    if (!(since >= 0 && since < MAX_DAY_S)) [this.#startS, this.#widthS, this.#bins] = [startS, FINEST_S, new Map()];
    let index;
    while ((index = Math.floor((startS - this.#startS) / this.#widthS)) >= BINS) this.#joinPairs();
    if (!this.#bins.has(index)) this.#bins.set(index, new Map());
    const seconds = this.#bins.get(index);
    seconds.set(activity, (seconds.get(activity) ?? 0) + HOP_S);
  }

  #joinPairs() {
    const joined = new Map();
    for (const [index, seconds] of this.#bins) {
      const half = Math.floor(index / 2);
      if (!joined.has(half)) joined.set(half, new Map());
      for (const [activity, amount] of seconds) joined.get(half).set(activity, (joined.get(half).get(activity) ?? 0) + amount);
    }
    this.#bins = joined;
    this.#widthS *= 2;
  }
}

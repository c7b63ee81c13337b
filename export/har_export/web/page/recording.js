// A recording of the sensors with labels, as a table that `replay:` and `csv-folder` read.

import { CSV_HEADER, csvLine } from "../core/recording.js";
import { duration } from "./parts.js";

const MAX_S = 2 * 3600; // Some 50 MB at 60 Hz.
const MAX_SAMPLES = 200 * MAX_S;
const PART_LINES = 5000; // Lines that are joined to a part, which the browser may keep outside of its memory.

export class Recording {
  // What the wearer does now; "" if it is not known.
  label = "";
  isRunning = false;

  #parts = [];
  #lines = [];
  #samples = 0;
  #firstNs = null;
  #lastNs = null;

  // Begin a new recording, with the next sample.
  start() {
    this.#parts = [];
    this.#lines = [`${CSV_HEADER.trimEnd()},label\n`];
    [this.#samples, this.#firstNs, this.#lastNs, this.isRunning] = [0, null, null, true];
  }

  push(timeNs, acc, gyro) {
    if (!this.isRunning || this.isFull) return;
    this.#firstNs ??= timeNs;
    this.#lastNs = timeNs;
    this.#samples += 1;
    this.#lines.push(`${csvLine(timeNs, acc, gyro).trimEnd()},${cell(this.label)}\n`);
    if (this.#lines.length >= PART_LINES) this.#join();
  }

  // End; returns the table as a Blob.
  stop() {
    this.isRunning = false;
    this.#join();
    const blob = new Blob(this.#parts, { type: "text/csv" });
    this.#parts = [];
    return blob;
  }

  get isFull() {
    return this.#samples >= MAX_SAMPLES || (this.#samples > 0 && this.#lastNs - this.#firstNs >= 1e9 * MAX_S);
  }

  // How much there is, for people.
  get text() {
    if (!this.#samples) return "recording; no sample yet";
    const length = duration((this.#lastNs - this.#firstNs) / 1e9);
    return `${this.isRunning ? "recording, " : ""}${length}, ${this.#samples.toLocaleString("en")} samples`;
  }

  #join() {
    if (!this.#lines.length) return;
    this.#parts.push(new Blob(this.#lines));
    this.#lines = [];
  }
}

// A label of a card may hold commas and quotes (RFC 4180).
const cell = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

// Samples in, answers out: order, models that promise, faults, and what a phone lacks.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readCard } from "../../../export/har_export/web/core/card.js";
import { DataError } from "../../../export/har_export/web/core/errors.js";
import { Recognizer } from "../../../export/har_export/web/core/recognizer.js";
import { CARD_TEXT, ROOT } from "./vectors.mjs";

const CARD = readCard(CARD_TEXT);
const WAIST = readCard(readFileSync(new URL("runtime/har_runtime/pretrained/waist.json", ROOT), "utf8"));

/** The same outputs for every window: walking. */
function walking() {
  const row = CARD.labels.map((label) => (label === "walking" ? 0.93 : 0.01));
  return { probabilities: row, places: [0.1, 0.8, 0.1], byPlace: [...row, ...row, ...row] };
}

/** Times, accelerations and angular rates of somebody who walks, `from` to `to` in samples at 50 Hz. */
function samples(from, to) {
  const steps = Array.from({ length: to - from }, (_, index) => from + index);
  return [
    steps.map((step) => step * 20_000_000),
    steps.map((step) => [1, 0.5, 9.8 + 3 * Math.sin(0.22 * step)]),
    steps.map((step) => [0.1 * Math.sin(step), 0, 0]),
  ];
}

test("an answer has the fields of a row of har-stream, and what a page needs", async () => {
  const recognizer = new Recognizer(CARD, walking, { clock: () => 1_800_000_000 });
  const answers = await recognizer.push(...samples(0, 500));
  assert.equal(answers.length, 19);
  const last = answers.at(-1);
  assert.deepEqual(Object.keys(last), [
    "unix_s", "version", "start_s", "end_s", "segment", "activity", "confidence", "steps", "cadence", "intensity", "reason",
    "place", "probabilities", "window_label", "window_confidence", "window_probabilities", "events", "place_probabilities",
    "up", "totals", "latency_s",
  ]);
  assert.deepEqual([last.start_s, last.end_s, last.segment, last.window_label], [9, 9.98, 0, "walking"]);
  assert.equal(last.up.found, "gait");
  assert.ok(last.latency_s >= 0);
  assert.ok(Math.abs(last.cadence - 105) < 3 && last.intensity === "moderate", `${last.cadence} ${last.intensity}`);
  assert.equal(last.totals.steps, answers.reduce((sum, { steps }) => sum + steps, 0));
  assert.ok(last.totals.steps > 8 && last.totals.effort.moderate > 2);
  assert.deepEqual(recognizer.up, last.up);
  assert.equal(recognizer.report.accelerometer.received, 500);
  assert.ok(Math.abs(recognizer.report.gyroscope.rateHz - 50) < 1e-9);
  assert.deepEqual(recognizer.notes, []);
});

test("answers come in order though pushes do not wait and a later window is done first", async () => {
  let running = 0;
  const model = async () => {
    assert.equal(++running, 1, "one window at a time");
    await new Promise(setImmediate);
    running--;
    return walking();
  };
  const recognizer = new Recognizer(CARD, model);
  const pushes = [];
  for (let begin = 0; begin < 500; begin += 10) pushes.push(recognizer.push(...samples(begin, begin + 10)));
  pushes.push(recognizer.finish());
  const ends = (await Promise.all(pushes)).flat().map(({ end_s }) => end_s);
  assert.deepEqual(ends, Array.from({ length: 19 }, (_, index) => 0.98 + 0.5 * index));
});

test("a model that fails fails its own push, and the next window is answered", async () => {
  let calls = 0;
  const model = () => {
    if (++calls === 2) throw new Error("out of memory");
    return walking();
  };
  const recognizer = new Recognizer(CARD, model);
  assert.equal((await recognizer.push(...samples(0, 50))).length, 1);
  await assert.rejects(recognizer.push(...samples(50, 75)), /out of memory/);
  assert.equal((await recognizer.push(...samples(75, 100))).length, 1);
});

test("windows that a model never answers do not pile up", async () => {
  const recognizer = new Recognizer(CARD, () => new Promise(() => {}));
  for (let begin = 0; begin < 5000; begin += 25) recognizer.push(...samples(begin, begin + 25));
  assert.ok(recognizer.skipped > 70 && recognizer.skipped < 199, String(recognizer.skipped));
});

test("outputs that do not fit the card are refused", async () => {
  const few = new Recognizer(CARD, () => ({ probabilities: [1] }));
  await assert.rejects(few.push(...samples(0, 50)), /the model gives 1 probabilities, its card needs 8/);
  const placeless = new Recognizer(CARD, () => ({ probabilities: walking().probabilities }));
  await assert.rejects(placeless.push(...samples(0, 50)), /the model gives no places, its card needs 3/);
});

test("samples that fail are counted, shapes that do not fit are an error", async () => {
  const recognizer = new Recognizer(CARD, walking);
  await recognizer.push([0, NaN, 20_000_000], [[NaN, 0, 9.8], [0, 0, 9.8], [0, 0, 1e300]], null);
  assert.equal(recognizer.report.accelerometer.invalid, 3);
  await recognizer.push([9.1e15], [[0, 0, 9.8]]);
  assert.equal(recognizer.report.accelerometer.invalid, 4, "beyond what a Number holds to the nanosecond");
  await assert.rejects(recognizer.push([0, 1], [[0, 0, 9.8]]), DataError);
});

test("a phone without a gyroscope has answers if the model's card allows that", async () => {
  const recognizer = new Recognizer(CARD, walking, { gyroscope: false });
  const [times, acc] = samples(0, 100);
  const windows = recognizer.windows(times, acc);
  assert.equal(windows.length, 3);
  assert.ok(windows[0].imu.every((value, at) => at % 6 < 3 || value === 0));
  assert.throws(() => recognizer.windows(times, null, acc), /angular rates of a phone without one/);
  assert.throws(() => new Recognizer(WAIST, walking, { gyroscope: false }), /waist: this model needs a gyroscope/);
});

test("an option that is null or undefined is the default", async () => {
  const options = { coarse: null, clock: undefined, place: undefined, up: undefined, smoothing: null };
  const [answer] = await new Recognizer(CARD, walking, options).push(...samples(0, 50));
  assert.ok(Math.abs(answer.unix_s - Date.now() / 1000) < 60);
  answer.place_probabilities.fill(0); // A copy: what a caller does with an answer changes no later one.
});

test("options that do not fit are refused in one line", () => {
  assert.throws(() => new Recognizer(CARD, walking, { smoothing: "fast" }), /unknown smoothing 'fast'; choose one of hmm/);
  assert.throws(() => new Recognizer(CARD, walking, { place: "nose" }), /unknown place 'nose'/);
  assert.throws(() => new Recognizer(CARD, walking, { placeBelief: [1, 1, 0] }), /3 numbers with the sum 1/);
  assert.throws(() => new Recognizer(WAIST, walking, { placeBelief: [1] }), /belief in its places/);
  assert.throws(() => new Recognizer(CARD, walking, { up: [0, 0, 9.8] }), /a vector of length 1/);
  const unsmoothed = readCard(JSON.stringify({ ...JSON.parse(CARD_TEXT), smoothing: null, rejection: null }));
  assert.equal(new Recognizer(unsmoothed, walking).notes.length, 2);
  assert.throws(() => new Recognizer(unsmoothed, walking, { smoothing: "hmm" }), /no transitions for hmm/);
});

// A day of a phone at 50 Hz: 172,800 windows.

import assert from "node:assert/strict";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { readCard } from "../../../export/har_export/web/core/card.js";
import { Recognizer } from "../../../export/har_export/web/core/recognizer.js";
import { CARD_TEXT } from "./vectors.mjs";

setFlagsFromString("--expose_gc");
const collect = runInNewContext("gc");
const PERIOD_NS = 20_000_000;
const HOUR = (3600 * 1_000_000_000) / PERIOD_NS;
const PUSH = 25;
const SLACK_BYTES = 2 ** 20;

function heapBytes() {
  for (let round = 0; round < 3; round++) collect();
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
}

test("a day loses or repeats no window, and memory does not grow", (context) => {
  const card = readCard(CARD_TEXT);
  const outputs = {
    probabilities: card.labels.map((_, label) => (label === 0 ? 0.93 : 0.01)),
    places: [0.2, 0.2, 0.6],
    byPlace: card.places.flatMap(() => card.labels.map((_, label) => (label === 0 ? 0.93 : 0.01))),
  };
  const recognizer = new Recognizer(card, null, { unixOffsetNs: 0 });
  let answers = 0;
  let misplaced = 0;
  let nextS = null;
  const times = new Float64Array(PUSH);
  const acc = Array.from({ length: PUSH }, () => [0, 0, 0]);
  const gyro = Array.from({ length: PUSH }, () => [0, 0, 0]);
  const feed = (from, to) => {
    for (let begin = from; begin < to; begin += PUSH) {
      for (let at = 0; at < PUSH; at++) {
        const step = begin + at;
        const swing = 3 * Math.sin(0.22 * step) * (step % 90_000 < 15_000); // Walks for 5 of 30 minutes.
        times[at] = 1e9 + step * PERIOD_NS + 37_000 * (step % 7);
        acc[at][0] = 0.5 + 0.002 * (step % 13);
        acc[at][2] = 9.8 + swing;
        gyro[at][1] = 0.1 * swing;
      }
      for (const window of recognizer.windows(times, acc, gyro)) {
        const answer = recognizer.answer(window, outputs);
        misplaced += nextS !== null && Math.abs(answer.end_s - nextS) > 1e-6 ? 1 : 0;
        nextS = answer.end_s + 0.5;
        answers++;
      }
    }
  };
  feed(0, 2 * HOUR);
  const before = heapBytes();
  const began = process.cpuUsage();
  feed(2 * HOUR, 24 * HOUR);
  const { user, system } = process.cpuUsage(began);
  const grown = heapBytes() - before;
  const each = (user + system) / 1e3 / (answers - 2 * 7200);
  context.diagnostic(`${answers} windows, memory ${grown} B, ${each.toFixed(3)} ms of CPU for a window`);
  answers += recognizer.finishWindows().length;
  assert.equal(answers, 24 * 7200 - 1, "windows");
  assert.equal(misplaced, 0, "windows that do not come half a second after the one before");
  assert.ok(grown < SLACK_BYTES, `memory grew by ${grown} bytes`);
  const { seconds, not_worn_s: notWornS } = recognizer.totals;
  assert.equal(Object.values(seconds).reduce((sum, each) => sum + each, notWornS), 24 * 3600 - 1, "the last window is open");
  assert.ok(notWornS > 10 * 3600, "lies still for 15 of 30 minutes, after ten");
});

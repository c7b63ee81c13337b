// The signal path in JavaScript gives what Python gives: windows to the last bit, beliefs and answers.

import assert from "node:assert/strict";
import test from "node:test";

import { Answering } from "../../../export/har_export/web/core/answering.js";
import { readCard } from "../../../export/har_export/web/core/card.js";
import { Recognizer } from "../../../export/har_export/web/core/recognizer.js";
import { Rejector } from "../../../export/har_export/web/core/rejection.js";
import { Resampler } from "../../../export/har_export/web/core/resampler.js";
import { makeSmoother } from "../../../export/har_export/web/core/smoothing.js";
import { StepCounter } from "../../../export/har_export/web/core/steps.js";
import { UprightTracker } from "../../../export/har_export/web/core/upright.js";
import { Windower } from "../../../export/har_export/web/core/windower.js";
import { CARD_TEXT, ROOT, VECTORS, assertClose, feed, floats, milli } from "./vectors.mjs";
import { readFileSync } from "node:fs";

const WAIST = readCard(readFileSync(new URL("runtime/har_runtime/pretrained/waist.json", ROOT), "utf8"));
const HOP_NS = 500_000_000;

function cut({ events, gyroscope = true }) {
  const windows = [];
  const windower = new Windower((window) => windows.push(window));
  const resampler = new Resampler((...sample) => windower.push(...sample), { gyroscope });
  feed(events, resampler);
  return { windows, resampler };
}

for (const vectors of VECTORS.cases) {
  test(`the events of "${vectors.name}" give the windows of Python, bit by bit`, () => {
    const { windows, resampler } = cut(vectors);
    assert.equal(windows.length, vectors.windows.length);
    const rejector = new Rejector(WAIST.rejection, WAIST.frame);
    for (const [index, wanted] of vectors.windows.entries()) {
      const { segment, startNs, imu } = windows[index];
      assert.deepEqual({ segment, startNs }, { segment: wanted.segment, startNs: wanted.start_ns });
      assert.deepEqual(imu, floats(wanted.imu), `${vectors.name}, window ${index}`);
      assertClose([rejector.distance(imu)], [wanted.distance], `distance of window ${index}`);
    }
    const reports = { acc: resampler.accelerometerReport, gyro: resampler.gyroscopeReport };
    for (const [sensor, { invalid, duplicate, outOfOrder, gaps }] of Object.entries(reports)) {
      assert.deepEqual({ invalid, duplicate, out_of_order: outOfOrder, gaps }, vectors.dropped[sensor]);
    }
  });

  test(`the events of "${vectors.name}" give the same to a Recognizer, in pushes of any size`, async () => {
    for (const size of [1, 7, 10_000]) {
      const recognizer = new Recognizer(WAIST, () => ({ probabilities: new Float32Array(6).fill(1 / 6) }));
      const windows = [];
      for (let begin = 0; begin < vectors.events.length; begin += size) {
        const part = vectors.events.slice(begin, begin + size);
        for (const sensor of ["acc", "gyro"]) {
          const events = part.filter(([name]) => name === sensor);
          const times = events.map(([, timeNs]) => timeNs);
          const rows = events.map(([, , ...values]) => values.map((value) => value ?? NaN));
          windows.push(...recognizer.windows(times, sensor === "acc" ? rows : null, sensor === "gyro" ? rows : null));
        }
      }
      windows.push(...recognizer.finishWindows());
      assert.equal(windows.length, vectors.windows.length);
      windows.forEach(({ imu }, index) => assert.deepEqual(imu, floats(vectors.windows[index].imu)));
    }
  });
}

for (const vectors of VECTORS.upright) {
  test(`up is found and windows are turned as in Python: "${vectors.name}"`, () => {
    const tracker = new UprightTracker(vectors.given);
    const windows = cut(vectors).windows.map((window) => tracker.step(window));
    assert.equal(windows.length, vectors.windows.length);
    for (const [index, wanted] of vectors.windows.entries()) {
      const { segment, startNs, imu, up } = windows[index];
      const message = `${vectors.name}, window ${index}`;
      assert.deepEqual([segment, startNs, up.found], [wanted.segment, wanted.start_ns, wanted.found], message);
      assertClose(up.direction, wanted.up, message);
      // The last bit of a window that was turned depends on the order of addition.
      floats(wanted.imu).forEach((value, at) => {
        assert.ok(Math.abs(imu[at] - value) <= 2e-7 * Math.abs(value) + 1e-9, `${message}, value ${at}`);
      });
    }
  });
}

for (const vectors of VECTORS.smoothing) {
  test(`the filter's beliefs are those of Python: "${vectors.name}"`, () => {
    const smoother = makeSmoother(WAIST, { smoothing: "hmm" });
    for (const [index, { probabilities, belief, label, end_ns }] of vectors.windows.entries()) {
      const smoothed = smoother.step({ probabilities: Float32Array.from(probabilities) }, end_ns);
      assertClose(smoothed.probabilities, belief, `${vectors.name}, window ${index}`);
      assert.equal(smoothed.index, label);
    }
  });
}

for (const vectors of VECTORS.steps) {
  test(`steps and cadence are those of Python: "${vectors.name}"`, () => {
    const counter = new StepCounter();
    const acc = vectors.segments.map((segment) => milli(segment.acc));
    for (const { segment, start_ns: startNs, steps, cadence } of vectors.windows) {
      const first = (startNs - vectors.segments[segment].start_ns) / 20_000_000;
      const imu = new Float32Array(300);
      for (let row = 0; row < 50; row++) imu.set(acc[segment].subarray(3 * (first + row), 3 * (first + row + 1)), 6 * row);
      const taken = counter.step({ segment, startNs, imu });
      const message = `${vectors.name}, window at ${startNs}`;
      assert.equal(taken.count, steps, message);
      if (cadence === null) assert.equal(taken.cadence, null, message);
      else assert.ok(Math.abs(taken.cadence - cadence) <= 1e-7, `${message}: ${taken.cadence}, not ${cadence}`);
    }
  });
}

test("windows have the distances from the training data that they have in Python", () => {
  const card = readCard(JSON.stringify(VECTORS.answers.card));
  const rejector = new Rejector(card.rejection, card.frame);
  for (const { imu, distance } of VECTORS.answers.windows) assertClose([rejector.distance(floats(imu))], [distance]);
});

for (const vectors of VECTORS.answers.cases) {
  test(`the answers are those of Python: "${vectors.name}"`, () => {
    const table = structuredClone(VECTORS.answers.card);
    if (!vectors.smoothed) table.smoothing = null;
    if (!vectors.thresholds) table.rejection = null;
    const answering = new Answering(readCard(JSON.stringify(table)), { place: vectors.place, coarse: vectors.coarse });
    for (const [index, wanted] of vectors.windows.entries()) {
      const imu = floats(VECTORS.answers.windows[wanted.window].imu);
      const window = {
        segment: 0,
        startNs: wanted.end_ns - 2 * HOP_NS + 20_000_000,
        endNs: wanted.end_ns,
        imu,
        device: imu,
        up: { direction: [0, 0, 1], found: wanted.found },
      };
      const { probabilities, places, by_place: byPlace } = wanted;
      const answer = answering.step(window, { probabilities, places, byPlace: byPlace.flat() });
      const message = `${vectors.name}, window ${index}`;
      assertClose(Object.values(answer.probabilities), wanted.belief, message);
      assertClose([answer.confidence], [wanted.confidence], message);
      const { activity, reason, place } = answer;
      assert.deepEqual({ activity, reason, place }, {
        activity: wanted.activity,
        reason: wanted.reason,
        place: wanted.place,
      }, message);
    }
  });
}

test("the shipped card is read", () => {
  const card = readCard(CARD_TEXT);
  assert.equal(card.name, "anywhere");
  assert.deepEqual({ ...card.families }, JSON.parse(CARD_TEXT).families);
});

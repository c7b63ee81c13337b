// Streams that Python made: with every fault and rate, and of a whole outing with all options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readCard } from "../../../export/har_export/web/core/card.js";
import { Recognizer } from "../../../export/har_export/web/core/recognizer.js";
import { Resampler } from "../../../export/har_export/web/core/resampler.js";
import { rowOf } from "../../../export/har_export/web/core/row.js";
import { Windower } from "../../../export/har_export/web/core/windower.js";
import { feed, floats } from "./vectors.mjs";

const FILE = process.env.HAREDGE_WEB_CASES; // Written by tests/export/test_web_path.py.
const skip = FILE ? false : "no cases: run pytest tests/export/test_web_path.py";
const { faulty, outings } = FILE ? JSON.parse(readFileSync(FILE, "utf8")) : { faulty: [], outings: [] };
/** Probabilities in rows have six decimals; a sum in another order may round to the next. */
const LAST_DECIMAL = 1.000001e-6;

test("events with every fault and rate give the windows and counts of Python", { skip }, () => {
  assert.ok(faulty.length > 40);
  for (const { name, gyroscope, events, windows, dropped } of faulty) {
    const cut = [];
    const windower = new Windower((window) => cut.push(window));
    const resampler = new Resampler((...sample) => windower.push(...sample), { gyroscope });
    feed(events, resampler);
    assert.deepEqual(
      cut.map(({ segment, startNs }) => [segment, startNs]),
      windows.map(({ segment, start_ns }) => [segment, start_ns]),
      name,
    );
    cut.forEach(({ imu }, index) => assert.deepEqual(imu, floats(windows[index].imu), `${name}, window ${index}`));
    for (const [sensor, report] of [["acc", resampler.accelerometerReport], ["gyro", resampler.gyroscopeReport]]) {
      for (const [count, wanted] of Object.entries(dropped[sensor])) {
        const own = count.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
        assert.equal(report[own], wanted, `${name}, ${sensor}: ${count}`);
      }
    }
  }
});

function assertSame(mine, wanted, path) {
  if (typeof wanted === "number" && !Number.isInteger(wanted)) {
    assert.ok(Math.abs(mine - wanted) <= LAST_DECIMAL, `${path}: ${mine}, not ${wanted}`);
  } else if (wanted !== null && typeof wanted === "object") {
    assert.deepEqual(Object.keys(mine), Object.keys(wanted), path);
    for (const [key, value] of Object.entries(wanted)) assertSame(mine[key], value, `${path}.${key}`);
  } else {
    assert.ok(mine === wanted || Math.abs(mine - wanted) <= LAST_DECIMAL, `${path}: ${mine}, not ${wanted}`);
  }
}

test("an outing has the rows and totals of Python, with each option", { skip }, async () => {
  assert.ok(outings.length > 5);
  for (const { name, card, options, times, acc, gyro, outputs, rows, totals, reports } of outings) {
    let next = 0;
    const windows = outputs.map((row) => ({ probabilities: row[0], places: row[1], byPlace: row[2]?.flat() }));
    const recognizer = new Recognizer(readCard(JSON.stringify(card)), () => windows[next++], options);
    const answers = [...(await recognizer.push(times, acc, gyro)), ...(await recognizer.finish())];
    assert.equal(answers.length, rows.length, name);
    answers.forEach((answer, index) => assertSame(rowOf(answer), rows[index], `${name}, row ${index}`));
    assertSame(answers.at(-1).totals, totals, `${name}, totals`);
    for (const [sensor, wanted] of Object.entries(reports)) {
      const { received, gaps, stuck, rateHz } = recognizer.report[sensor];
      assertSame({ received, gaps, stuck, rate_hz: rateHz }, wanted, `${name}, ${sensor}`);
    }
  }
});

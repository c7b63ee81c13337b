// Streams that Python made: with every fault and rate, and of a whole outing with all options.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { readCard } from "../../../export/har_export/web/core/card.js";
import { personalised } from "../../../export/har_export/web/core/personal.js";
import { readProfile } from "../../../export/har_export/web/core/profile.js";
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
/** Half a squared distance of 32 features is a sum in float32, of which a probability is the power. */
const PERSONAL = 1e-5;

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

function assertSame(mine, wanted, path, tolerance = LAST_DECIMAL) {
  if (typeof wanted === "number" && !Number.isInteger(wanted)) {
    assert.ok(Math.abs(mine - wanted) <= tolerance, `${path}: ${mine}, not ${wanted}`);
  } else if (wanted !== null && typeof wanted === "object") {
    assert.deepEqual(Object.keys(mine), Object.keys(wanted), path);
    for (const [key, value] of Object.entries(wanted)) assertSame(mine[key], value, `${path}.${key}`, tolerance);
  } else {
    assert.ok(mine === wanted || Math.abs(mine - wanted) <= tolerance, `${path}: ${mine}, not ${wanted}`);
  }
}

test("an outing has the rows and totals of Python, with each option", { skip }, async () => {
  assert.ok(outings.length > 5);
  for (const { name, card, profile, options, times, acc, gyro, outputs, features, rows, totals, reports } of outings) {
    let next = 0;
    const windows = outputs.map(([probabilities, places, byPlace], index) => {
      return { probabilities, places, byPlace: byPlace?.flat() ?? null, features: features?.[index] };
    });
    const shipped = readCard(JSON.stringify(card));
    const own = profile && personalised(shipped, readProfile(JSON.stringify(profile)));
    const model = () => (own ? own.outputs(windows[next++]) : windows[next++]);
    const recognizer = new Recognizer(own?.card ?? shipped, model, options);
    const tolerance = own ? PERSONAL : LAST_DECIMAL;
    const answers = [...(await recognizer.push(times, acc, gyro)), ...(await recognizer.finish())];
    assert.equal(answers.length, rows.length, name);
    if (own) assert.ok(answers.some(({ activity }) => activity === "marching"), name);
    answers.forEach((answer, index) => assertSame(rowOf(answer), rows[index], `${name}, row ${index}`, tolerance));
    assertSame(answers.at(-1).totals, totals, `${name}, totals`);
    for (const [sensor, wanted] of Object.entries(reports)) {
      const { received, gaps, stuck, rateHz } = recognizer.report[sensor];
      assertSame({ received, gaps, stuck, rate_hz: rateHz }, wanted, `${name}, ${sensor}`);
    }
  }
});

// The small parts: texts, signs of the platforms, the meter, rounding, colours and recordings.

import assert from "node:assert/strict";
import test from "node:test";

import { activityColours } from "../../../export/har_export/web/core/colours.js";
import { COLOURS } from "../../../export/har_export/web/core/contract.js";
import { intensityOf, metsOf } from "../../../export/har_export/web/core/effort.js";
import { SensorMeter } from "../../../export/har_export/web/core/meter.js";
import { isApple, motionSample } from "../../../export/har_export/web/core/motion.js";
import { CSV_HEADER, csvLine } from "../../../export/har_export/web/core/recording.js";
import { rowOf } from "../../../export/har_export/web/core/row.js";
import { clean, isName } from "../../../export/har_export/web/core/text.js";
import { DayTotals, durationText } from "../../../export/har_export/web/core/totals.js";

test("texts from outside are cleaned as in Python", () => {
  assert.equal(clean("a\u001b[31mb\n"), "a?[31mb?");
  assert.equal(clean("abcdef", 3), "abc...");
  assert.equal(clean("live:?token=abc&x=y"), "live:?token=...&x=y");
  assert.equal(clean("mqtt://me:secret@broker/home"), "mqtt://...@broker/home");
  assert.equal(clean("größer 走る 😀"), "größer 走る 😀");
  assert.equal(clean("😀".repeat(5), 3), "😀😀😀...");
  assert.ok(clean("x".repeat(1e6)).length < 100);
  assert.ok(isName("走る") && !isName("") && !isName("a\nb") && !isName(3) && isName("😀".repeat(100)));
});

const FACE_UP = {
  timeStamp: 1234.5678,
  accelerationIncludingGravity: { x: 0.5, y: -0.25, z: 9.75 },
  rotationRate: { alpha: 180, beta: -90, gamma: 0 },
};

test("a phone that lies face up reads +9.8 on z, on Android and on an iPhone", () => {
  const android = motionSample(FACE_UP, false);
  assert.deepEqual(android.acc, [0.5, -0.25, 9.75]);
  const { x, y, z } = FACE_UP.accelerationIncludingGravity;
  const iphone = motionSample({ ...FACE_UP, accelerationIncludingGravity: { x: -x, y: -y, z: -z } }, true);
  assert.deepEqual(iphone, android);
  assert.equal(android.timeNs, 1_234_567_800);
  const old = motionSample({ ...FACE_UP, timeStamp: performance.timeOrigin + 1000 }, true);
  assert.ok(Math.abs(old.timeNs - 1e9) < 1e6, "milliseconds since 1970");
});

test("angular rates are alpha, beta and gamma about x, y and z, in rad/s", () => {
  assert.deepEqual(motionSample(FACE_UP, false).gyro, [Math.PI, -Math.PI / 2, 0]);
  assert.deepEqual(motionSample(FACE_UP, true).gyro, [Math.PI, -Math.PI / 2, 0]);
});

test("readings that are missing are no zeros", () => {
  const none = { alpha: null, beta: null, gamma: null };
  assert.equal(motionSample({ ...FACE_UP, rotationRate: none }, false).gyro, null);
  assert.equal(motionSample({ ...FACE_UP, rotationRate: null }, false).gyro, null);
  assert.deepEqual(motionSample({ ...FACE_UP, accelerationIncludingGravity: null }, true).acc, [NaN, NaN, NaN]);
  const half = motionSample({ ...FACE_UP, rotationRate: { alpha: 0, beta: null, gamma: 0 } }, false);
  assert.deepEqual(half.gyro, [0, NaN, 0]);
});

test("iPhones and iPads have Apple's sign, Macs and others have not", () => {
  const iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
  assert.ok(isApple({ userAgent: iphone, platform: "iPhone", maxTouchPoints: 5 }));
  const mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5";
  assert.ok(isApple({ userAgent: mac, platform: "MacIntel", maxTouchPoints: 5 }), "an iPad");
  assert.ok(!isApple({ userAgent: mac, platform: "MacIntel", maxTouchPoints: 0 }), "a Mac");
  const android = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile";
  assert.ok(!isApple({ userAgent: android, platform: "Linux armv81", maxTouchPoints: 5 }));
});

test("the meter gives the true rate, pauses and rounding of the last seconds", () => {
  const meter = new SensorMeter();
  assert.deepEqual(meter.snapshot(), {
    samples: 0, rateHz: null, longestPauseS: null, roundedTo: null, gyroscope: false,
  });
  const push = (begin, count, acc, gyro) => {
    for (let index = 0; index < count; index++) meter.push(begin + (index * 1e9) / 60, acc(index), gyro);
  };
  push(0, 120, (index) => [Math.sin(index), 0, 9.81], [0, 0, 0]);
  const exact = meter.snapshot();
  assert.ok(Math.abs(exact.rateHz - 60) < 0.01 && Math.abs(exact.longestPauseS - 1 / 60) < 1e-6);
  assert.deepEqual([exact.samples, exact.roundedTo, exact.gyroscope], [120, null, true]);
  push(20e9, 60, (index) => [Math.round(10 * Math.sin(index)) / 10, -0.3, 9.8], null);
  const rounded = meter.snapshot();
  assert.deepEqual([rounded.samples, rounded.roundedTo, rounded.gyroscope], [180, 0.1, false]);
  meter.push(23e9, [0.1, 0.2, 9.8], null);
  assert.ok(meter.snapshot().longestPauseS > 2);
  meter.push(1e9, [0.1, 0.2, 9.8], null); // The clock was set back.
  assert.equal(meter.snapshot().rateHz, null);
});

test("a row is rounded as Python rounds, and has only what it needs", () => {
  const answer = {
    unix_s: 1.0005, version: 2, start_s: 0, end_s: 0.98, segment: 0, activity: "walking", confidence: 1 / 128,
    steps: 0, cadence: null, intensity: null, reason: null, place: null, probabilities: { walking: 3 / 128 }, window_label: "walking", window_confidence: 0.9999999,
    window_probabilities: { walking: 1 / 256 }, events: [], place_probabilities: null, up: null, totals: {}, latency_s: 1,
  };
  assert.deepEqual(rowOf(answer), {
    unix_s: 1, version: 2, start_s: 0, end_s: 0.98, segment: 0, activity: "walking", confidence: 0.007812,
    steps: 0, probabilities: { walking: 0.023438 }, window_label: "walking", window_confidence: 1,
    window_probabilities: { walking: 0.003906 },
  });
  const told = rowOf({ ...answer, reason: "unsure", place_probabilities: [1], events: [{ kind: "ended", unix_s: 0.0625 }] });
  const walks = rowOf({ ...answer, steps: 1, cadence: 110.25, intensity: "moderate" });
  assert.deepEqual([walks.steps, walks.cadence, walks.intensity], [1, 110.2, "moderate"]);
  assert.deepEqual([told.reason, told.place, told.events], ["unsure", null, [{ kind: "ended", unix_s: 0.062 }]]);
});

test("effort follows from cadence", () => {
  assert.deepEqual([85, 100, 129, 130].map(intensityOf), ["light", "moderate", "moderate", "vigorous"]);
  assert.deepEqual([99.9, 100, 115, 172].map(metsOf), [null, 3, 4, 6]);
});

test("an activity has its own colour, or one that no other has", () => {
  const colours = activityColours(["walking", "rowing", "constructor", "unknown"]);
  assert.deepEqual(Object.keys(colours), ["walking", "rowing", "constructor", "unknown", "not worn"]);
  assert.equal(colours.walking, COLOURS.walking);
  assert.equal(new Set(Object.values(colours)).size, 5);
});

test("a day ends at local midnight", () => {
  const noon = new Date(2026, 2, 28, 12).getTime() / 1000;
  const day = new DayTotals(noon);
  day.step("walking", null, false, noon + 1);
  assert.deepEqual(day.step("lying", null, true, noon + 2).seconds, { walking: 0.5, lying: 0.5 });
  const next = day.step("lying", null, false, new Date(2026, 2, 29, 0, 0, 1).getTime() / 1000);
  assert.deepEqual([next.seconds, next.transitions], [{ lying: 0.5 }, 0]);
  const earlier = { since_unix_s: noon, seconds: { walking: 10 }, not_worn_s: 1, transitions: 2 };
  assert.equal(new DayTotals(noon + 60, earlier).step("walking", null, false, noon + 60).seconds.walking, 10.5);
  const yesterday = { ...earlier, since_unix_s: noon - 86_400 };
  assert.equal(new DayTotals(noon, yesterday).step("walking", null, false, noon).seconds.walking, 0.5);
  assert.deepEqual([durationText(3725.5), durationText(59.5)], ["1:02:05", "0:00:59"]);
});

test("a line of a recording has every digit, and no cell for what is missing", () => {
  assert.equal(CSV_HEADER, "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z\n");
  assert.equal(csvLine(1_000_013_624_671, [0.1, -2, 9.80665], [1e-7, 0, 3]), "1000.013624671,0.1,-2,9.80665,1e-7,0,3\n");
  assert.equal(csvLine(-1, [0, NaN, 1], null), "-0.000000001,0,,1,,,\n");
  assert.equal(csvLine(5e9, null, [1, 2, 3]), "5.000000000,,,,1,2,3\n");
});

// The golden vectors, which Python made and Java is held to as well.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";

export const ROOT = new URL("../../../", import.meta.url);
export const VECTORS = JSON.parse(readFileSync(new URL("export/vectors.json", ROOT), "utf8"));
export const CARD_TEXT = readFileSync(new URL("runtime/har_runtime/pretrained/anywhere.json", ROOT), "utf8");

/** A float32 array from base64, little-endian. */
export function floats(base64) {
  const bytes = Buffer.from(base64, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}

/** Thousandths, from base64 of int16, little-endian. */
export function milli(base64) {
  const bytes = Buffer.from(base64, "base64");
  return Float32Array.from({ length: bytes.length / 2 }, (_, index) => bytes.readInt16LE(2 * index) * 1e-3);
}

/** Pushes the events of a case to a resampler, in their order. */
export function feed(events, resampler) {
  for (const [sensor, timeNs, ...values] of events) {
    const row = values.map((value) => value ?? NaN);
    if (sensor === "acc") resampler.pushAccelerometer(timeNs, ...row);
    else resampler.pushGyroscope(timeNs, ...row);
  }
  resampler.finish();
}

/** Float64 sums, whose last digits depend on the order of addition. */
export function assertClose(mine, wanted, message) {
  assert.equal(mine.length, wanted.length, message);
  for (const [index, value] of mine.entries()) {
    const bound = 1e-12 * Math.max(1, Math.abs(wanted[index]));
    assert.ok(Math.abs(value - wanted[index]) <= bound, `${message} [${index}]: ${value}, not ${wanted[index]}`);
  }
}

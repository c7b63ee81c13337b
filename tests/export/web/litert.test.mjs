// LiteRT's web runtime in Node: what the int8 model makes of a window is nearly what it makes of it in Python.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import test from "node:test";
import { runInThisContext } from "node:vm";

import { readCard } from "../../../export/har_export/web/core/card.js";
import { argmax } from "../../../export/har_export/web/core/likeliest.js";
import { Recognizer } from "../../../export/har_export/web/core/recognizer.js";
import { ROOT } from "./vectors.mjs";

const { HAREDGE_NODE_MODULES: packages, HAREDGE_WEB_CASES: file } = process.env; // Set by tests/export/test_web_path.py.
const skip = packages && file ? false : "run pytest tests/export/test_web_path.py with @litertjs/core installed";
const LOADER = "@litertjs/core/wasm/litert_wasm_compat_internal.js";
/** Steps of an int8 probability. The builds of LiteRT round differently, as its kernels do in Python. */
const MAX_STEPS = 3;

/** LiteRT, which asks a page or a worker for its script; in Node there is neither. */
async function loadLiteRt() {
  const loader = `${packages}/${LOADER}`;
  globalThis.self = globalThis;
  globalThis.require = createRequire(loader);
  globalThis.__filename = loader;
  globalThis.__dirname = loader.replace(/\/[^/]*$/, "");
  globalThis.importScripts = (script) => runInThisContext(readFileSync(script, "utf8"), { filename: script });
  const runtime = await import(`${packages}/@litertjs/core/dist/index.js`);
  await runtime.loadLiteRt(loader);
  return runtime;
}

test("int8 probabilities differ from Python's by a few of 256 steps, and the likeliest never", { skip }, async (context) => {
  const { loadAndCompile, Tensor } = await loadLiteRt();
  const content = readFileSync(new URL("runtime/har_runtime/pretrained/anywhere.tflite", ROOT));
  const model = await loadAndCompile(new Uint8Array(content), { accelerator: "wasm" });
  const { card, times, acc, gyro, outputs } = JSON.parse(readFileSync(file, "utf8"));
  const recognizer = new Recognizer(readCard(JSON.stringify(card)), null);
  const windows = [...recognizer.windows(times, acc, gyro), ...recognizer.finishWindows()];
  assert.equal(windows.length, outputs.length);
  let worst = 0;
  for (const [index, { imu }] of windows.entries()) {
    const input = new Tensor(imu, [1, 50, 6]);
    const results = await model.run(input);
    const mine = results.map((result) => Array.from(result.toTypedArray()));
    for (const tensor of [input, ...results]) tensor.delete();
    const [probabilities] = outputs[index];
    assert.equal(argmax(mine[0]), argmax(probabilities), `window ${index}`);
    for (const [at, wanted] of outputs[index].entries()) {
      wanted.flat().forEach((value, place) => (worst = Math.max(worst, 256 * Math.abs(mine[at][place] - value))));
    }
  }
  context.diagnostic(`${windows.length} windows, ${worst.toFixed(2)} of 256 steps`);
  assert.ok(worst < MAX_STEPS, `${worst} of 256 steps`);
});

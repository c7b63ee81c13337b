// The model in LiteRT's web runtime, whose code is beside this page (npm's @litertjs/core).

import { Tensor, loadAndCompile, loadLiteRt } from "litert";
import { checkFile, featureCount } from "../core/card.js";
import { CHANNELS, WINDOW } from "../core/contract.js";
import { ModelError } from "../core/errors.js";

const FILE = "model/model.tflite";
const INPUT = [1, WINDOW, CHANNELS.length];

// Loads runtime and model, and tries the model; promises { run(imu), loadSeconds, fileBytes }. `run` promises
// { probabilities, places, byPlace, features } of a window; what the model does not give is null.
export async function openModel(card, site) {
  const began = performance.now();
  const loader = new URL(`../litert/${site.litert_loader}`, import.meta.url).href;
  const [bytes] = await Promise.all([fileBytes(), loadLiteRt(loader)]);
  await checkFile(card, bytes);
  const model = await loadAndCompile(bytes, { accelerator: "wasm" });
  checkShapes(card, model);
  const run = async (imu) => {
    const input = new Tensor(imu, INPUT);
    try {
      const tensors = await model.run(input);
      // Copied, because the memory of the runtime is used again.
      const [probabilities, ...others] = tensors.map((tensor) => tensor.toTypedArray().slice());
      for (const tensor of tensors) tensor.delete();
      const [places, byPlace] = card.places.length ? others.splice(0, 2) : [null, null];
      return { probabilities, places, byPlace, features: card.prototypes ? others[0] : null };
    } finally {
      input.delete();
    }
  };
  await run(new Float32Array(WINDOW * CHANNELS.length)); // The first one allocates, and takes longer.
  return { run, loadSeconds: (performance.now() - began) / 1000, fileBytes: bytes.length };
}

async function fileBytes() {
  const response = await fetch(FILE);
  if (!response.ok) throw new ModelError(`the model cannot be loaded (${response.status}); load the page again`);
  return new Uint8Array(await response.arrayBuffer());
}

function checkShapes(card, model) {
  const places = card.places.length;
  const labels = card.labels.length;
  const features = card.prototypes ? [[1, featureCount(card.prototypes)]] : [];
  const expected = [[1, labels], ...(places ? [[1, places], [1, places, labels]] : []), ...features];
  const found = model.getOutputDetails().map(({ shape }) => [...shape]);
  if (JSON.stringify(found.slice(0, expected.length)) !== JSON.stringify(expected)) {
    throw new ModelError(`the outputs of the model, ${JSON.stringify(found)}, are not those of its card`);
  }
}

// How long the model takes here, measured in turns and written as har-bench does.

import { CHANNELS, HOP_S, WINDOW } from "../core/contract.js";

const WARM_UP = 50;
const TURNS = 20;
const WINDOWS = 50;
const LOOP_LENGTH = 2000000; // Some milliseconds: many steps of the clock.
const MAX_SPREAD = 0.1;

// Interpolates linearly between the two nearest values, as numpy does.
export function percentile(values, percent) {
  const sorted = Float64Array.from(values).sort();
  const at = (percent / 100) * (sorted.length - 1);
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.min(below + 1, sorted.length - 1)] - sorted[below]);
}

// Times single windows; `run` promises the outputs of one. `onDone` gets the percent that are done.
export async function measured(run, onDone) {
  const imu = Float32Array.from({ length: WINDOW * CHANNELS.length }, (_, index) => Math.sin(0.1 * index));
  const [latenciesUs, turnMedians, loopSeconds] = [[], [], []];
  for (let count = 0; count < WARM_UP; count++) await run(imu);
  for (let turn = 0; turn < TURNS; turn++) {
    onDone(Math.round((100 * turn) / TURNS));
    await new Promise((resolve) => setTimeout(resolve)); // Lets the page show it.
    loopSeconds.push(loop());
    const ofTurn = [];
    for (let count = 0; count < WINDOWS; count++) {
      const began = performance.now();
      await run(imu);
      ofTurn.push(1000 * (performance.now() - began));
    }
    latenciesUs.push(...ofTurn);
    turnMedians.push(percentile(ofTurn, 50));
  }
  return { latenciesUs, turnMedians, loopSeconds };
}

// The result in har-bench's form; `har-bench --compare` and `har_bench.tables` read it.
export function resultOf({ latenciesUs, turnMedians, loopSeconds }, card, site, { loadSeconds, fileBytes }) {
  const mean = latenciesUs.reduce((sum, latency) => sum + latency) / latenciesUs.length;
  const spread = percentile(loopSeconds, 90) / percentile(loopSeconds, 10) - 1;
  const noisy = `a fixed loop took up to ${Math.round(100 * spread)} % longer at times`;
  const state = nulls("governor", "clock_mhz", "temperature_c", "throttled", "pi_flags");
  const score = card.scores[site.number_format];
  return {
    machine: {
      date: new Date().toISOString().slice(0, 10),
      cpu: navigator.userAgentData?.platform || "not shown by the browser",
      cores: navigator.hardwareConcurrency ?? 1,
      architecture: "wasm",
      python: "none",
      versions: { haredge: site.haredge, "@litertjs/core": site.litert, browser: navigator.userAgent },
    },
    convention:
      "Latency is for single windows on the page's thread, input and output copied; the clock of browsers has steps of " +
      "0.1 ms or more. Processor time is taken to be the latency, as there is one thread.",
    settings: { threads: [1], repetitions: TURNS, windows: WINDOWS },
    state: { before: state, after: state },
    noise: { spread, reasons: spread > MAX_SPREAD ? [noisy] : [] },
    energy: { meter: null, why_not: "not measured by the page" },
    int8_peak: null,
    empty_process_bytes: null,
    models: [
      {
        ...nulls("parameters", "macs", "flops", "peak_activation_bytes", "tflm_arena_bytes"),
        name: card.name,
        format: "tflite",
        number_format: site.number_format,
        uncounted: [],
        file_bytes: fileBytes,
        macro_f1: score?.macro_f1 ?? null,
      },
    ],
    runs: [
      {
        ...nulls("import_seconds", "rss_above_empty_bytes", "peak_rss_bytes", "share_of_int8_peak", "energy", "check"),
        model: card.name,
        runtime: "LiteRT, browser",
        version: site.litert,
        threads: 1,
        load_seconds: loadSeconds,
        windows: latenciesUs.length,
        latency_us: { ...percentiles(latenciesUs), mean },
        turn_medians_us: [percentile(turnMedians, 10), percentile(turnMedians, 90)],
        windows_per_second: 1e6 / mean,
        cpu_us: mean,
        share_of_core: mean / 1e6 / HOP_S,
      },
    ],
    left_out: [],
  };
}

const nulls = (...names) => Object.fromEntries(names.map((name) => [name, null]));
const percentiles = (values) => Object.fromEntries([50, 90, 99].map((each) => [`p${each}`, percentile(values, each)]));

// Seconds that a fixed piece of work takes: other load and a hot processor make it take longer.
function loop() {
  const began = performance.now();
  let sum = 0;
  for (let count = 1; count <= LOOP_LENGTH; count++) sum += 1 / count;
  return sum > 0 ? (performance.now() - began) / 1000 : NaN; // Uses the sum, so that the loop is not optimised away.
}

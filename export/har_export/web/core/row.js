// An answer as the row that `har-stream` writes to files and brokers (`har_runtime/answers/row.py`).

import { CADENCE_DECIMALS, DECIMALS, TIME_DECIMALS } from "./contract.js";

/** The row of an answer: rounded, and without the fields that it does not need. */
export function rowOf(answer) {
  const { unix_s, version, start_s, end_s, segment, activity, confidence, steps, cadence, intensity } = answer;
  const { reason, place, place_probabilities } = answer;
  return {
    unix_s: rounded(unix_s, TIME_DECIMALS),
    version,
    start_s,
    end_s,
    segment,
    activity,
    confidence: rounded(confidence, DECIMALS),
    steps,
    ...(cadence === null ? {} : { cadence: rounded(cadence, CADENCE_DECIMALS), intensity }),
    ...(reason === null ? {} : { reason }),
    ...(place_probabilities === null ? {} : { place }),
    probabilities: eachRounded(answer.probabilities),
    window_label: answer.window_label,
    window_confidence: rounded(answer.window_confidence, DECIMALS),
    window_probabilities: eachRounded(answer.window_probabilities),
    ...(answer.events.length === 0 ? {} : { events: answer.events.map(eventRow) }),
  };
}

function eventRow(event) {
  return { ...event, unix_s: rounded(event.unix_s, TIME_DECIMALS) };
}

function eachRounded(values) {
  return Object.fromEntries(Object.entries(values).map(([label, value]) => [label, rounded(value, DECIMALS)]));
}

/** The nearest decimal, exactly; of two as near the even one, as Python rounds. `toFixed` takes the larger one. */
function rounded(value, decimals) {
  const isTie = Math.abs((value * 2 ** (decimals + 1)) % 2) === 1; // Only these values are halfway between decimals.
  if (!isTie) return Number(value.toFixed(decimals));
  const below = Math.floor(value * 10 ** decimals);
  return (below % 2 === 0 ? below : below + 1) / 10 ** decimals;
}

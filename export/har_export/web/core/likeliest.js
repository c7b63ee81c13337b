// The likeliest of several probabilities, and their sums.

/** Index of the largest value, the first of equals; of NaN, which no value is above. */
export function argmax(values) {
  let best = 0;
  for (let index = 0; index < values.length; index++) {
    if (Number.isNaN(values[index])) return index;
    if (values[index] > values[best]) best = index;
  }
  return best;
}

/** The sum over some indices; of float32 values in float32, as numpy adds them. */
export function sumOf(values, indices) {
  const round = values instanceof Float32Array ? Math.fround : Number;
  return indices.reduce((sum, index) => round(sum + values[index]), 0);
}

/**
 * Index of the likeliest label.
 * @param {number[]} together labels that count as one, with the sum of their probabilities and the index of the first
 */
export function likeliest(probabilities, together = []) {
  if (together.length === 0) return argmax(probabilities);
  const merged = Float64Array.from(probabilities);
  for (const index of together) merged[index] = 0;
  merged[together[0]] = sumOf(probabilities, together);
  return argmax(merged);
}

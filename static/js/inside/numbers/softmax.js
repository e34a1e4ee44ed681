/**
 * softmax: from logits z to probabilities, exp(z_k / T) / sum of exp(z_j / T).
 *
 * @param {ArrayLike<number>} logits
 * @param {number} temperature T > 0; 1 is the network's own, less sharpens, more evens out
 * @returns {{exponentials: number[], sum: number, probabilities: number[]}}
 *   exponentials may be Infinity where a logit is very large; probabilities always sum to 1
 */
export function softmax(logits, temperature = 1) {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const highest = Math.max(...scaled);
  const shifted = scaled.map((value) => Math.exp(value - highest)); // a common factor, so that nothing overflows
  const total = shifted.reduce((sum, value) => sum + value, 0);
  const exponentials = scaled.map(Math.exp);
  return {
    exponentials,
    sum: exponentials.reduce((sum, value) => sum + value, 0),
    probabilities: shifted.map((value) => value / total),
  };
}

/** Figures over labelled pictures, computed here so that they follow every label that is typed. */

const Z95 = 1.959964;
/** Column of the confusion matrix for pictures where nothing is drawn. */
export const BLANK = 10;

/**
 * Wilson's score interval (1927), as the server computes it.
 *
 * @returns {{share: number, low: number, high: number} | null} shares 0..1, or null for no picture
 */
export function wilson(hits, total) {
  if (total === 0) return null;
  const share = hits / total;
  const scale = 1 + Z95 ** 2 / total;
  const middle = (share + Z95 ** 2 / (2 * total)) / scale;
  const half = (Z95 / scale) * Math.sqrt((share * (1 - share)) / total + Z95 ** 2 / (4 * total ** 2));
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/**
 * @param {object[]} pictures rows of a comparison; those without a label don't count
 * @param {(picture: object) => number | null} read the digit that was read
 * @returns {{n: number, hits: number, accuracy: object | null, recall: (number | null)[], confusion: number[][]}}
 *   confusion[true digit][digit read]
 */
export function figures(pictures, read) {
  const confusion = Array.from({ length: 10 }, () => new Array(BLANK + 1).fill(0));
  for (const picture of pictures) {
    if (picture.label !== null) confusion[picture.label][read(picture) ?? BLANK] += 1;
  }
  const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  const n = totals.reduce((sum, count) => sum + count, 0);
  const hits = confusion.reduce((sum, row, digit) => sum + row[digit], 0);
  const recall = confusion.map((row, digit) => (totals[digit] ? row[digit] / totals[digit] : null));
  return { n, hits, accuracy: wilson(hits, n), recall, confusion };
}

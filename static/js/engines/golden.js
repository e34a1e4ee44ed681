/**
 * Runs the golden pictures and compares: a GPU driver or a broken download can answer wrongly without an error.
 */

/** @typedef {{width: number, height: number, pixels: string, probabilities: number[]}} Golden pixels in base64 */

/**
 * Has a network read its golden pictures. The first of them is its warm-up as well; for the others nobody waits who does
 * not ask yet.
 *
 * @param {(picture: Float32Array, width: number, height: number) => Promise<{probabilities: ArrayLike<number>}>} read
 * @param {{golden: Golden[], goldenTolerance: number}} file with the largest difference in probability that is allowed
 * @returns {Promise<{rest: Promise<void>}>} `rest` fails where one of the others was read wrongly
 * @throws {Error} when the first answer is wrong
 */
export async function checkGolden(read, { golden: [first, ...others], goldenTolerance }) {
  await check(read, first, goldenTolerance);
  const rest = checkAtLeisure(read, others, goldenTolerance);
  rest.catch(() => {}); // whoever asks is told
  return { rest };
}

/** One picture in a task, so that the page may do something else between them. */
async function checkAtLeisure(read, golden, tolerance) {
  for (const picture of golden) {
    await new Promise((resolve) => setTimeout(resolve));
    await check(read, picture, tolerance);
  }
}

async function check(read, { width, height, pixels, probabilities: expected }, tolerance) {
  const picture = Float32Array.from(atob(pixels), (character) => character.charCodeAt(0));
  const { probabilities } = await read(picture, width, height);
  const difference = Math.max(...expected.map((value, digit) => Math.abs(value - probabilities[digit])));
  // Written so that NaN fails too.
  if (!(difference <= tolerance)) throw new Error(`A golden picture was read wrongly, by ${difference}.`);
}

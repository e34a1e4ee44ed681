/**
 * Runs the card's golden pictures and compares: a GPU driver or a broken download can answer wrongly without an error.
 *
 * @param {import('./ladder.js').Network} network
 * @param {{width: number, height: number, pixels: string, probabilities: number[]}[]} golden pixels in base64
 * @param {number} tolerance largest absolute difference in probability
 * @throws {Error} at the first answer that differs by more
 */
export async function checkGolden(network, golden, tolerance) {
  for (const { width, height, pixels, probabilities: expected } of golden) {
    const picture = Float32Array.from(atob(pixels), (character) => character.charCodeAt(0));
    const { probabilities } = await network.read(picture, width, height);
    const difference = Math.max(...expected.map((value, digit) => Math.abs(value - probabilities[digit])));
    // Written so that NaN fails too.
    if (!(difference <= tolerance)) throw new Error(`A golden picture was read wrongly, by ${difference}.`);
  }
}

/**
 * A picture as large as it fits on a square sheet, in its middle, on the ground that it has in its corner.
 *
 * @param {ArrayLike<number>} picture greys, row by row
 * @param {number} width
 * @param {number} height
 * @param {number} side of the sheet; no less than either of them
 * @returns {Float32Array} greys of the sheet
 * @throws {RangeError} when the picture is larger
 */
export function enlarged(picture, width, height, side) {
  const times = Math.floor(side / Math.max(width, height));
  if (times < 1) throw new RangeError(`A picture of ${width}×${height} does not fit on a sheet of ${side}.`);
  const left = Math.floor((side - times * width) / 2);
  const top = Math.floor((side - times * height) / 2);
  const sheet = new Float32Array(side * side).fill(picture[0]);
  for (let y = 0; y < height; y++) {
    const begin = (top + times * y) * side;
    for (let x = 0; x < width; x++) {
      const from = begin + left + times * x;
      sheet.fill(picture[y * width + x], from, from + times);
    }
    for (let copy = 1; copy < times; copy++) sheet.copyWithin(begin + copy * side, begin, begin + side);
  }
  return sheet;
}

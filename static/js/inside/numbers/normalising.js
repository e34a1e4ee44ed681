/**
 * The first layer of the networks, step by step, so that each step can be shown and left out.
 *
 * The graph computes the same by itself (train/normalizing.py, where each step is explained); what is computed here is
 * compared with it on every reading, and a test holds both together.
 */

/** Side of the image that the network sees, and of the box that the digit fills in it, in pixels. */
export const SIZE = 28;
export const BOX = 20;

const FAINTEST = 8;
const FAINTEST_PEAK = 0.004;
const FEWEST = 400;
const TRIMMED = 0.01;
const CLEAR = 0.6;
const FRAME_ZONE = 0.12;
const FRAME_COVERAGE = 0.85;
const FRAME_GAP = 1 / 32;
const CRUMB = 0.15;
const BORDER = 0.7;
const CORNERS = 1;
/** As the graph does: a steep line in place of a comparison, so that a grey at the very middle counts as dark. */
const STEEP = 1e4;

const clip = (value) => Math.min(1, Math.max(0, value));
const total = (values) => values.reduce((sum, value) => sum + value, 0);

/**
 * @typedef {object} Steps which of the steps are done
 * @property {boolean} ink greys to ink 0..1, ground cleaned and contrast stretched; else the plain greys, dark ink turned
 *   light
 * @property {boolean} box the ink's box becomes 20 pixels long; else the whole picture becomes 28
 * @property {boolean} centre the centre of mass goes to the middle; else the middle of the box, or of the picture
 * @property {boolean} peak the strongest ink becomes 1
 */

/** What the networks' first layers do, by their class. @type {Record<string, Steps>} */
export const FRONTS = {
  Normalizing: { ink: true, box: true, centre: true, peak: true },
  PlainResizing: { ink: false, box: false, centre: false, peak: false },
};

/**
 * What is found in a picture.
 *
 * @typedef {object} Finding
 * @property {Float32Array} ink size * size, 0..1
 * @property {Float32Array} plain the greys as light ink on black, 0..1
 * @property {Float32Array} rows 0 where a frame line was cut off, else 1
 * @property {Float32Array} columns likewise
 * @property {{start: number, length: number}} vertical the rows of the box around the clear ink, in pixels
 * @property {{start: number, length: number}} horizontal and its columns
 * @property {{x: number, y: number}} centre of mass of the clear ink, in pixels
 */

/**
 * Finds the ink, its box and its centre of mass.
 *
 * @param {Float32Array} picture size * size greys, 0..255, any polarity
 * @param {number} size
 * @returns {Finding}
 */
export function find(picture, size) {
  const ground = groundOf(picture, size);
  const ink = inkOf(picture, ground);
  const plain = picture.map((grey) => Math.abs(255 * ground.light - grey) / 255);
  const [rows, columns] = insideFrame(
    ...[ground.rows, ground.columns].map((bright) => bright.map((share) => ground.light + ground.sign * share)),
  );
  const inside = ink.map((value, at) => value * rows[Math.floor(at / size)] * columns[at % size]);
  const least = (CLEAR * total(inside.map((value) => value * value))) / Math.max(total(inside), 1e-6);
  const rowProfile = new Float32Array(size);
  const columnProfile = new Float32Array(size);
  inside.forEach((value, at) => {
    const clear = Math.max(0, value - least);
    rowProfile[Math.floor(at / size)] += clear;
    columnProfile[at % size] += clear;
  });
  const [vertical, horizontal] = [rowProfile, columnProfile].map(extentOf);
  const centre = { x: middleOf(columnProfile), y: middleOf(rowProfile) };
  return { ink, plain, rows, columns, vertical, horizontal, centre };
}

/** Which pixels are bright, whether the ground is, and how the two classes differ. */
function groundOf(picture, size) {
  let low = Infinity;
  let high = -Infinity;
  for (const grey of picture) {
    if (grey < low) low = grey;
    if (grey > high) high = grey;
  }
  const split = (low + high) / 2;
  const bright = (grey) => clip((grey - split) * STEEP);
  const rows = new Float32Array(size);
  const columns = new Float32Array(size);
  let sum = 0;
  let above = 0;
  for (let pixel = 0; pixel < picture.length; pixel++) {
    const grey = picture[pixel];
    rows[Math.floor(pixel / size)] += bright(grey) / size;
    columns[pixel % size] += bright(grey) / size;
    sum += grey;
    above += Math.max(0, grey - split);
  }
  const share = total(rows) / size;
  const sides = [rows[0], rows[size - 1], columns[0], columns[size - 1]];
  const border = total(sides) / 4;
  const corners = total([0, size - 1, picture.length - size, picture.length - 1].map((at) => bright(picture[at]))) / 2 - 1;
  const mixed = total(sides.map((side) => side * (1 - side))); // four times their mean
  const light = 2 * (share - 0.5) + BORDER * (border - 0.5) + CORNERS * mixed * corners ** 3 > 0 ? 1 : 0;
  const [brightArea, darkArea] = [share * picture.length, (1 - share) * picture.length];
  const brightSum = above + brightArea * split;
  const meanBright = brightSum / Math.max(brightArea, 1);
  const meanDark = (sum - brightSum) / Math.max(darkArea, 1);
  return {
    rows,
    columns,
    light,
    sign: 1 - 2 * light,
    mean: light ? meanBright : meanDark,
    area: light ? brightArea : darkArea,
    contrast: meanBright - meanDark,
    drawn: high - low >= FAINTEST,
  };
}

/** Distance from the ground, 0 up to the ground's noise, 1 from 0.8 of the contrast on. */
function inkOf(picture, { sign, mean, area, contrast, drawn }) {
  let beyond = 0;
  for (const grey of picture) beyond += Math.max(0, sign * (mean - grey));
  const noise = (2 * beyond) / Math.max(area, FEWEST);
  const start = Math.min(Math.max(3 * noise, 0.08 * contrast), 0.4 * contrast);
  const gain = drawn ? 1 / Math.max(0.8 * contrast - start, 1e-3) : 0;
  return picture.map((grey) => clip((sign * (grey - mean) - start) * gain));
}

/** Masks of rows and columns, 0 on and outside of frame lines. */
function insideFrame(...coverages) {
  // Each profile from its near and from its far side: a line's depth is then its place, counted from 1 on.
  const sides = coverages.map((coverage) => [[...coverage], [...coverage].reverse()]);
  const lines = sides.map((profiles) => profiles.map(linesOf));
  const depths = lines.map((marks) => marks.map((mark) => mark.lastIndexOf(1) + 1));
  const around = depths.flat().every((depth) => depth > 0);
  // What a line of the one direction adds to every value of the other's profile.
  const shares = lines.map((marks) => total(marks.flat()) / marks[0].length);
  const rests = sides.map((profiles, axis) =>
    profiles.map((profile) => profile.map((share) => Math.max(0, share - shares[1 - axis]))),
  );
  const inner = maskOf(coverages[0], depths[0]);
  const digit = total(rests[0][0].map((share, at) => share * inner[at])) > CRUMB * total(coverages[0]);
  return coverages.map((coverage, axis) => {
    const cutOff = (depth, side) => (around || (digit && parted(rests[axis][side], depth)) ? depth : 0);
    return maskOf(coverage, depths[axis].map(cutOff));
  });
}

/** 1 where a frame line may be, near the start of a profile, else 0. */
function linesOf(coverage) {
  const zone = FRAME_ZONE * coverage.length;
  return coverage.map((share, at) => (share > FRAME_COVERAGE && at + 1 < zone + 0.5 ? 1 : 0));
}

/** Whether a blank strip lies inside the line and its soft edge. */
function parted(rest, depth) {
  const strip = rest.filter((_, at) => at >= depth + 1 && at < depth + 1 + FRAME_GAP * rest.length + 0.5);
  return strip.every((value) => value <= 1e-4);
}

/** 1 inside both depths and a pixel of the lines' soft edge, else 0. */
function maskOf(coverage, [near, far]) {
  const [start, end] = [near + (near > 0 ? 1 : 0), coverage.length - far - (far > 0 ? 1 : 0)];
  return coverage.map((_, at) => (at >= start && at < end ? 1 : 0));
}

/** The part of a profile that holds its sum but for 1 % at each end. */
function extentOf(profile) {
  const sum = total(profile);
  let cumulative = 0;
  let start = 0;
  let after = 0;
  for (const value of profile) {
    cumulative += value;
    if (cumulative <= TRIMMED * sum) start++;
    if (cumulative >= (1 - TRIMMED) * sum) after++;
  }
  return { start, length: profile.length - start - after + 1 };
}

function middleOf(profile) {
  const moment = profile.reduce((sum, value, at) => sum + value * (at + 0.5), 0);
  return moment / Math.max(total(profile), 1e-6);
}

/**
 * The part of the picture that becomes the network's image.
 *
 * @param {Finding} finding
 * @param {number} size of the picture
 * @param {Steps} steps
 * @returns {{x: number, y: number, scale: number}} the place that goes to the middle, in pixels, and the image's pixels
 *   per pixel of the picture
 */
export function windowOf({ vertical, horizontal, centre }, size, steps) {
  const scale = steps.box ? BOX / Math.max(vertical.length, horizontal.length, 1) : SIZE / size;
  if (steps.centre) return { ...centre, scale };
  if (!steps.box) return { x: size / 2, y: size / 2, scale };
  const middle = ({ start, length }) => start + length / 2;
  return { x: middle(horizontal), y: middle(vertical), scale };
}

/**
 * The 28 * 28 image, by exact area averaging.
 *
 * @param {Finding} finding
 * @param {number} size of the picture
 * @param {Steps} steps
 * @returns {Float32Array} 28 * 28 values, 0 ground to 1 ink
 */
export function imageOf(finding, size, steps) {
  const { x, y, scale } = windowOf(finding, size, steps);
  const everywhere = new Float32Array(size).fill(1);
  const down = overlaps(y, scale, steps.ink ? finding.rows : everywhere);
  const across = overlaps(x, scale, steps.ink ? finding.columns : everywhere);
  const source = steps.ink ? finding.ink : finding.plain;
  const image = new Float32Array(SIZE * SIZE);
  down.forEach((rows, target) => {
    const line = new Float32Array(size);
    rows.weights.forEach((weight, k) => {
      const start = (rows.start + k) * size;
      for (let column = 0; column < size; column++) line[column] += weight * source[start + column];
    });
    across.forEach(({ start, weights }, place) => {
      image[target * SIZE + place] = weights.reduce((sum, weight, k) => sum + weight * line[start + k], 0);
    });
  });
  if (!steps.peak) return image;
  const peak = Math.max(image.reduce((a, b) => Math.max(a, b), 0), FAINTEST_PEAK);
  return image.map((value) => value / peak);
}

/** For each of the 28 places of an axis: the pixels of the picture that it covers, from `start` on, and their shares. */
function overlaps(middle, scale, mask) {
  // Never narrower than a pixel of the picture: enlarging then interpolates linearly instead of repeating pixels.
  const half = Math.max(1 / scale, 1) / 2;
  return Array.from({ length: SIZE }, (_, place) => {
    const centre = middle + (place + 0.5 - SIZE / 2) / scale;
    const start = Math.max(0, Math.floor(centre - half));
    const end = Math.max(start, Math.min(mask.length, Math.ceil(centre + half)));
    const weights = Float32Array.from({ length: end - start }, (__, k) => {
      const covered = Math.min(centre + half, start + k + 1) - Math.max(centre - half, start + k);
      return (Math.max(0, covered) / (2 * half)) * mask[start + k];
    });
    return { start, weights };
  });
}

import { PAD_SIZE } from './drawing.js';
import { wholePath } from './path.js';

const PAPER = 255;

/**
 * Side of the picture that the networks read, in pixels. Half the pad's units: both networks answered the same for 600
 * drawings of all sizes as at twice the side (probabilities differ by 0.001 in the mean), for a quarter of the pixels.
 */
export const PICTURE_SIZE = PAD_SIZE / 2;

/**
 * The drawing as a grey picture, computed from the strokes alone.
 *
 * It is not read back from a canvas: browsers that resist fingerprinting answer `getImageData` with noise.
 */
export class Raster {
  /** @param {number} size side in pixels */
  constructor(size = PICTURE_SIZE) {
    this.size = size;
    /** Greys row by row, 255 paper to 0 ink. */
    this.greys = new Float32Array(size * size).fill(PAPER);
  }

  clear() {
    this.greys.fill(PAPER);
  }

  /**
   * Adds capsules. A pixel keeps its darkest grey, so the order does not matter and overlaps do not add up.
   *
   * @param {import('./path.js').Capsule[]} capsules in units of the pad
   */
  add(capsules) {
    for (const { from, to } of capsules) this.#stamp(from, to);
  }

  /** One capsule: a pixel is covered as far as its centre lies inside the edge, over the width of one pixel. */
  #stamp(from, to) {
    const { size, greys } = this;
    const [x0, y0, r0, x1, y1, r1] = [...from, ...to].map((value) => (value * size) / PAD_SIZE);
    const reach = Math.max(r0, r1) + 1;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(size, Math.ceil(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(size, Math.ceil(Math.max(y0, y1) + reach));
    const dx = x1 - x0;
    const dy = y1 - y0;
    const perLength = 1 / (dx * dx + dy * dy || 1);

    for (let row = top; row < bottom; row++) {
      const py = row + 0.5 - y0;
      for (let column = left; column < right; column++) {
        const px = column + 0.5 - x0;
        const along = Math.min(1, Math.max(0, (px * dx + py * dy) * perLength));
        const distance = Math.sqrt((px - along * dx) ** 2 + (py - along * dy) ** 2);
        const coverage = Math.min(1, r0 + along * (r1 - r0) - distance + 0.5);
        const grey = PAPER * (1 - coverage);
        const pixel = row * size + column;
        if (grey < greys[pixel]) greys[pixel] = grey;
      }
    }
  }
}

/**
 * Strokes to a grey picture.
 *
 * @param {readonly import('./drawing.js').Stroke[]} strokes
 * @param {number} size side in pixels
 * @returns {Float32Array} size * size greys row by row, 255 paper to 0 ink
 */
export function rasterize(strokes, size) {
  const raster = new Raster(size);
  for (const stroke of strokes) raster.add(wholePath(stroke));
  return raster.greys;
}

import { PAD_SIZE } from '../js/drawing.js';
import { rasterize } from '../js/raster.js';
import { pngOf } from '../js/saving/png.js';

/** Red, green, blue: paper, and the accent colour as in favicon.svg. */
const INK = [255, 255, 255];
const GROUND = [0x2f, 0x5b, 0xd0];

/** A 7 in units of a square of 32, small enough for the circle that some systems cut out. Doubled points are corners. */
const SEVEN = [[11, 11], [16, 11], [21, 11], [21, 11], [21, 11], [18, 14.5], [16, 18], [15.5, 22]];
const WIDTH = 2.5;

/**
 * The application's icon, white on the accent colour to the very edge: systems cut it into their own shape.
 *
 * @param {number} size side in pixels
 * @returns {Promise<Buffer>} a PNG
 */
export async function icon(size) {
  const unit = PAD_SIZE / 32;
  const greys = rasterize([SEVEN.map(([x, y]) => [x * unit, y * unit, (WIDTH / 2) * unit])], size);
  const blend = (grey) => INK.map((ink, channel) => Math.round(ink + (grey / 255) * (GROUND[channel] - ink)));
  const palette = new Uint8Array(Array.from({ length: 256 }, (_, grey) => blend(grey)).flat());
  const png = await pngOf(greys, size, palette);
  return Buffer.from(await png.arrayBuffer());
}

/** The drawing as a file. A page with a pad loads this when something is saved for the first time. */

import { rasterize } from '../raster.js';
import { pngOf } from './png.js';
import { psdOf } from './psd.js';
import { svgOf } from './svg.js';

/** Side of the saved picture, in pixels. */
const SIZE = 1120;

const WRITERS = {
  png: (strokes) => pngOf(rasterize(strokes, SIZE), SIZE),
  svg: svgOf,
  psd: (strokes, layer) => psdOf(rasterize(strokes, SIZE), SIZE, layer),
};

/**
 * @param {readonly import('../drawing.js').Stroke[]} strokes
 * @param {'png' | 'svg' | 'psd'} format
 * @param {string} layer name of the layer that holds the drawing, where the format has layers
 * @returns {Promise<Blob>}
 */
export async function fileOf(strokes, format, layer) {
  return WRITERS[format](strokes, layer);
}

/** From the parts of the 28 × 28 pixels back to the drawing: which stroke, and which place of it, had which part. */

import { rasterize } from '../../raster.js';

const PAPER = 255;

/**
 * The pixel of the network's image in which each pixel of a drawing lies.
 *
 * @param {number} size side of the drawing in pixels
 * @param {number} side of the image
 * @param {{x: number, y: number, scale: number}} window see windowOf in normalising.js
 * @returns {Int32Array} size * size indices; -1 outside the image
 */
export function placesOf(size, side, { x, y, scale }) {
  const along = (middle) => Array.from({ length: size }, (_, at) => Math.floor((at + 0.5 - middle) * scale + side / 2));
  const [rows, columns] = [along(y), along(x)];
  const inside = (at) => at >= 0 && at < side;
  return Int32Array.from({ length: size * size }, (_, pixel) => {
    const [row, column] = [rows[Math.floor(pixel / size)], columns[pixel % size]];
    return inside(row) && inside(column) ? row * side + column : -1;
  });
}

/**
 * The part of each stroke: a pixel of the image is shared among the strokes as its ink is.
 *
 * @param {readonly import('../../drawing.js').Stroke[]} strokes
 * @param {Float32Array} parts of the image's pixels
 * @param {Int32Array} places see placesOf
 * @param {number} size side of the drawing in pixels
 * @returns {number[]} one part a stroke
 */
export function partsOfStrokes(strokes, parts, places, size) {
  const inks = strokes.map((stroke) => inkByPlace(rasterize([stroke], size), places, parts.length));
  const all = parts.map((_, place) => inks.reduce((sum, ink) => sum + ink[place], 0));
  return inks.map((ink) => parts.reduce((sum, part, place) => sum + (ink[place] && (part * ink[place]) / all[place]), 0));
}

function inkByPlace(greys, places, length) {
  const ink = new Float32Array(length);
  for (let pixel = 0; pixel < greys.length; pixel++) {
    if (greys[pixel] < PAPER && places[pixel] >= 0) ink[places[pixel]] += PAPER - greys[pixel];
  }
  return ink;
}

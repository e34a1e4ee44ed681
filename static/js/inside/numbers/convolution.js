/** Conv2D and MaxPooling2D, number by number, as the graph computes them. */

import { argmax } from '../../argmax.js';

/** @typedef {import('../network.js').Layer} Layer */

/**
 * The part of a layer's input that one of its windows covers.
 *
 * @param {Layer} layer Conv2D or MaxPooling2D
 * @param {number} row of the output
 * @param {number} column of the output
 * @returns {{row: number, column: number, index: number | null}[]} the window's places, row by row; `index` counts the
 *   input's places, null for padding
 */
export function windowAt({ window: { size, strides, offset }, source }, row, column) {
  const [rows, columns] = source.shape;
  const top = row * strides[0] - offset[0];
  const left = column * strides[1] - offset[1];
  const places = [];
  for (let y = top; y < top + size[0]; y++) {
    for (let x = left; x < left + size[1]; x++) {
      const inside = y >= 0 && y < rows && x >= 0 && x < columns;
      places.push({ row: y, column: x, index: inside ? y * columns + x : null });
    }
  }
  return places;
}

/**
 * What one pixel of a feature map is the sum of.
 *
 * @param {Layer} layer Conv2D
 * @param {Float32Array} input [rows, columns, channels], the activation of the layer's source
 * @param {number} filter which of the layer's kernels
 * @param {number} row of the feature map
 * @param {number} column
 * @returns {{patch: Float32Array, kernel: Float32Array, parts: Float32Array, bias: number, sum: number}}
 *   patch and kernel [places, channels]; parts: what each input channel adds; sum: parts and bias, before relu
 */
export function sumAt(layer, input, filter, row, column) {
  const channels = layer.source.shape[2];
  const filters = layer.shape[2];
  const places = windowAt(layer, row, column);
  const patch = new Float32Array(places.length * channels);
  const kernel = new Float32Array(places.length * channels);
  const parts = new Float32Array(channels);
  places.forEach(({ index }, place) => {
    for (let channel = 0; channel < channels; channel++) {
      const at = place * channels + channel;
      patch[at] = index === null ? 0 : input[index * channels + channel];
      kernel[at] = layer.kernel.values[at * filters + filter];
      parts[channel] += patch[at] * kernel[at];
    }
  });
  const bias = layer.bias?.values[filter] ?? 0;
  return { patch, kernel, parts, bias, sum: parts.reduce((total, part) => total + part, bias) };
}

/**
 * A whole feature map before relu.
 *
 * @param {Layer} layer Conv2D
 * @param {Float32Array} input [rows, columns, channels]
 * @param {number} filter
 * @returns {Float32Array} [rows, columns] of the layer
 */
export function sumsOf(layer, input, filter) {
  const [rows, columns, filters] = layer.shape;
  const channels = layer.source.shape[2];
  const { values } = layer.kernel;
  const sums = new Float32Array(rows * columns).fill(layer.bias?.values[filter] ?? 0);
  for (let pixel = 0; pixel < sums.length; pixel++) {
    const places = windowAt(layer, Math.floor(pixel / columns), pixel % columns);
    for (let place = 0; place < places.length; place++) {
      const { index } = places[place];
      if (index === null) continue;
      for (let channel = 0; channel < channels; channel++) {
        sums[pixel] += input[index * channels + channel] * values[(place * channels + channel) * filters + filter];
      }
    }
  }
  return sums;
}

/**
 * What one pixel of a pooled map was chosen from.
 *
 * @param {Layer} layer MaxPooling2D
 * @param {Float32Array} input [rows, columns, channels]
 * @param {number} channel
 * @param {number} row of the pooled map
 * @param {number} column
 * @returns {{places: {row: number, column: number, value: number}[], winner: number}} the window's places inside the
 *   input, row by row, and the index of the largest among them (the first, where several are)
 */
export function poolAt(layer, input, channel, row, column) {
  const channels = layer.source.shape[2];
  const places = windowAt(layer, row, column)
    .filter(({ index }) => index !== null)
    .map(({ index, ...at }) => ({ ...at, value: input[index * channels + channel] }));
  const values = places.map(({ value }) => value);
  return { places, winner: argmax(values) };
}

/** The share of values that are 0. */
export function shareOfZeros(values) {
  let zeros = 0;
  for (const value of values) if (value <= 0) zeros++;
  return zeros / values.length;
}

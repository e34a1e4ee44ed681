import { colourOf } from './colours.js';

/** The grid of a vector is at most so many times as long as it is high, where that leaves no place empty. */
const LONGEST = 2;

/**
 * Paints feature maps into a canvas, side by side in a grid, one value a pixel; CSS enlarges it.
 *
 * A single image for all of them: one transfer to the canvas, however many maps there are.
 */
export class Maps {
  #context;
  #image = null;

  /** @param {HTMLCanvasElement} canvas shown with `image-rendering: pixelated` */
  constructor(canvas) {
    this.canvas = canvas;
    this.#context = canvas.getContext('2d', { willReadFrequently: true }); // small, and painted by the processor
  }

  /**
   * @param {Float32Array} values [rows, columns, channels], row by row; NaN leaves its pixel transparent
   * @param {number[]} shape
   * @param {import('./colours.js').Colours} colours
   * @param {number} largest absolute value, which gets the last colour
   * @param {object} layout
   * @param {number} [layout.across] maps in a row
   * @param {number} [layout.gap] transparent pixels right of and below each map
   */
  show(values, [rows, columns, channels = 1], colours, largest, { across = channels, gap = 0 } = {}) {
    const [width, height] = [columns + gap, rows + gap];
    const pixels = this.#fit(across * width, Math.ceil(channels / across) * height);
    const stride = across * width;
    for (let channel = 0; channel < channels; channel++) {
      const corner = Math.floor(channel / across) * height * stride + (channel % across) * width;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const value = values[(row * columns + column) * channels + channel];
          pixels[corner + row * stride + column] = colourOf(colours, value, largest);
        }
      }
    }
    this.#context.putImageData(this.#image, 0, 0);
  }

  /** The image's pixels, of the wanted size. */
  #fit(width, height) {
    const { canvas } = this;
    if (this.#image?.width !== width || this.#image.height !== height) {
      Object.assign(canvas, { width, height });
      this.#image = new ImageData(width, height);
    }
    return new Uint32Array(this.#image.data.buffer);
  }
}

/** One map of an activation: [rows, columns] of channel `channel` of [rows, columns, channels]. */
export function channelOf(values, [rows, columns, channels], channel) {
  return Float32Array.from({ length: rows * columns }, (_, pixel) => values[pixel * channels + channel]);
}

/**
 * The kernels of a layer as maps: a kernel of [rows, columns, in, out] becomes, for each output, one map in which its
 * slices for the inputs stand side by side in a near-square grid.
 *
 * @param {import('./network.js').Weight} kernel
 * @returns {{values: Float32Array, shape: number[]}} shape [rows, columns, out]
 */
export function montage({ values, shape: [rows, columns, inputs, outputs] }) {
  const across = Math.ceil(Math.sqrt(inputs));
  const height = Math.ceil(inputs / across) * rows;
  const width = across * columns;
  const laid = new Float32Array(height * width * outputs);
  for (let place = 0; place < rows * columns; place++) {
    for (let input = 0; input < inputs; input++) {
      const row = Math.floor(input / across) * rows + Math.floor(place / columns);
      const column = (input % across) * columns + (place % columns);
      const start = (place * inputs + input) * outputs;
      laid.set(values.subarray(start, start + outputs), (row * width + column) * outputs);
    }
  }
  return { values: laid, shape: [height, width, outputs] };
}

/** The grid, as near to a square as can be, in which a vector is shown: full, unless that were too long. */
export function gridOf(length) {
  if (length <= 16) return [1, length, 1];
  const square = Math.ceil(Math.sqrt(length));
  let full = square;
  while (length % full > 0) full++;
  const columns = full <= LONGEST * (length / full) ? full : square;
  return [Math.ceil(length / columns), columns, 1];
}

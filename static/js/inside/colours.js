/**
 * The page's colour maps. Both are told apart by people who see no red or no green, and also in grey: lightness rises
 * with the value in the one, and falls towards both ends in the other.
 */

/** Cividis, from 0 to the largest value (Nuñez et al. 2018, "Optimizing colormaps with consideration for color
 * vision deficiency"), at eight equal steps. */
const CIVIDIS = ['#00224e', '#1a386f', '#434e6c', '#61656f', '#7d7c78', '#9b9476', '#bcae6c', '#dec958', '#fee838'];

/** Blue for negative, white for 0, orange for positive (after ColorBrewer's PuOr, with blue for its purple). */
const BLUE_ORANGE = ['#0b3c7d', '#3a72b5', '#8fb4d9', '#d3e1ee', '#f7f7f5', '#fbdcb8', '#f2ab5e', '#cf6f12', '#7f3b08'];

/** 256 colours between the given ones, as bytes r, g, b, 255. */
function table(colours) {
  const stops = colours.map((colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16)));
  const bytes = new Uint8Array(4 * 256);
  for (let step = 0; step < 256; step++) {
    const place = (step / 255) * (stops.length - 1);
    const before = Math.min(Math.floor(place), stops.length - 2);
    const share = place - before;
    for (let channel = 0; channel < 3; channel++) {
      bytes[4 * step + channel] = stops[before][channel] * (1 - share) + stops[before + 1][channel] * share;
    }
    bytes[4 * step + 3] = 255;
  }
  return new Uint32Array(bytes.buffer);
}

/**
 * A colour map.
 *
 * @typedef {object} Colours
 * @property {Uint32Array} table 256 colours in the byte order of ImageData
 * @property {number} zero the place of value 0 among them, 0..255
 */

/** 0 to the largest value: activations, probabilities. @type {Colours} */
export const SEQUENTIAL = { table: table(CIVIDIS), zero: 0 };

/** From minus to plus the largest absolute value: weights, sums before relu, evidence. @type {Colours} */
export const DIVERGING = { table: table(BLUE_ORANGE), zero: 127.5 };

/** Ink as the network sees it: 0 black to 1 white. @type {Colours} */
export const INK = { table: table(['#000000', '#ffffff']), zero: 0 };


/**
 * The colour of a value as one number of four bytes, to be written into a Uint32Array over ImageData's bytes.
 *
 * @param {Colours} colours
 * @param {number} value
 * @param {number} largest absolute value, which gets the last colour
 */
export function colourOf({ table: colours, zero }, value, largest) {
  const place = zero + (value / (largest || 1)) * (255 - zero);
  return colours[Math.max(0, Math.min(255, Math.round(place)))];
}

/** The largest absolute value. */
export function largestOf(values) {
  let largest = 0;
  for (const value of values) largest = Math.max(largest, Math.abs(value));
  return largest;
}

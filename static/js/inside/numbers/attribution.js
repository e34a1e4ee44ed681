/**
 * Which part each pixel had in a score: DeepLIFT with the rescale rule (Shrikumar, Greenside, Kundaje 2017, "Learning
 * important features through propagating activation differences"), compared with an empty page.
 *
 * A layer passes on a difference from the empty page as a weighted sum of its inputs' differences. Followed back from
 * the score, the weights multiply; where relu or pooling stand, the weight is the difference after over the difference
 * before. So a pixel's part is its difference times its multiplier, and the parts add up to the score's difference.
 * (The gradient alone would leave most of the score to the biases.)
 */

import { windowAt } from './convolution.js';

/** @typedef {import('../network.js').Layer} Layer */

/**
 * What one layer gave, for a drawing and for the empty page.
 *
 * @typedef {object} Pair
 * @property {Float32Array} drawn
 * @property {Float32Array} blank
 */

/** From the multipliers of a layer's sums to those of its inputs. */
const BACKWARD = {
  Dense: throughDense,
  Conv2D: throughConvolution,
  MaxPooling2D: throughPooling,
  Flatten: (layer, multipliers) => multipliers,
  Dropout: (layer, multipliers) => multipliers, // does nothing when predicting
  ReLU: (layer, multipliers) => multipliers, // rescaled below
};

/** Makes a function that tells what a linear layer adds up to for one of its outputs, of these inputs. */
const SUMS = {
  Dense: ({ kernel }, deltas) => {
    const rows = rowsOf(kernel);
    return (output) => deltas.reduce((sum, delta, input) => sum + delta * rows[output * deltas.length + input], 0);
  },
  Conv2D: sumsOfConvolution,
  ReLU: (layer, deltas) => (output) => deltas[output],
};

/**
 * The parts that the values of the first layer have in a score.
 *
 * @param {Layer[]} layers that follow each other, from the image to the logits
 * @param {(layer: Layer) => Float32Array} drawnOf what each gave for the drawing
 * @param {(layer: Layer) => Float32Array} blankOf what each gave for the empty page
 * @param {ArrayLike<number>} score factor of each logit: 1 for one class; 1 and -1 for one rather than another
 * @returns {{parts: Float32Array, total: number, blank: number}}
 *   total, the score of the drawing, is blank, that of the empty page, plus all parts, one per value of the image
 * @throws {RangeError} at a kind of layer that is not known here, with the kind as its message
 */
export function partsOf(layers, drawnOf, blankOf, score) {
  const pairOf = (layer) => ({ drawn: drawnOf(layer), blank: blankOf(layer) });
  let multipliers = Float32Array.from(score);
  for (let k = layers.length - 1; k > 0; k--) {
    const [layer, input, output] = [layers[k], pairOf(layers[k - 1]), pairOf(layers[k])];
    if (!(layer.kind in BACKWARD)) throw new RangeError(layer.kind);
    if (layer.activation === 'relu') multipliers = throughRelu(layer, multipliers, input, output);
    multipliers = BACKWARD[layer.kind](layer, multipliers, input, output);
  }
  const deltas = deltasOf(pairOf(layers[0]));
  const scoreOf = (logits) => logits.reduce((sum, logit, k) => sum + logit * score[k], 0);
  const last = pairOf(layers.at(-1));
  return { parts: multipliers.map((value, i) => value * deltas[i]), total: scoreOf(last.drawn), blank: scoreOf(last.blank) };
}

const deltasOf = ({ drawn, blank }) => drawn.map((value, i) => value - blank[i]);

/** Where relu was open both times it changes nothing; where it opened or closed, it passes on a share. */
function throughRelu(layer, multipliers, input, { drawn, blank }) {
  const sumOf = SUMS[layer.kind](layer, deltasOf(input));
  return multipliers.map((multiplier, i) => {
    const after = drawn[i] - blank[i];
    if (multiplier === 0 || after === 0) return 0;
    return drawn[i] > 0 && blank[i] > 0 ? multiplier : (multiplier * after) / sumOf(i);
  });
}

function throughDense({ kernel }, multipliers) {
  const [length] = kernel.shape;
  const result = new Float32Array(length);
  multipliers.forEach((multiplier, output) => addScaled(rowsOf(kernel), output * length, multiplier, result, 0, length));
  return result;
}

/** A window passes its multiplier to its winner, the first of equals. */
function throughPooling(layer, multipliers, input, output) {
  const result = new Float32Array(input.drawn.length);
  const [rows, columns, channels] = layer.shape;
  for (let place = 0; place < rows * columns; place++) {
    const covered = coveredBy(layer, place);
    for (let channel = 0; channel < channels; channel++) {
      const from = place * channels + channel;
      if (multipliers[from] === 0) continue;
      const winner = covered.find(({ source }) => input.drawn[source * channels + channel] === output.drawn[from]);
      const to = winner.source * channels + channel;
      // 1, because the empty page is the same at every place; at a padded edge it is not, and the sum only nearly holds.
      const share = (output.drawn[from] - output.blank[from]) / (input.drawn[to] - input.blank[to]);
      if (Number.isFinite(share)) result[to] += share * multipliers[from];
    }
  }
  return result;
}

function throughConvolution(layer, multipliers, { drawn, blank }) {
  const { kernel, shape } = layer;
  const result = new Float32Array(drawn.length);
  const [incoming, outgoing] = kernel.shape.slice(2);
  const rows = rowsOf(kernel);
  const taps = rows.length / outgoing / incoming;
  for (let place = 0; place < shape[0] * shape[1]; place++) {
    const covered = coveredBy(layer, place).filter(({ source }) => differs(drawn, blank, source, incoming));
    for (let o = 0; o < outgoing; o++) {
      const multiplier = multipliers[place * outgoing + o];
      if (multiplier === 0) continue; // relu and pooling leave few
      for (const { tap, source } of covered) {
        addScaled(rows, (o * taps + tap) * incoming, multiplier, result, source * incoming, incoming);
      }
    }
  }
  return result;
}

function sumsOfConvolution(layer, deltas) {
  const { kernel } = layer;
  const [incoming, outgoing] = kernel.shape.slice(2);
  const rows = rowsOf(kernel);
  const taps = rows.length / outgoing / incoming;
  let covered;
  let at = -1;
  return (output) => {
    const place = Math.floor(output / outgoing);
    if (place !== at) covered = coveredBy(layer, (at = place));
    let sum = 0;
    for (const { tap, source } of covered) {
      const row = ((output % outgoing) * taps + tap) * incoming;
      for (let i = 0; i < incoming; i++) sum += rows[row + i] * deltas[source * incoming + i];
    }
    return sum;
  };
}

/** Whether the drawing changed anything at a place; what did not change has no part, whatever its multiplier. */
function differs(drawn, blank, place, channels) {
  for (let i = place * channels; i < (place + 1) * channels; i++) if (drawn[i] !== blank[i]) return true;
  return false;
}

function addScaled(from, start, factor, to, place, length) {
  for (let i = 0; i < length; i++) to[place + i] += factor * from[start + i];
}

/** Kernels with the weights of each output side by side, [outputs, all inputs], as they are gone through here. */
const turned = new WeakMap();

function rowsOf(kernel) {
  if (!turned.has(kernel)) {
    const outputs = kernel.shape.at(-1);
    const inputs = kernel.values.length / outputs;
    const rows = Float32Array.from(kernel.values, (_, k) => kernel.values[(k % inputs) * outputs + Math.floor(k / inputs)]);
    turned.set(kernel, rows);
  }
  return turned.get(kernel);
}

/** What the windows of layers cover, by output place. */
const windows = new WeakMap();

/** What a window covers when it gives the output `place`: the taps inside the input, and their places there. */
function coveredBy(layer, place) {
  if (!windows.has(layer)) windows.set(layer, []);
  return (windows.get(layer)[place] ??= tapsAt(layer, Math.floor(place / layer.shape[1]), place % layer.shape[1]));
}

function tapsAt(layer, row, column) {
  return windowAt(layer, row, column)
    .map(({ index }, tap) => ({ tap, source: index }))
    .filter(({ source }) => source !== null);
}

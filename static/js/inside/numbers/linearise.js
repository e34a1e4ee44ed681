/**
 * Which part each value had in a score, by exact linearisation.
 *
 * A network of convolutions, relu, max pooling and dense layers is piecewise linear: as long as the same relus are open
 * and the same values win their windows, a score is a weighted sum of the inputs plus what the biases give. Those
 * weights are the gradient, so gradient * input is each input's exact part ("gradient x input", Shrikumar et al. 2016;
 * for such networks equal to layer-wise relevance propagation, Ancona et al. 2018).
 */

/** @typedef {import('../network.js').Layer} Layer */

/** From the gradient at a layer's output (before relu) to the one at its input. */
const BACKWARD = {
  Dense: throughDense,
  Conv2D: throughConvolution,
  MaxPooling2D: throughPooling,
  Flatten: (layer, gradient) => gradient,
  Dropout: (layer, gradient) => gradient, // does nothing when predicting
  ReLU: (layer, gradient) => gradient, // what it closed is cut off below
};

/**
 * The parts that the values of a layer have in a score.
 *
 * @param {Layer[]} layers that follow each other, from the one in question to the logits
 * @param {(layer: Layer) => Float32Array} valuesOf what each gave
 * @param {ArrayLike<number>} score factor of each logit: 1 for one class; 1 and -1 for one rather than another
 * @returns {{parts: Float32Array, total: number, biases: number}}
 *   parts, one per value of the first layer, plus biases sum to total, the score
 * @throws {RangeError} at a kind of layer that is not known here, with the kind as its message
 */
export function partsOf(layers, valuesOf, score) {
  let gradient = Float32Array.from(score);
  for (let k = layers.length - 1; k > 0; k--) {
    const layer = layers[k];
    if (!(layer.kind in BACKWARD)) throw new RangeError(layer.kind);
    const values = valuesOf(layer);
    if (layer.activation === 'relu') gradient = gradient.map((value, i) => (values[i] > 0 ? value : 0));
    gradient = BACKWARD[layer.kind](layer, gradient, layers[k - 1].shape, valuesOf(layers[k - 1]), values);
  }
  const inputs = valuesOf(layers[0]);
  const parts = gradient.map((value, i) => value * inputs[i]);
  const total = valuesOf(layers.at(-1)).reduce((sum, logit, k) => sum + logit * score[k], 0);
  return { parts, total, biases: total - parts.reduce((sum, part) => sum + part, 0) };
}

function throughDense({ kernel }, gradient, [length]) {
  const result = new Float32Array(length);
  addWeighted(kernel.values, gradient, Array.from(gradient.keys()), result);
  return result;
}

/** Each window's gradient goes to its winner, the first of equals. */
function throughPooling({ shape, window }, gradient, inputShape, inputs, winners) {
  const result = new Float32Array(inputs.length);
  const channels = shape[2];
  for (let place = 0; place < shape[0] * shape[1]; place++) {
    const covered = coveredBy(window, place, shape, inputShape);
    for (let channel = 0; channel < channels; channel++) {
      const from = place * channels + channel;
      if (gradient[from] === 0) continue;
      const winner = covered.find(({ source }) => inputs[source * channels + channel] === winners[from]);
      result[winner.source * channels + channel] += gradient[from];
    }
  }
  return result;
}

function throughConvolution({ kernel, shape, window }, gradient, inputShape, inputs) {
  const result = new Float32Array(inputs.length);
  const [incoming, outgoing] = kernel.shape.slice(2);
  for (let place = 0; place < shape[0] * shape[1]; place++) {
    const own = gradient.subarray(place * outgoing, (place + 1) * outgoing);
    const open = Array.from(own.keys()).filter((o) => own[o] !== 0); // relu and pooling leave few
    if (open.length === 0) continue;
    for (const { tap, source } of coveredBy(window, place, shape, inputShape)) {
      const weights = kernel.values.subarray(tap * incoming * outgoing, (tap + 1) * incoming * outgoing);
      addWeighted(weights, own, open, result.subarray(source * incoming, (source + 1) * incoming));
    }
  }
  return result;
}

/** Adds to each input its weights [inputs, outputs] times the gradient of the open outputs. */
function addWeighted(weights, gradient, open, inputs) {
  for (let i = 0; i < inputs.length; i++) {
    let sum = 0;
    for (const o of open) sum += weights[i * gradient.length + o] * gradient[o];
    inputs[i] += sum;
  }
}

/** What a window covers when it gives the output `place`: the taps inside the input, and their places there. */
function coveredBy({ size, strides, offset }, place, [, columns], [inputRows, inputColumns]) {
  const top = Math.floor(place / columns) * strides[0] - offset[0];
  const left = (place % columns) * strides[1] - offset[1];
  const covered = [];
  for (let tap = 0; tap < size[0] * size[1]; tap++) {
    const row = top + Math.floor(tap / size[1]);
    const column = left + (tap % size[1]);
    if (row < 0 || row >= inputRows || column < 0 || column >= inputColumns) continue;
    covered.push({ tap, source: row * inputColumns + column });
  }
  return covered;
}

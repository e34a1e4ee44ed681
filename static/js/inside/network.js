/** A network with everything that the page shows of it: its card, its layers, their weights and activations. */

import { cards } from 'digits:assets';

import { text } from '../strings.js';
import { Problem } from './problem.js';

/**
 * @typedef {object} Weight
 * @property {number[]} shape
 * @property {Float32Array} values row by row
 */

/**
 * @typedef {object} Layer
 * @property {number} index in `network.layers`
 * @property {string} name such as "conv1"
 * @property {string} kind Keras's class, such as "Conv2D"
 * @property {number[]} shape of its output, without the batch
 * @property {number} length how many values its output has
 * @property {number} parameters how many
 * @property {Layer | null} source the layer before it; null for the first
 * @property {string} node of the graph that carries its output; for Dropout its source's
 * @property {Weight | null} kernel [rows, columns, in, out] of Conv2D, [in, out] of Dense
 * @property {Weight | null} bias [out]
 * @property {'relu' | 'linear'} activation
 * @property {{size: number[], strides: number[], offset: number[]} | null} window of Conv2D and MaxPooling2D: rows and
 *   columns that it covers, its steps, and how far it starts outside the input (padding)
 */

/**
 * What one run gave.
 *
 * @typedef {object} Reading
 * @property {Network} network
 * @property {Float32Array} picture greys 0..255, size * size
 * @property {number} size side of the picture
 * @property {number} ink 0 where nothing is drawn
 * @property {Float32Array | null} image the 28 * 28 values fed in place of the network's own first layer
 * @property {(layer: Layer) => Float32Array} of a layer's activation; throws a Problem where the graph has none
 * @property {Float32Array} normalized 28 * 28 values, 0..1, that the network saw
 * @property {Float32Array} logits ten
 * @property {Float32Array} probabilities ten
 */

/**
 * @param {import('../engines/ladder.js').Engine} engine any but the server
 * @param {string} name
 * @returns {Promise<Network>}
 * @throws {Error} when a file does not arrive or the engine computes wrongly
 */
export async function openNetwork(engine, name) {
  const response = await fetch(new URL(cards[name], import.meta.url));
  if (!response.ok) throw new Error(`${cards[name]}: status ${response.status}`);
  const [card, executor] = await Promise.all([response.json(), engine.open(name)]);
  const network = new Network(name, card, executor);
  await network.fetchWeights();
  return network;
}

export class Network {
  /** @type {Layer[]} from the picture's normalising to softmax */
  layers = [];
  #executor;
  #nodes;
  #missing = new Map();

  constructor(name, card, executor) {
    Object.assign(this, { name, card, label: text(`network.${name}`) });
    this.#executor = executor;
    this.#nodes = new Map(executor.graph.modelTopology.node.map((node) => [node.name, node]));
    card.layers.forEach((described, index) => this.layers.push(this.#layer(described, index)));
  }

  /**
   * The layers of a Keras class.
   *
   * @throws {Problem} where the network has none
   */
  ofKind(kind) {
    const found = this.layers.filter((layer) => layer.kind === kind);
    if (found.length === 0) throw new Problem(text('problem.kind', { kind }));
    return found;
  }

  /** The layer whose output softmax turns into probabilities. */
  get last() {
    return this.layers.at(-2);
  }

  /**
   * Runs the network.
   *
   * @param {Float32Array} picture size * size greys, 0..255
   * @param {number} size
   * @param {Float32Array | null} image 28 * 28 values to feed in place of what the first layer makes of the picture
   * @returns {Promise<Reading>}
   */
  async read(picture, size, image = null) {
    const [front, ...others] = this.layers;
    const feeds = { picture: { values: picture, shape: [1, size, size] } };
    if (image) feeds[front.node] = { values: image, shape: [1, ...front.shape] };
    const computed = [front, ...others].filter((layer) => !this.#missing.has(layer) && !(image && layer === front));
    const nodes = [...new Set(['ink', 'probabilities', ...computed.map(({ node }) => node)])];
    const values = await this.#executor.run(feeds, nodes);
    const outputs = new Map(nodes.map((node, index) => [node, values[index]]));
    if (image) outputs.set(front.node, image);
    return {
      network: this,
      picture,
      size,
      image,
      ink: outputs.get('ink')[0],
      of: (layer) => this.#checked(layer, outputs.get(layer.node)),
      normalized: outputs.get(front.node),
      logits: outputs.get(this.last.node),
      probabilities: outputs.get('probabilities'),
    };
  }

  /**
   * Runs the rest of the network, from the output of a layer on.
   *
   * @param {Layer} layer
   * @param {Float32Array} values `count` outputs of this layer, one after the other
   * @param {number} count
   * @returns {Promise<Float32Array>} `count` times the logits
   */
  async resume(layer, values, count) {
    const feeds = { [layer.node]: { values, shape: [count, ...layer.shape] } };
    const [outputs] = await this.#executor.run(feeds, [this.last.node]);
    return outputs;
  }

  /** Brings the weights of every layer; they never change afterwards. */
  async fetchWeights() {
    const fetched = async (name) => {
      const [{ shape }] = this.#executor.weights[name];
      return { shape, values: await this.#executor.weights[name][0].data() };
    };
    for (const layer of this.layers.filter(({ parameters }) => parameters > 0)) {
      const weights = await Promise.all(this.#ownNodes(layer).constants.map(fetched));
      const ofRank = (rank) => weights.find(({ shape }) => shape.length === rank && shape.at(-1) === layer.shape.at(-1));
      layer.kernel = ofRank(layer.source.shape.length + 1) ?? null;
      layer.bias = ofRank(1) ?? null;
    }
  }

  #checked(layer, values) {
    if (this.#missing.has(layer)) throw this.#missing.get(layer);
    if (values.length !== layer.length) {
      throw new Problem(text('problem.shape', { layer: layer.name, shape: layer.shape.join(' × '), n: values.length }));
    }
    return values;
  }

  #layer({ name, class: kind, output_shape: shape, parameters, node: named }, index) {
    const source = this.layers[index - 1] ?? null;
    const length = shape.reduce((product, side) => product * side, 1);
    const layer = { index, name, kind, shape, length, parameters, source, kernel: null, bias: null };
    layer.node = named === null ? source?.node : this.#computing(named);
    const inherited = named === null && this.#missing.get(source);
    if (inherited) this.#missing.set(layer, inherited);
    else if (layer.node === undefined) this.#missing.set(layer, new Problem(text('problem.node', { layer: name, node: named })));
    const { operations } = this.#ownNodes(layer);
    const activated = operations.some(({ op, attr }) => op === 'Relu' || listed(attr?.fused_ops).includes('Relu'));
    layer.activation = activated ? 'relu' : 'linear';
    layer.window = this.#windowOf(layer, operations);
    return layer;
  }

  /** The node that computes what a node merely passes on, so that it can be fed too. */
  #computing(name) {
    const node = this.#nodes.get(name);
    return node?.op === 'Identity' ? this.#computing(producer(node.input[0])) : node?.name;
  }

  /** The operations between a layer's source and its output, the last first, and the constants that they take. */
  #ownNodes({ node, source }) {
    const operations = [];
    const constants = [];
    const pending = source && node !== source.node ? [node] : [];
    for (const name of pending) {
      const found = this.#nodes.get(name);
      if (found?.op === 'Const') constants.push(name);
      else if (found) {
        operations.push(found);
        const inputs = (found.input ?? []).map(producer);
        pending.push(...inputs.filter((input) => input !== source.node && !pending.includes(input)));
      }
    }
    return { operations, constants };
  }

  #windowOf({ shape, source }, operations) {
    const found = operations.find(({ op }) => /Conv2D$|MaxPool/.test(op));
    if (!found) return null;
    const { attr, op, input } = found;
    const size = op === 'MaxPool' ? listed(attr.ksize).slice(1, 3) : this.#shapeOf(producer(input[1])).slice(0, 2);
    const strides = listed(attr.strides).slice(1, 3);
    // As TensorFlow pads for "SAME": half of what the last window reaches too far, rounded down, on the near side.
    const tooFar = (axis) => Math.max(0, (shape[axis] - 1) * strides[axis] + size[axis] - source.shape[axis]);
    return { size, strides, offset: [0, 1].map((axis) => Math.floor(tooFar(axis) / 2)) };
  }

  #shapeOf(name) {
    return this.#executor.weights[name][0].shape;
  }
}

/** "scope/node:0" to "scope/node". */
const producer = (input) => input.replace(/^\^|:\d+$/g, '');

/** The values of a list attribute in TensorFlow's JSON form: numbers, or texts in base64. */
function listed(attribute) {
  const { i, s } = attribute?.list ?? {};
  return i ? i.map(Number) : (s ?? []).map(atob);
}

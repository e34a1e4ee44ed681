/** A network run by TensorFlow.js, on whichever backend is set. */

import '@tensorflow/tfjs-core/dist/base_side_effects.js';
import '@tensorflow/tfjs-converter/dist/flags.js';
import { dispose, setBackend, tensor } from '@tensorflow/tfjs-core';
import { GraphModel } from '@tensorflow/tfjs-converter/dist/executor/graph_model.js';

import { models } from 'digits:assets';

import { checkGolden } from './golden.js';

const OUTPUTS = ['probabilities', 'normalized', 'ink'];

/** @typedef {import('./ladder.js').Engine} Engine */
/** @typedef {import('./ladder.js').Network} Network */

/**
 * Starts a backend of TensorFlow.js.
 *
 * @param {string} backend 'wasm', 'cpu' or 'webgl', registered with its kernels
 * @param {string} [first] network that will be asked for: its files are on their way while the backend starts
 * @returns {Promise<Engine>}
 * @throws {Error} when the backend does not start
 */
export async function openTensorFlow(backend, first) {
  const files = first && filesOf(first);
  files?.catch(() => {}); // whoever opens the network is told
  if (!(await setBackend(backend))) throw new Error(`TensorFlow.js could not start its ${backend} backend.`);
  return { name: backend, open: (name) => openNetwork(name === first ? files : filesOf(name)) };
}

/**
 * Loads a network, and gives none of its answers before it has given the right ones to its golden pictures. The first of
 * them is its warm-up as well; for the others nobody waits who does not ask yet.
 *
 * @param {Promise<[object, ArrayBuffer]>} files as `filesOf` gives them
 * @returns {Promise<Network>} whose answers fail where a golden picture was read wrongly
 * @throws {Error} when a file does not arrive, or the first answer is wrong
 */
async function openNetwork(files) {
  const [graph, weightData] = await files;
  const model = new GraphModel({ load: async () => ({ ...graph, weightData }) });
  await model.load();
  const runner = new Runner(model);
  const read = async (picture, width, height) => {
    const feeds = { picture: { values: picture, shape: [1, height, width] } };
    const [probabilities, normalized, [ink]] = await runner.run(feeds, OUTPUTS);
    return { probabilities, normalized, ink };
  };
  const check = (golden) => checkGolden({ read }, golden, graph.goldenTolerance);
  const [first, ...others] = graph.golden;
  await check([first]);
  const checkOthers = async () => {
    await new Promise((resolve) => setTimeout(resolve));
    await check(others);
    runner.bySize = graph.bySize;
  };
  const checked = checkOthers();
  checked.catch(() => {}); // whoever asks is told
  return {
    graph,
    weights: model.weights,
    run: (feeds, nodes) => checked.then(() => runner.run(feeds, nodes)),
    read: (...picture) => checked.then(() => read(...picture)),
  };
}

/** A network's graph, with the few words of its card that pages need, and its weights. */
function filesOf(name) {
  return Promise.all([
    download(models[name].graph).then((response) => response.json()),
    download(models[name].weights).then((response) => response.arrayBuffer()),
  ]);
}

async function download(file) {
  const response = await fetch(new URL(file, import.meta.url));
  if (!response.ok) throw new Error(`${file}: status ${response.status}`);
  return response;
}

/** Runs a graph. What only the picture's size decides is computed once for a size. */
class Runner {
  /** Names of the nodes that the picture's size decides; none before the golden pictures, each of its own size, are read. */
  bySize = [];

  #model;
  #size = '';
  /** @type {Record<string, import('@tensorflow/tfjs-core').Tensor>} the nodes `bySize` for pictures of this size */
  #known = {};

  /** @param {GraphModel} model */
  constructor(model) {
    this.#model = model;
  }

  /** As `run` of a Network. */
  async run(feeds, nodes) {
    const inputs = {};
    const outputs = [];
    try {
      for (const [node, { values, shape }] of Object.entries(feeds)) inputs[node] = tensor(values, shape, 'float32');
      const known = inputs.picture && this.bySize.length > 0 ? this.#knownOf(inputs.picture) : {};
      outputs.push(...this.#execute({ ...inputs, ...known }, nodes));
      return await Promise.all(outputs.map((output) => output.data()));
    } finally {
      dispose([inputs, outputs]);
    }
  }

  #knownOf(picture) {
    if (this.#size !== String(picture.shape)) {
      const values = this.#execute({ picture }, this.bySize);
      dispose(this.#known);
      this.#known = Object.fromEntries(this.bySize.map((node, index) => [node, values[index]]));
      this.#size = String(picture.shape);
    }
    return this.#known;
  }

  #execute(inputs, nodes) {
    return [this.#model.execute(inputs, nodes)].flat();
  }
}

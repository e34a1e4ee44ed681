/** A network run by TensorFlow.js, on whichever backend is set. */

import '@tensorflow/tfjs-core/dist/base_side_effects.js';
import '@tensorflow/tfjs-converter/dist/flags.js';
import { setBackend } from '@tensorflow/tfjs-core';
import { GraphModel } from '@tensorflow/tfjs-converter/dist/executor/graph_model.js';

import { checkGolden } from './golden.js';
import { openingOnce } from './networks.js';
import { Tape } from './tape.js';

/** For how many sizes of pictures, or other questions to the graph, the calls are kept. */
const TAPES = 16;

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
  const open = openingOnce('graph', openNetwork, first); // each once: their tensors are never given back
  if (!(await setBackend(backend))) throw new Error(`TensorFlow.js could not start its ${backend} backend.`);
  return { name: backend, open };
}

/**
 * Loads a network, and gives none of its answers before it has given the right ones to its golden pictures.
 *
 * @param {Promise<[object, ArrayBuffer]>} files its graph, with the few words of its card that pages need, and its weights
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
  const { rest } = await checkGolden(read, graph);
  return {
    graph,
    weights: model.weights,
    run: (feeds, nodes) => rest.then(() => runner.run(feeds, nodes)),
    read: (...picture) => rest.then(() => read(...picture)),
  };
}

/** Runs a graph. */
class Runner {
  #model;
  /** By what is asked and the shapes of what is fed; the one used last comes last. @type {Map<string, Tape>} */
  #tapes = new Map();

  /** @param {GraphModel} model */
  constructor(model) {
    this.#model = model;
  }

  /** As `run` of a Network. */
  run(feeds, nodes) {
    const names = Object.keys(feeds);
    const fed = Object.values(feeds);
    const key = JSON.stringify([names, fed.map(({ shape }) => shape), nodes]);
    const tape = this.#tapes.get(key) ?? new Tape(fed, (inputs) => this.#execute(names, inputs, nodes));
    this.#tapes.delete(key);
    this.#tapes.set(key, tape);
    if (this.#tapes.size > TAPES) this.#dropOldest();
    return tape.play(fed);
  }

  #execute(names, inputs, nodes) {
    return [this.#model.execute(Object.fromEntries(names.map((name, index) => [name, inputs[index]])), nodes)].flat();
  }

  #dropOldest() {
    const [[key, tape]] = this.#tapes;
    tape.dispose();
    this.#tapes.delete(key);
  }
}

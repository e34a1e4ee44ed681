/**
 * Writes down what a graph asks of TensorFlow.js's wasm binary for a picture of one size: the plan that
 * static/js/engines/plan.js plays.
 *
 * TensorFlow.js runs the graph here. Our graphs take no decision by values, so every run on a picture of that size makes
 * the same calls to the binary, with the same numbers; only what lies in its memory differs. Whatever does not depend on
 * the picture is computed here, and is part of the plan.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

import { enlarged } from '../js/engines/enlarged.js';
import { checkGolden } from '../js/engines/golden.js';
import { Player } from '../js/engines/plan.js';
import { smallest } from './models.mjs';
import { BYTES, Recording } from './recording.mjs';

const require = createRequire(import.meta.url);
const BINARIES = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));

/** Tensors begin at multiples of so many bytes, as vector instructions like it. */
const ALIGNMENT = 16;

/**
 * Offsets count from the beginning of the plan's memory, in bytes.
 *
 * @typedef {object} Plan
 * @property {number} side of the picture
 * @property {number} bytes of memory
 * @property {number[]} integers at its beginning: shapes, to which calls point
 * @property {[number, number[]][]} numbers offset and values of what does not depend on the picture, but for the weights
 * @property {[number, number, number, number, number][]} weights offset, count, where they begin in the file of weights,
 *   a byte each, and the scale and the least value that make them numbers
 * @property {[number, number, number][]} constants of both: number by which the binary knows one, count, offset
 * @property {[number, number, number][]} tensors the same of what depends on the picture
 * @property {[string, number[]][]} functions name, and which of their arguments are offsets
 * @property {number[][]} calls in their order: index of the function, arguments
 * @property {number} picture offset of what is read
 * @property {Record<string, [number, number]>} outputs offset and count of what is answered
 */

/**
 * The file of a model's plan, with golden pictures to check it by. The card tells what is right of pictures as they are;
 * of the same ones enlarged to the plan's size TensorFlow.js tells it, once it was right about all of the card's.
 *
 * @param {{name: string, graph: object, weights: Buffer, card: object}} model
 * @param {number} side of the picture
 * @returns {Promise<Buffer>}
 * @throws {Error} when TensorFlow.js or the plan read a golden picture wrongly
 */
export async function planFile({ graph, weights, card }, side) {
  const goldenTolerance = card.golden_tolerance;
  const network = await openNetwork(graph, weights);
  await checkAll(network.read, { golden: card.golden, goldenTolerance });

  const golden = card.golden.map((picture) => {
    const greys = Buffer.from(picture.pixels, 'base64');
    const { probabilities } = network.read(enlarged(greys, picture.width, picture.height, side), side, side);
    return { ...picture, probabilities: [...probabilities] };
  });
  const plan = JSON.parse(JSON.stringify({ side, ...network.plan(side) })); // as the page gets it
  const binary = await WebAssembly.compile(await readFile(path.join(BINARIES, 'tfjs-backend-wasm-simd.wasm')));
  const player = await Player.start(binary, plan, new Uint8Array(weights).buffer);
  const play = (picture, width, height) => player.play(enlarged(picture, width, height, side));
  await checkAll(play, { golden, goldenTolerance });
  return Buffer.from(JSON.stringify({ ...plan, golden: smallest(golden), goldenTolerance }));
}

async function checkAll(read, file) {
  await (await checkGolden(read, file)).rest;
}

/** A graph run by TensorFlow.js on its wasm binary. */
async function openNetwork(graph, weights) {
  const tf = require('@tensorflow/tfjs-core');
  const { GraphModel } = require('@tensorflow/tfjs-converter');
  require('@tensorflow/tfjs-backend-wasm').setWasmPaths(`${BINARIES}/`);
  await tf.setBackend('wasm');

  const { modelTopology, signature, weightsManifest } = graph;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const weightData = new Uint8Array(weights).buffer;
  const model = new GraphModel(tf.io.fromMemory({ modelTopology, signature, weightSpecs, weightData }));
  await model.load();
  const names = Object.keys(signature.outputs);
  const run = (picture) => model.execute({ picture }, names);
  return {
    read: (picture, width, height) => {
      const outputs = run(tf.tensor(Float32Array.from(picture), [1, height, width]));
      return Object.fromEntries(names.map((name, index) => [name, outputs[index].dataSync()]));
    },
    plan: (side) => {
      const picture = tf.zeros([1, side, side]);
      const recording = new Recording(tf, picture);
      const outputs = recording.of(() => run(picture));
      return layOut(recording, placesOf(model.weights, weightSpecs), {
        picture: recording.idOf(picture),
        outputs: Object.fromEntries(names.map((name, index) => [name, recording.idOf(outputs[index])])),
      });
    },
  };
}

/** Where quantized weights begin in their file, and what makes them numbers: by the data of the tensor. */
function placesOf(tensors, specs) {
  const places = new Map();
  let start = 0;
  for (const { name, shape, quantization } of specs) {
    if (quantization) places.set(tensors[name][0].dataId, [start, quantization.scale, quantization.min]);
    start += shape.reduce((product, length) => product * length, quantization ? 1 : BYTES);
  }
  return places;
}

/** Gives everything its place in memory, and writes the calls down as numbers. */
function layOut({ calls, counts, constants }, places, { picture, outputs }) {
  const shapes = new Shapes();
  for (const bytes of calls.flat().filter((arg) => arg instanceof Uint8Array)) shapes.add(bytes);
  const offsets = new Map();
  let bytes = BYTES * shapes.integers.length;
  for (const [id, count] of counts) {
    bytes = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    offsets.set(id, bytes);
    bytes += BYTES * count;
  }
  const offsetOf = (arg) => (arg instanceof Uint8Array ? shapes.offsetOf(arg) : offsets.get(arg.id) + arg.bytes);
  const isPointer = (arg) => typeof arg === 'object';

  const functions = new Map();
  for (const [name, ...args] of calls) {
    functions.set(name, [...args.keys()].filter((position) => isPointer(args[position])));
  }
  const names = [...functions.keys()];
  const kept = [...constants].map(([dataId, { id, values }]) => ({ id, values, place: places.get(dataId) }));
  const ids = new Set(kept.map(({ id }) => id));
  const tensors = [...counts].map(([id, count]) => [id, count, offsets.get(id)]);
  return {
    bytes,
    integers: shapes.integers,
    numbers: kept.filter(({ place }) => !place).map(({ id, values }) => [offsets.get(id), values]),
    weights: kept.filter(({ place }) => place).map(({ id, place }) => [offsets.get(id), counts.get(id), ...place]),
    constants: tensors.filter(([id]) => ids.has(id)),
    tensors: tensors.filter(([id]) => !ids.has(id)),
    functions: [...functions],
    calls: calls.map(([name, ...args]) => [
      names.indexOf(name),
      ...args.map((arg) => (isPointer(arg) ? offsetOf(arg) : Number(arg))), // there are bools
    ]),
    picture: offsets.get(picture),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, id]) => [name, [offsets.get(id), counts.get(id)]])),
  };
}

/** Lists of integers one after the other, each different one once. */
class Shapes {
  /** @type {number[]} */
  integers = [];
  #offsets = new Map();

  /** @param {Uint8Array} bytes */
  add(bytes) {
    if (this.#offsets.has(bytes.join())) return;
    this.#offsets.set(bytes.join(), BYTES * this.integers.length);
    this.integers.push(...new Int32Array(Uint8Array.from(bytes).buffer));
  }

  offsetOf(bytes) {
    return this.#offsets.get(bytes.join());
  }
}

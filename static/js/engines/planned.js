/**
 * TensorFlow.js's kernels on WebAssembly without the rest of TensorFlow.js: what they are called with was found out when
 * the page was built. It reads pictures of the pad's size and is there sooner; what else is asked of a graph, wasm.js
 * answers.
 */

import { wasm } from 'digits:assets';

import { enlarged } from './enlarged.js';
import { fetched } from './fetched.js';
import { checkGolden } from './golden.js';
import { openingOnce } from './networks.js';
import { Player } from './plan.js';
import { serveFromWorker } from './worker.js';

/** @typedef {import('./ladder.js').Engine} Engine */
/** @typedef {import('./ladder.js').Network} Network */

const TYPE = 'application/wasm';
/** An empty function with a vector in it. */
const VECTORS = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 65, 0, 253, 15, 26, 11];

/**
 * @param {string} [first] network that will be asked for: its files are on their way while the binary is compiled
 * @returns {Promise<Engine>}
 * @throws {Error} when there is no WebAssembly, or the binary does not arrive
 */
export async function open(first) {
  const binary = compiled(WebAssembly.validate(Uint8Array.from(VECTORS)) ? wasm.simd : wasm.plain);
  const openOnce = openingOnce('plan', async (files) => openNetwork(await binary, await files), first);
  await binary;
  return { name: 'wasm', open: openOnce };
}

/** While it arrives, unless a proxy between us and the server has lost its type: browsers insist on that. */
async function compiled(file) {
  const response = await fetched(file);
  if (response.headers.get('Content-Type') === TYPE) return WebAssembly.compileStreaming(response);
  return WebAssembly.compile(await response.arrayBuffer());
}

/**
 * @param {WebAssembly.Module} binary
 * @param {[object, ArrayBuffer]} files plan and weights
 * @returns {Promise<Network>}
 */
async function openNetwork(binary, [plan, weights]) {
  const player = await Player.start(binary, plan, weights);
  const read = async (picture, width, height) => {
    if (width !== plan.side || height !== plan.side) throw new Error(`The plan is for pictures of ${plan.side} pixels.`);
    const { probabilities, normalized, ink } = player.play(picture);
    return { probabilities, normalized, ink: ink[0] };
  };
  const readEnlarged = (picture, width, height) => read(enlarged(picture, width, height, plan.side), plan.side, plan.side);
  const { rest } = await checkGolden(readEnlarged, plan);
  return { read: (...picture) => rest.then(() => read(...picture)) };
}

serveFromWorker(open);

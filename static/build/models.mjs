import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

/** How many of the card's golden pictures the page checks an engine with before it believes it. */
const CHECKED = 3;

/**
 * Reads every model under `folder`: the TensorFlow.js graph, its weights and its card.
 *
 * @param {string} folder static/models
 * @returns {Promise<{name: string, graph: object, weights: Buffer, card: object}[]>}
 */
export async function readModels(folder) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (names.length === 0) {
    throw new Error(`${folder} holds no model. Run \`make train\`, or restore the folder from the repository.`);
  }
  return Promise.all(names.sort().map((name) => readModel(path.join(folder, name), name)));
}

async function readModel(folder, name) {
  const [graph, card] = await Promise.all(
    ['model.json', 'card.json'].map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8'))),
  );
  const shards = graph.weightsManifest.flatMap(({ paths }) => paths);
  const weights = Buffer.concat(await Promise.all(shards.map((shard) => readFile(path.join(folder, shard)))));
  return { name, graph, weights, card };
}

/**
 * The files of a model that pages load: the graph with the few words of the card that every page needs, the weights
 * in one piece, and the card without its golden pictures, which the page Inside shows.
 */
export function pageFiles({ name, graph, weights, card }) {
  const page = {
    name,
    version: card.version,
    modelTopology: graph.modelTopology,
    weightSpecs: graph.weightsManifest.flatMap(({ weights: specs }) => specs),
    signature: graph.signature,
    golden: smallest(card.golden),
    goldenTolerance: card.golden_tolerance,
  };
  return {
    graph: Buffer.from(JSON.stringify(page)),
    weights,
    card: Buffer.from(JSON.stringify({ ...card, golden: undefined })),
  };
}

/** The golden pictures of different digits that cost the fewest bytes on the wire. */
export function smallest(golden) {
  const bytes = (picture) => gzipSync(Buffer.from(picture.pixels, 'base64')).length;
  const byDigit = new Map();
  for (const picture of golden.toSorted((a, b) => bytes(a) - bytes(b))) {
    if (picture.label !== null && !byDigit.has(picture.label)) byDigit.set(picture.label, picture);
  }
  return [...byDigit.values()].slice(0, CHECKED);
}

/**
 * Leaves out of TensorFlow.js what our graphs never call: ops, kernels, optimizers, gradients, file formats, threads.
 *
 * The list is not written by hand. The ops are read from the graphs; the kernels are recorded while the graphs
 * run on the golden pictures. TensorFlow.js itself foresees such custom bundles (`dist/base.js`,
 * `ops_for_converter.js`), but its own tool for them is tied to other bundlers.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const package_ = (name) => path.dirname(require.resolve(`@tensorflow/${name}/package.json`));
const core = path.join(package_('tfjs-core'), 'dist');
const converter = path.join(package_('tfjs-converter'), 'dist');

/** Kernels that the core calls on its own account, whatever the graph: copies, type changes, reshapes. */
const ALWAYS = ['Cast', 'Identity', 'Reshape'];

/**
 * @typedef {object} Usage
 * @property {Set<string>} graphOps TensorFlow's ops in the graphs, such as "FusedConv2D"
 * @property {Set<string>} kernels TensorFlow.js's kernels that they call, such as "Conv2D"
 */

/**
 * Finds what the models need, by reading their graphs and by running them on their golden pictures.
 *
 * @param {{graph: object, weights: Buffer, card: object}[]} models
 * @returns {Promise<Usage>}
 */
export async function usage(models) {
  const tf = require('@tensorflow/tfjs-core');
  require('@tensorflow/tfjs-backend-cpu');
  tf.enableProdMode();
  const { GraphModel } = require('@tensorflow/tfjs-converter');

  const graphOps = new Set();
  const kernels = new Set(ALWAYS);
  for (const { graph, weights, card } of models) {
    const { modelTopology, weightsManifest, signature } = graph;
    const functions = modelTopology.library?.function ?? [];
    const nodes = [modelTopology.node, ...functions.map(({ nodeDef }) => nodeDef)].flat();
    for (const { op } of nodes) graphOps.add(op);

    const model = new GraphModel(
      tf.io.fromMemory({
        modelTopology,
        signature,
        weightSpecs: weightsManifest.flatMap((group) => group.weights),
        weightData: new Uint8Array(weights).buffer,
      }),
    );
    await model.load();
    for (const { width, height, pixels } of card.golden) {
      const picture = tf.tensor(Float32Array.from(Buffer.from(pixels, 'base64')), [1, height, width]);
      const { kernelNames } = await tf.profile(() => model.execute({ picture }, Object.keys(signature.outputs)));
      // A profile also names the scopes around kernels.
      kernelNames.filter((name) => tf.getKernel(name, 'cpu')).forEach((name) => kernels.add(name));
    }
  }
  return { graphOps, kernels };
}

/**
 * The esbuild plugin. Also provides `digits:kernels/<backend>`, which registers that backend's share of kernels.
 *
 * @param {Usage} usage
 * @returns {import('esbuild').Plugin}
 */
export function slimTensorFlow({ graphOps, kernels }) {
  return {
    name: 'slim-tensorflow',
    async setup(build) {
      const categories = await opCategories();
      const used = new Set([...graphOps].map((op) => categories.get(op)));
      const nothing = (file, contents = '') => ({ path: file, namespace: 'nothing', pluginData: contents });

      // The core without gradients and optimizers; static/js imports the rest of its set-up by name.
      build.onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: path.join(core, 'base.js') }));
      // Models come from our own fetch: no IndexedDB, no file pickers, no HTTP loader.
      build.onResolve({ filter: /^\.\/io\/io$/ }, () => ({ path: path.join(core, 'io/io_utils.js') }));
      build.onResolve({ filter: /wasm-threaded-simd(\.worker)?\.js$/ }, ({ path: file }) =>
        nothing(file, 'export default null; export const wasmWorkerContents = null;'),
      );

      build.onResolve({ filter: /^\.\/executors\/\w+_executor$/ }, ({ path: file }) => {
        const category = path.basename(file).replace(/_executor$/, '');
        return used.has(category) ? null : nothing(file, 'export const executeOp = null;');
      });
      build.onLoad({ filter: /operations[\\/]op_list[\\/]\w+\.js$/ }, async ({ path: file }) => {
        const ops = (await import(pathToFileURL(file))).json.filter(({ tfOpName }) => graphOps.has(tfOpName));
        return { contents: `export const json = ${JSON.stringify(ops)};` };
      });
      build.onLoad({ filter: /ops_for_converter\.js$/ }, async () => ({
        contents: await opExports(graphOps),
        resolveDir: path.join(core, 'ops'),
      }));

      build.onResolve({ filter: /^digits:kernels\// }, ({ path: name }) => ({ path: name, namespace: 'kernels' }));
      build.onLoad({ filter: /.*/, namespace: 'kernels' }, async ({ path: name }) => ({
        contents: await kernelRegistration(path.basename(name), kernels),
        resolveDir: path.join(core, '..'),
      }));
      build.onLoad({ filter: /.*/, namespace: 'nothing' }, ({ pluginData }) => ({ contents: pluginData }));
    },
  };
}

/** Which of the converter's executors runs an op: {"Conv2D" => "convolution", ...}. */
async function opCategories() {
  const source = await readFile(path.join(converter, 'operations/operation_mapper.js'), 'utf8');
  const lists = [...source.matchAll(/from '\.\/(op_list\/\w+)'/g)].map(([, list]) => list);
  const ops = await Promise.all(
    lists.map(async (list) => (await import(pathToFileURL(path.join(converter, 'operations', `${list}.js`)))).json),
  );
  return new Map(ops.flat().map(({ tfOpName, category }) => [tfOpName, category]));
}

/** A module that exports only those functions of the core that the executors of `graphOps` call. */
async function opExports(graphOps) {
  const table = JSON.parse(await readFile(path.join(converter, '../metadata/kernel2op.json'), 'utf8'));
  const names = new Set([...graphOps].flatMap((op) => table[op] ?? []).map((name) => name.split('.')[0]));
  // `fused` is a module of its own inside the ops; every other function is exported by name.
  return `export { ${[...names].join(', ')} } from './ops';`;
}

/** A module that registers one backend's kernels, and those kernels that they call themselves. */
async function kernelRegistration(backend, kernels) {
  const folder = path.join(package_(`tfjs-backend-${backend}`), 'dist/kernels');
  const configs = new Map();
  const pending = [...kernels].sort();
  for (const kernel of pending) {
    const file = path.join(folder, `${kernel}.js`);
    const source = await readFile(file, 'utf8');
    const [, config] = source.match(/export const (\w+Config) =/) ?? [];
    if (!config || configs.has(config)) continue; // a file of helpers, or here already
    configs.set(config, file);
    pending.push(...[...source.matchAll(/from '\.\/(\w+)'/g)].map(([, other]) => other));
  }
  return `import { registerKernel } from '@tensorflow/tfjs-core';
${[...configs].map(([config, file]) => `import { ${config} } from ${JSON.stringify(file)};`).join('\n')}
[${[...configs.keys()].join(', ')}].forEach(registerKernel);`;
}

/**
 * Builds the page: `node static/build.mjs [--models DIR] [--out DIR]`.
 *
 * Writes static/dist/: every file under a name with its content's hash (so that it may be cached for ever) and
 * manifest.json, which maps the logical name ("draw.js", "models/robust.bin") to that file name; and beside each file
 * its copies compressed by brotli and gzip, where they are smaller.
 */

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import esbuild from 'esbuild';

import { writeCompressed } from './build/compressed.mjs';
import { hashedName } from './build/hashed-name.mjs';
import { icon } from './build/icon.mjs';
import { pageFiles, readModels } from './build/models.mjs';
import { planFile } from './build/plan.mjs';
import { slimTensorFlow, usage } from './build/slim-tensorflow.mjs';
import { PICTURE_SIZE } from './js/raster.js';

const here = path.dirname(fileURLToPath(import.meta.url));
const { values: options } = parseArgs({
  options: {
    models: { type: 'string', default: path.join(here, 'models') },
    out: { type: 'string', default: path.join(here, 'dist') },
  },
});

/** The engines that TensorFlow.js drives, static/js/engines/<name>.js; `digits:assets` says where each lies. */
const ENGINES = ['wasm', 'cpu', 'webgl'];

/** Sides of the icons that systems ask for when the page is installed, in pixels. */
const ICON_SIZES = [180, 192, 512];

/** Logical name to hashed file name. */
const manifest = {};

/** Writes one file under its hashed name and enters it into the manifest. */
async function emit(name, bytes) {
  manifest[name] = hashedName(name, bytes);
  await writeFile(path.join(options.out, manifest[name]), bytes);
}

/** What static/js imports as `digits:assets`: where the models and binaries lie, by their hashed names. */
function assets(models) {
  const contents = {
    models: Object.fromEntries(
      models.map(({ name, card }) => [
        name,
        {
          threshold: card.threshold,
          graph: manifest[`models/${name}.json`],
          weights: manifest[`models/${name}.bin`],
          plan: manifest[`models/${name}.plan.json`],
        },
      ]),
    ),
    cards: Object.fromEntries(models.map(({ name }) => [name, manifest[`models/${name}.card.json`]])),
    engines: Object.fromEntries(ENGINES.map((engine) => [engine, manifest[`${engine}.js`]])),
    planned: manifest['planned.js'],
    saving: manifest['saving.js'],
    wasm: { simd: manifest['tfjs-backend-wasm-simd.wasm'], plain: manifest['tfjs-backend-wasm.wasm'] },
  };
  return {
    name: 'assets',
    setup(build) {
      build.onResolve({ filter: /^digits:assets$/ }, (asked) => ({ path: asked.path, namespace: 'assets' }));
      build.onLoad({ filter: /.*/, namespace: 'assets' }, () => ({
        contents: JSON.stringify(contents),
        loader: 'json',
      }));
    },
  };
}

const bundling = {
  absWorkingDir: here,
  bundle: true,
  format: 'esm',
  // The oldest with all that the pages use: lengths in svh, workers that are modules, CompressionStream.
  target: ['chrome108', 'firefox114', 'safari16.4'],
  minify: true,
  legalComments: 'none',
  outdir: options.out,
  entryNames: '[name]-[hash]',
  metafile: true,
  logLevel: 'warning',
  // The executors mention every op there is; those that the graphs do not call are left out on purpose.
  logOverride: { 'import-is-undefined': 'silent' },
};

/** Bundles scripts or style sheets, each into one file, and enters them into the manifest. */
async function bundle(entryPoints, plugins = []) {
  const { metafile } = await esbuild.build({ ...bundling, entryPoints, plugins });
  for (const [output, { entryPoint }] of Object.entries(metafile.outputs)) {
    manifest[path.basename(entryPoint)] = path.basename(output);
  }
}

await mkdir(options.out, { recursive: true });
const models = await readModels(options.models);
for (const model of models) {
  const { graph, weights, card } = pageFiles(model);
  await emit(`models/${model.name}.json`, graph);
  await emit(`models/${model.name}.bin`, weights);
  await emit(`models/${model.name}.card.json`, card);
  await emit(`models/${model.name}.plan.json`, await planFile(model, PICTURE_SIZE));
}
const wasmFolder = path.dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm'));
for (const binary of ['tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm.wasm']) {
  await emit(binary, await readFile(path.join(wasmFolder, binary)));
}
for (const file of ['favicon.svg', 'sample.zip']) await emit(file, await readFile(path.join(here, file)));
for (const size of ICON_SIZES) await emit(`icon-${size}.png`, await icon(size));
// One file per engine, with its own share of TensorFlow.js and nothing of another engine's: a page loads one of them.
await bundle(ENGINES.map((engine) => `js/engines/${engine}.js`), [assets(models), slimTensorFlow(await usage(models))]);
await bundle(['js/engines/planned.js'], [assets(models)]); // for workers; the page has it in its own script
await bundle(['js/saving/saving.js']); // which a page with a pad loads only when something is saved
await bundle(
  [
    ...['draw', 'compare', 'inside', 'standalone', 'service-worker'].map((name) => `js/${name}.js`),
    ...['style', 'compare', 'inside', 'report'].map((name) => `css/${name}.css`),
  ],
  [assets(models)],
);
const files = Object.values(manifest);
const copies = await Promise.all(files.map((file) => writeCompressed(path.join(options.out, file))));
await writeFile(path.join(options.out, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

// What an earlier build left goes last, so that a server that runs meanwhile finds every file it names.
const current = new Set(['manifest.json', ...files, ...copies.flat().map((copy) => path.basename(copy))]);
for (const file of await readdir(options.out)) {
  if (!current.has(file)) await rm(path.join(options.out, file), { recursive: true });
}

import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm/dist/base.js';
import { env } from '@tensorflow/tfjs-core';

import { wasm } from 'digits:assets';
import 'digits:kernels/wasm';

import { openTensorFlow } from './tensorflow.js';
import { serveFromWorker } from './worker.js';

const url = (file) => new URL(file, import.meta.url).href;

/** WebAssembly on one thread: threads would need cross-origin isolation and `blob:` workers. */
export function open(first) {
  env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  setWasmPaths({
    'tfjs-backend-wasm.wasm': url(wasm.plain),
    'tfjs-backend-wasm-simd.wasm': url(wasm.simd),
    'tfjs-backend-wasm-threaded-simd.wasm': url(wasm.simd), // asked for by setWasmPaths, never loaded
  });
  return openTensorFlow('wasm', first);
}

serveFromWorker(open);

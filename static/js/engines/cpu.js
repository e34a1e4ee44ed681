import '@tensorflow/tfjs-backend-cpu/dist/base.js';

import 'digits:kernels/cpu';

import { openTensorFlow } from './tensorflow.js';
import { serveFromWorker } from './worker.js';

/** Plain JavaScript: slower, and works wherever the page does. */
export function open(first) {
  return openTensorFlow('cpu', first);
}

serveFromWorker(open);

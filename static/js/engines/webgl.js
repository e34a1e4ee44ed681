import '@tensorflow/tfjs-backend-webgl/dist/base.js';

import 'digits:kernels/webgl';

import { openTensorFlow } from './tensorflow.js';
import { serveFromWorker } from './worker.js';

/** The graphics card. Only on request: its first answer waits for shaders, and some drivers answer wrongly. */
export function open(first) {
  return openTensorFlow('webgl', first);
}

serveFromWorker(open);

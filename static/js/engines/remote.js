/** An engine in a worker: however long it takes to read, the pen stays smooth. */

import { withinPatience } from './patience.js';

/** @typedef {import('./ladder.js').Engine} Engine */

/**
 * @param {URL} script an engine's own file, which serves its calls when it runs as a worker (worker.js)
 * @param {string} first network that will be asked for
 * @returns {Promise<Engine>}
 * @throws {Error} when the script does not arrive, workers are not to be had, or the engine does not start
 */
export async function openRemote(script, first) {
  const calls = new Calls(new Worker(script, { type: 'module' }));
  try {
    return {
      name: await withinPatience(calls.call('start', first)),
      aside: true,
      async open(network) {
        await calls.call('open', network);
        return { aside: true, read: (...picture) => calls.call('read', network, ...picture) };
      },
      close: () => calls.end(new Error('The engine was closed.')),
    };
  } catch (error) {
    calls.end(error);
    throw error;
  }
}

/** Calls to the worker by name, and its answers. */
class Calls {
  #worker;
  #pending = new Map();
  #last = 0;
  /** Why there are no answers any more. @type {Error | null} */
  #ended = null;

  /** @param {Worker} worker that answers as worker.js does */
  constructor(worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data: { id, result, error } }) => {
      const { resolve, reject } = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) resolve(result);
      else reject(new Error(error));
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault(); // the calls' failure tells it
      this.end(new Error(event.message ?? 'the script did not arrive'));
    });
  }

  /** Calls a function of the worker. */
  call(name, ...values) {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#pending.set(++this.#last, { resolve, reject });
      this.#worker.postMessage({ id: this.#last, name, values });
    });
  }

  /** Ends the worker; calls that wait fail with the error. */
  end(error) {
    this.#worker.terminate();
    this.#ended = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}

/** The worker's side of an engine: answers the calls of remote.js. */

/**
 * Serves an engine to whoever started this worker; in a page, which calls `open` itself, does nothing.
 *
 * @param {(first: string) => Promise<import('./ladder.js').Engine>} open
 */
export function serveFromWorker(open) {
  if (globalThis.document) return;
  let engine;
  const networks = new Map();
  const calls = {
    start: async (first) => {
      engine = await open(first);
      return engine.name;
    },
    open: async (network) => {
      networks.set(network, await engine.open(network));
    },
    read: (network, picture, width, height) => networks.get(network).read(picture, width, height),
  };
  addEventListener('message', async ({ data: { id, name, values } }) => {
    try {
      postMessage({ id, result: await calls[name](...values) });
    } catch (error) {
      postMessage({ id, error: error.message });
    }
  });
}

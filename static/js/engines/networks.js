import { models } from 'digits:assets';

import { fetched } from './fetched.js';
import { withinPatience } from './patience.js';

/**
 * Opens networks by name, each once: one that is open, or on its way, is there for whoever asks again, and one that could
 * not be opened is tried anew.
 *
 * @param {'graph' | 'plan'} kind of what is to be had of a network beside its weights
 * @param {(files: Promise<[object, ArrayBuffer]>) => Promise<import('./ladder.js').Network>} openNetwork gets both
 * @param {string} [first] network that will be asked for: its files are on their way from now on
 * @returns {(name: string) => Promise<import('./ladder.js').Network>}
 */
export function openingOnce(kind, openNetwork, first) {
  const filesOf = ({ [kind]: file, weights }) =>
    Promise.all([
      fetched(file).then((response) => response.json()),
      fetched(weights).then((response) => response.arrayBuffer()),
    ]);
  const early = new Map(first ? [[first, filesOf(models[first])]] : []);
  early.get(first)?.catch(() => {}); // whoever opens the network is told
  const networks = new Map();
  return (name) => {
    if (!networks.has(name)) {
      const opening = withinPatience(openNetwork(early.get(name) ?? filesOf(models[name])));
      early.delete(name);
      opening.catch(() => networks.delete(name));
      networks.set(name, opening);
    }
    return networks.get(name);
  };
}

import { withinPatience } from './patience.js';

/**
 * Opens networks by name, each once: one that is open, or on its way, is there for whoever asks again, and one that could
 * not be opened is tried anew.
 *
 * @template Files
 * @param {(name: string) => Promise<Files>} filesOf
 * @param {(files: Promise<Files>) => Promise<import('./ladder.js').Network>} openNetwork
 * @param {string} [first] network that will be asked for: its files are on their way from now on
 * @returns {(name: string) => Promise<import('./ladder.js').Network>}
 */
export function openingOnce(filesOf, openNetwork, first) {
  const early = new Map(first ? [[first, filesOf(first)]] : []);
  early.get(first)?.catch(() => {}); // whoever opens the network is told
  const networks = new Map();
  return (name) => {
    if (!networks.has(name)) {
      const opening = withinPatience(openNetwork(early.get(name) ?? filesOf(name)));
      early.delete(name);
      opening.catch(() => networks.delete(name));
      networks.set(name, opening);
    }
    return networks.get(name);
  };
}

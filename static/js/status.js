/** The line under the pad: which engine reads; or what has failed, until that is put right. */

import { text } from './strings.js';

const line = () => document.getElementById('status');
/** What stands there when nothing has failed. */
let usual;

/** @param {import('./engines/ladder.js').Ladder} ladder */
export function showEngine({ engine, forced }) {
  showStatus(nameOf(engine, forced), { engine: forced });
}

/** @param {string} key of the text, and its values */
export function showStatus(key, values) {
  usual = text(key, values);
  line().textContent = usual;
}

export function showFailure(key, values) {
  usual ??= line().textContent;
  line().textContent = text(key, values);
}

export function takeBackFailure() {
  if (usual !== undefined) line().textContent = usual;
}

function nameOf(engine, forced) {
  if (engine === null) return forced ? 'status.forced' : 'status.none';
  if (engine.name === 'server') return forced ? 'status.server-forced' : 'status.server';
  return engine.name === 'cpu' && !forced ? 'status.slower' : 'status.device';
}

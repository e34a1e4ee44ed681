/** The line under the pad: which engine reads; or what has failed, until that is put right. */

import { text } from './strings.js';

/** Nothing is out of the ordinary: a small screen does without these words. */
const ORDINARY = 'status.device';
/** What stands there when nothing has failed: key of the text, and its values. */
let standing = null;

/** @param {import('./engines/ladder.js').Ladder} ladder */
export function showEngine({ engine, forced }) {
  showStatus(nameOf(engine, forced), { engine: forced });
}

/** @param {string} key of the text, and its values */
export function showStatus(key, values) {
  standing = [key, values];
  say(key, values);
}

export function takeBackFailure() {
  if (standing) say(...standing);
}

/** Until the next success, or the next status. */
export function say(key, values) {
  const line = document.getElementById('status');
  const words = document.createElement('span');
  words.className = key === ORDINARY ? 'ordinary' : '';
  words.textContent = text(key, values);
  if (line.textContent !== words.textContent) line.replaceChildren(words); // said once
}

function nameOf(engine, forced) {
  if (engine === null) return forced ? 'status.forced' : 'status.none';
  if (engine.name === 'server') return forced ? 'status.server-forced' : 'status.server';
  return engine.name === 'cpu' && !forced ? 'status.slower' : ORDINARY;
}

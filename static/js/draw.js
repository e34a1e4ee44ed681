/** The Draw page: everything is wired here. */

import { models } from 'digits:assets';

import { Answer } from './answer.js';
import { Bars } from './bars.js';
import { Easel } from './easel.js';
import { byId } from './element.js';
import { FIRST_NETWORK, Ladder } from './engines/ladder.js';
import { open as openPlanned } from './engines/planned.js';
import { keep, kept } from './keep.js';
import { workOffline } from './offline.js';
import { Reader } from './reader.js';
import { nameKeys } from './shortcuts.js';
import { Sight } from './sight.js';
import { showEngine } from './status.js';
import { prepareForms, text } from './strings.js';
import { verdictOn } from './verdict.js';

const page = document.documentElement;

// First of all: the engine loads while the rest of the page does. Only wasm is fast enough to read in the page, between a
// stroke and its frame, and so comes with this script; the others would hold up the pen.
const ladder = new Ladder(new URLSearchParams(location.search).get('engine'), { wasm: openPlanned });
const started = ladder.start();
if (document.readyState === 'loading') {
  await new Promise((resolve) => document.addEventListener('DOMContentLoaded', resolve));
}

const easel = new Easel(() => verdictOf(chosen).digits[0]);
const { pad } = easel;
const bars = new Bars(byId('bars'));
const answer = new Answer(byId('answer'), byId('certainty'), byId('spoken'));
const sight = new Sight(byId('sight'));
const reader = new Reader(pad.raster, {
  onReading: take,
  onFailure: (name) => (name === FIRST_NETWORK || ladder.engine?.aside ? ladder.leave() : loseOther(name)),
  onSlow: () => ladder.stepAside(),
});

/** The networks that are loaded, what each last read on the drawing as it stands, and those that could not be loaded. */
const networks = new Map();
const readings = new Map();
const missing = new Set();
let chosen = FIRST_NETWORK;

// What the networks say

function take(name, reading) {
  if (pad.drawing.empty) return; // cleared while it was read
  readings.set(name, reading);
  showVerdict(name);
  if (name === chosen) showReading();
}

function verdictOf(name) {
  return verdictOn(pad.drawing, readings.get(name), models[name].threshold);
}

function showVerdict(name) {
  const verdict = byId(`verdict-${name}`);
  const words = verdictOf(name).digits.join(' / ') || text(`verdict.${missing.has(name) ? 'missing' : 'none'}`);
  if (words !== verdict.textContent) verdict.textContent = words; // the page is laid out anew even for the same words
  verdict.classList.toggle('missing', missing.has(name));
}

function showReading() {
  const verdict = verdictOf(chosen);
  const reading = verdict.digits.length > 0 ? readings.get(chosen) : null;
  answer.show(verdict);
  bars.show(reading?.probabilities);
  sight.show(reading?.normalized ?? null);
}

/** Takes back what a network read: the drawing may change before it is read again. */
function takeBack(name) {
  readings.delete(name);
  showVerdict(name);
  if (name === chosen) showReading();
}

/** Takes back what was read of an earlier drawing. */
function forget() {
  Object.keys(models).forEach(takeBack);
}

// Engines and networks

function useNetworks() {
  const names = [...networks.keys()].sort((a, b) => (b === chosen) - (a === chosen));
  reader.use(names.map((name) => [name, networks.get(name)]));
}

/** The engine whose other networks are being loaded: strokes meanwhile must not load them once more. */
let opening = null;

/** Loads the networks beside the first one. Not before something is drawn: the first answer must not wait for them. */
async function openOthers() {
  const { engine } = ladder;
  if (!engine || engine === opening || pad.drawing.empty) return;
  opening = engine;
  await openEach(engine);
  if (opening === engine) opening = null;
}

async function openEach(engine) {
  for (const name of Object.keys(models).filter((other) => !networks.has(other))) {
    const network = await ladder.open(name).catch(() => null); // tried again after the next stroke
    if (ladder.engine !== engine) return;
    if (!network) {
      miss(name);
      return;
    }
    missing.delete(name);
    showVerdict(name);
    networks.set(name, network);
    useNetworks();
  }
}

/** Says that a network is not there: the drawing goes on without it. */
function miss(name) {
  missing.add(name);
  takeBack(name);
}

/** The worker of a network beside the first one has broken. It is loaded again after the next stroke. */
function loseOther(name) {
  ladder.dropAside();
  networks.delete(name);
  miss(name);
  useNetworks();
}

function useEngine() {
  const { engine, network } = ladder;
  page.dataset.engine = engine?.name ?? 'none';
  page.dataset.ready = engine !== null;
  showEngine(ladder);
  networks.clear();
  missing.clear();
  if (engine) {
    networks.set(FIRST_NETWORK, network);
    performance.mark('digits:ready');
  }
  Object.keys(models).filter((name) => !networks.has(name)).forEach(takeBack);
  useNetworks();
  openOthers();
}

ladder.addEventListener('change', useEngine);

// The pad, and who reads it

pad.addEventListener('ink', ({ detail: time }) => {
  if (pad.drawing.empty || !ladder.engine) {
    reader.forget();
    forget();
  } else reader.request(time);
});

pad.addEventListener('change', openOthers);
nameKeys(byId('shortcuts'));

for (const radio of byId('models').elements) {
  radio.addEventListener('change', () => {
    chosen = radio.value;
    keep('network', chosen);
    showReading();
    useNetworks();
    openOthers(); // it may be missing
  });
}

// What another page of this tab left

function restore() {
  const network = kept('network');
  if (network in models) {
    chosen = network;
    byId(`model-${network}`).checked = true;
  }
  easel.restore();
}

addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return; // else another page may have gone on with the drawing
  restore();
  showReading();
  useNetworks();
  openOthers();
});

forget();
restore();
if (ladder.engine !== undefined) useEngine(); // found, or not, before the page was complete
started.then(() => {
  prepareForms();
  workOffline();
});

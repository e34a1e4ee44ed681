/** The page Inside: everything is wired here. */

import { engines, models } from 'digits:assets';

import { Answer } from './answer.js';
import { Bars } from './bars.js';
import { Easel } from './easel.js';
import { byId } from './element.js';
import { Ladder } from './engines/ladder.js';
import { showExample } from './inside/example.js';
import { hold } from './inside/hold.js';
import { Lab } from './inside/lab.js';
import { openNetwork } from './inside/network.js';
import { Section } from './inside/section.js';
import * as conv from './inside/steps/conv.js';
import * as dense from './inside/steps/dense.js';
import * as dropout from './inside/steps/dropout.js';
import * as flatten from './inside/steps/flatten.js';
import * as normalising from './inside/steps/normalising.js';
import * as overview from './inside/steps/overview.js';
import * as pooling from './inside/steps/pooling.js';
import * as relu from './inside/steps/relu.js';
import * as softmax from './inside/steps/softmax.js';
import * as training from './inside/steps/training.js';
import { Tour } from './inside/tour.js';
import { keep, kept } from './keep.js';
import { load } from './load.js';
import { workOffline } from './offline.js';
import { Reader } from './reader.js';
import { showEngine, showStatus } from './status.js';
import { text } from './strings.js';
import { verdictOn } from './verdict.js';

/** The module of each section, by the section's id. */
const STEPS = { overview, normalising, conv, relu, pooling, dropout, flatten, dense, softmax, training };

/** The engines that are taken unasked; with all of TensorFlow.js, they tell what happens inside. */
const RUNGS = ['wasm', 'cpu'];
const HERE = {
  ...Object.fromEntries(Object.keys(engines).map((name) => [name, (first) => openHere(name, first)])),
  server: () => Promise.reject(new Error('it does not tell what happens inside')),
};

const page = document.documentElement;

async function openHere(engine, first) {
  const { open } = await load(engines[engine]);
  return open(first);
}

const easel = new Easel(() => verdict().digits[0]);
const { pad } = easel;
const bars = new Bars(byId('bars'));
const answer = new Answer(byId('answer'), byId('certainty'), byId('spoken'));
const ladder = new Ladder(new URLSearchParams(location.search).get('engine'), HERE, RUNGS);
const reader = new Reader(pad.raster, { onReading: (_, taken) => take(taken), onFailure: () => ladder.leave() });

/** The network in use, as sections see it. @type {import('./inside/network.js').Network | null} */
let network = null;
/** What it last read. @type {import('./inside/network.js').Reading | null} */
let reading = null;
let chosen = 'robust';

const lab = new Lab(pad, reread);
const sections = Object.entries(STEPS).map(([id, { create }]) => new Section(byId(id), create, lab));

// What the network says

function take(taken) {
  if (pad.drawing.empty) return; // cleared while it was read
  reading = taken;
  show();
  // For the console, the benchmark and the tests: document.addEventListener('digits:reading', …)
  document.dispatchEvent(new CustomEvent('digits:reading', { detail: reading }));
}

function verdict() {
  return verdictOn(pad.drawing, reading, models[chosen].threshold);
}

function show() {
  answer.show(verdict());
  bars.show(reading?.probabilities);
  const excuse = text(pad.drawing.empty ? 'problem.blank' : 'problem.unread');
  for (const section of sections) section.update(reading, excuse);
}

function forget() {
  reading = null;
  show();
}

/** Reads the drawing again: the network is fed otherwise now. */
function reread() {
  if (!pad.drawing.empty) reader.request(performance.now());
}

// Engines and networks

/** What the reader calls. The picture goes on changing under the pen; sections need it as it was read. */
function read(greys, size) {
  const picture = greys.slice();
  return network.read(picture, size, lab.front(network, picture, size));
}

/** Loads the chosen network. Until it is there nothing is said: what another one read would look like its answer. */
async function useNetwork() {
  const { engine } = ladder;
  const name = chosen;
  page.dataset.ready = false;
  pad.removeEventListener('change', useNetwork);
  reader.use([]);
  network = null;
  forget();
  if (!engine) return;
  const opened = await openNetwork(engine, name).catch((error) => console.info(error));
  if (ladder.engine !== engine || chosen !== name) return; // another was chosen meanwhile
  if (!opened) {
    showStatus('status.no-network', { name: text(`network.${name}`) });
    pad.addEventListener('change', useNetwork);
    return;
  }
  network = opened;
  reader.use([[name, { read }]]);
  showEngine(ladder);
  page.dataset.ready = true;
}

ladder.addEventListener('change', () => {
  page.dataset.engine = ladder.engine?.name ?? 'none';
  showEngine(ladder);
  useNetwork();
});

pad.addEventListener('ink', ({ detail: time }) => {
  if (pad.drawing.empty || !network) {
    reader.forget();
    forget();
  } else reader.request(time);
});

/** The address named a network until the person chose one: a reload keeps the choice. */
function forgetAsked() {
  const address = new URL(location.href);
  address.searchParams.delete('model');
  history.replaceState(history.state, '', address);
}

// The other language's page is that of the address as it is now, which only the browser knows: a section, a network.
for (const link of document.querySelectorAll('.languages a')) {
  link.addEventListener('click', () => {
    const address = new URL(location.href);
    address.searchParams.set('lang', link.lang);
    link.href = address;
  });
}

for (const radio of byId('models').elements) {
  radio.addEventListener('change', () => {
    chosen = radio.value;
    keep('network', chosen);
    forgetAsked();
    useNetwork();
  });
}

// The page's own controls

const tour = new Tour(
  byId('tour'),
  [...document.querySelectorAll('.step')].filter((section) => section.querySelector('.tour-stop')),
  () => openDrawer(false), // on a phone it and the tour would hide the figure
);
byId('start-tour').addEventListener('click', ({ currentTarget }) => tour.start(currentTarget));
byId('print').addEventListener('click', () => print());
byId('drawer').addEventListener('click', () => openDrawer(byId('bench').dataset.open !== 'true'));

function openDrawer(open) {
  byId('bench').dataset.open = open;
  byId('drawer').setAttribute('aria-expanded', open);
  byId('drawer').textContent = text(open ? 'drawer.close' : 'drawer.open');
}

/** Shows the step that the address names. */
function goToStep() {
  const step = byId(location.hash.slice(1));
  if (step?.matches('.step')) hold(step);
}
addEventListener('hashchange', goToStep);
goToStep();

/** Shows what another page of this tab left. */
function restore(asked) {
  if (Object.hasOwn(models, asked)) {
    chosen = asked;
    byId(`model-${chosen}`).checked = true;
  }
  easel.restore();
  showExample(pad, byId('pad'));
}

addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return; // else another page may have gone on with the drawing
  const before = chosen;
  restore(kept('network'));
  if (chosen === before) return;
  forgetAsked();
  useNetwork();
});

forget();
restore(new URLSearchParams(location.search).get('model') ?? kept('network'));
ladder.start().then(workOffline);

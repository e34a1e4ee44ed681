/** Dropout: a random part goes dark, the probabilities jitter, and ten thousand draws vote. */

import { argmax } from '../../argmax.js';
import { Bars } from '../../bars.js';
import { precisePercent, percent, text } from '../../strings.js';
import { SEQUENTIAL, largestOf } from '../colours.js';
import { count } from '../format.js';
import { gridOf } from '../maps.js';
import { Tally, drawMask, drop } from '../numbers/dropout.js';
import { softmax } from '../numbers/softmax.js';
import { LayerPicker, acrossOf } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';

const DRAWS = 10_000;
/** How long the page may be busy with draws at a stretch, in milliseconds, and how many are made in it at most. */
const SLICE = 10;
const LARGEST_BATCH = 512;
/** Pauses of "keep dropping", in milliseconds; calm is for those who prefer less motion. */
const PAUSE = 250;
const CALM_PAUSE = 1500;

export function create(...page) {
  return new Dropout(...page);
}

class Dropout {
  #reading = null;
  /** Which values stay; null: nothing is dropped. @type {Uint8Array | null} */
  #mask = null;
  #timer = null;
  /** The tally of the run of draws in progress; another one, or null, ends it. @type {Tally | null} */
  #run = null;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, refresh });
    this.layers = new LayerPicker(one('.layer-choice'), lab, () => this.#changed());
    this.values = new PixelMap(one('.values'), { label: text('dropout.values') });
    this.bars = new Bars(one('#dropout-bars'));
    this.votes = new Bars(one('#dropout-votes'));
    this.button('draw').addEventListener('click', () => this.#draw());
    this.button('keep').addEventListener('click', () => this.#keepDropping(this.#timer === null));
    this.button('predict').addEventListener('click', () => {
      this.#keepDropping(false);
      this.#mask = null;
      this.refresh();
    });
    this.button('many').addEventListener('click', () => this.#drawMany());
    this.button('stop').addEventListener('click', () => this.#stop());
    this.button('rate').addEventListener('input', () => this.#changed());
    this.#showRate();
  }

  button(name) {
    return this.one(`[name=${name}]`);
  }

  get rate() {
    return this.button('rate').valueAsNumber / 100;
  }

  update(reading) {
    if (reading.network !== this.#reading?.network) {
      const layers = reading.network.ofKind('Dropout');
      this.layers.offer(layers, layers.length - 1); // the last one's draws are the quickest
    }
    if (reading !== this.#reading) {
      this.#reading = reading;
      this.#forgetVotes();
    }
    const { layer } = this.layers;
    const values = reading.of(layer);
    if (this.#mask?.length !== values.length) this.#mask = null; // drawn for another layer
    this.#show(layer, values);
    this.#showProbabilities(layer, values);
  }

  /** Another layer or rate: what was drawn for the former one says nothing now. */
  #changed() {
    this.#showRate();
    this.#forgetVotes();
    if (this.#mask) this.#draw();
    else this.refresh();
  }

  #showRate() {
    this.one('.rate').textContent = percent(this.rate);
  }

  #draw() {
    if (!this.#reading) return;
    this.#mask = drawMask(this.layers.layer.length, this.rate);
    this.refresh();
  }

  #keepDropping(on) {
    clearInterval(this.#timer);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.#timer = on ? setInterval(() => this.#draw(), calm ? CALM_PAUSE : PAUSE) : null;
    this.button('keep').setAttribute('aria-pressed', on);
    if (on) this.#draw();
  }

  #show({ shape }, values) {
    // What is not a number stays transparent, and shows the dark ground.
    const shown = values.map((value, k) => (this.#mask?.[k] === 0 ? NaN : value));
    const [size, layout] = shape.length === 3 ? [shape, { across: acrossOf(shape[2]), gap: 1 }] : [gridOf(shape[0])];
    this.values.show(shown, size, SEQUENTIAL, largestOf(values), layout);
  }

  async #showProbabilities(layer, values) {
    const reading = this.#reading;
    const mask = this.#mask;
    if (!mask) {
      this.#showVerdict(reading.probabilities, text('dropout.nothing'));
      return;
    }
    const logits = await reading.network.resume(layer, drop(values, mask, this.rate), 1);
    if (mask !== this.#mask || reading !== this.#reading) return; // another draw is on its way
    const dropped = mask.reduce((sum, kept) => sum + 1 - kept, 0);
    const words = text('dropout.dropped', { dropped: count(dropped), all: count(mask.length) });
    this.#showVerdict(softmax(logits).probabilities, words);
  }

  #showVerdict(probabilities, words) {
    this.bars.show(probabilities);
    this.one('.words').textContent = words;
  }

  // Many draws

  #endRun() {
    this.#run = null;
    const stop = this.button('stop');
    if (stop === document.activeElement) this.button('many').focus({ preventScroll: true }); // a hidden one loses it
    stop.hidden = this.one('progress').hidden = true;
  }

  /** What was drawn so far has voted; nothing, if the first draws were still on their way. */
  #stop() {
    const tally = this.#run;
    this.#endRun();
    if (tally.draws > 0) this.#sayVotes(tally);
    else this.#forgetVotes();
  }

  #forgetVotes() {
    this.#endRun();
    this.one('.votes').hidden = true;
  }

  async #drawMany() {
    const reading = this.#reading;
    const { layer } = this.layers;
    const values = reading.of(layer);
    const { rate } = this;
    const tally = (this.#run = new Tally(argmax(reading.probabilities), DRAWS));
    this.#clearVotes();
    this.button('stop').hidden = this.one('progress').hidden = this.one('.votes').hidden = false;
    let batch = 1;
    while (tally.draws < DRAWS) {
      const started = performance.now();
      const size = powerOfTwo(Math.min(batch, DRAWS - tally.draws));
      const drawn = new Float32Array(size * values.length);
      for (let k = 0; k < size; k++) drawn.set(drop(values, drawMask(values.length, rate), rate), k * values.length);
      const logits = await reading.network.resume(layer, drawn, size);
      if (tally !== this.#run) return;
      tally.add(logits);
      this.#showVotes(tally);
      const affordable = (SLICE * size) / Math.max(1, performance.now() - started);
      batch = Math.max(1, Math.min(LARGEST_BATCH, 2 * size, affordable));
      await new Promise((resolve) => setTimeout(resolve)); // the page answers to the pen meanwhile
      if (tally !== this.#run) return;
    }
    this.#endRun();
    this.#sayVotes(tally);
  }

  /** The votes of an earlier run would look like those of the new one. */
  #clearVotes() {
    this.one('progress').value = 0;
    this.votes.show();
    this.one('.votes figcaption').textContent = '';
  }

  #showVotes(tally) {
    this.one('progress').value = tally.draws;
    this.votes.show(tally.wins.map((wins) => wins / tally.draws));
  }

  #sayVotes(tally) {
    this.one('.votes figcaption').textContent = text('dropout.votes', {
      wins: count(tally.wins[tally.digit]),
      draws: count(tally.draws),
      digit: tally.digit,
      share: precisePercent(tally.share),
      low: precisePercent(tally.quantile(0.05)),
      high: precisePercent(tally.quantile(0.95)),
    });
  }
}

/** The largest that is at most `most`. Batches are of such sizes only: the engine records its calls for each. */
const powerOfTwo = (most) => 2 ** (31 - Math.clz32(most));

/** What in the drawing spoke for a digit, and what against it: by pixel, by place and by stroke. */

import { argmax } from '../argmax.js';
import { element } from '../element.js';
import { text } from '../strings.js';
import { DIVERGING, largestOf } from './colours.js';
import { count, decimal } from './format.js';
import { partsOf } from './numbers/attribution.js';
import { FRONTS, SIZE, find, windowOf } from './numbers/normalising.js';
import { partsOfStrokes, placesOf } from './numbers/strokes.js';
import { radio } from './pickers.js';
import { PixelMap } from './pixel-map.js';
import { Problem } from './problem.js';

const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);
/** Strokes with ink below this grey are painted. */
const INKED = 128;
/** Pixels of the drawing along a pixel of the image, for the strokes' shares. */
const FINENESS = 4;
const THE_ANSWER = null;

export class Evidence {
  /** The digit that was picked; THE_ANSWER: whichever leads. */
  #digit = THE_ANSWER;
  #network = null;
  /** What the network makes of an empty page; null until it is read. @type {import('./network.js').Reading | null} */
  #blank = null;
  #onScreen = false;
  #at = [SIZE / 2, SIZE / 2];

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, lab, refresh });
    const choices = [THE_ANSWER, ...DIGITS].map((digit) => {
      const pick = () => {
        this.#digit = digit;
        refresh();
      };
      return radio('evidence', pick, digit === THE_ANSWER ? text('evidence.answer') : String(digit));
    });
    choices[0].input.checked = true;
    one('.digits').append(
      element('legend', { class: 'spoken-only' }, text('evidence.digit')),
      ...choices.map(({ label }) => label),
    );
    one('[name=rival]').addEventListener('change', refresh);
    this.#watchScreen(one('.evidence'));
    this.strokes = new PixelMap(one('.strokes'), { label: text('evidence.strokes') });
    this.pixels = new PixelMap(one('.pixels'), {
      label: text('evidence.pixels'),
      onPick: (...at) => {
        this.#at = at;
        refresh();
      },
      picked: () => this.#at,
    });
  }

  update(reading) {
    if (reading.network !== this.#network) this.#readBlank(reading);
    if (this.#blank && this.#onScreen) this.#show(reading);
  }

  /** The longest calculation of the page is made only where somebody sees it, or when all is printed. */
  #watchScreen(container) {
    const show = (yes) => {
      this.#onScreen = yes;
      if (yes) this.refresh();
    };
    new IntersectionObserver(([{ isIntersecting }]) => show(isIntersecting)).observe(container);
    addEventListener('beforeprint', () => show(true));
  }

  async #readBlank({ network, picture, size }) {
    this.#network = network;
    this.#blank = null;
    const blank = await network.read(picture.slice(), size, new Float32Array(SIZE * SIZE));
    if (network !== this.#network) return;
    this.#blank = blank;
    this.refresh();
  }

  #show(reading) {
    const digit = this.#digit ?? argmax(reading.probabilities);
    const chosen = this.one('[name=rival]').value;
    const rival = chosen === '' || Number(chosen) === digit ? null : Number(chosen);
    const score = DIGITS.map((k) => (k === digit ? 1 : 0) - (k === rival ? 1 : 0));
    const { parts, total, blank } = evidenceOf(reading, this.#blank, score);
    const largest = largestOf(parts);
    this.pixels.show(onlyInk(parts, reading.normalized), [SIZE, SIZE], DIVERGING, largest);
    this.pixels.frame('picked', ...this.#at);
    this.#showStrokes(reading, parts, largest);
    this.#showSum({ digit, rival, parts, total, blank });
  }

  #showSum({ digit, rival, parts, total, blank }) {
    const sumOf = (sign) => parts.reduce((sum, part) => sum + (Math.sign(part) === sign ? part : 0), 0);
    const sums = { blank, for: sumOf(1), against: sumOf(-1), total };
    this.one('.evidence .facts').replaceChildren(
      ...Object.entries(sums).map(([name, value]) => {
        const number = element('dd', {}, decimal(value));
        number.dataset[name] = value;
        return element('div', {}, element('dt', {}, text(name === 'total' && rival !== null ? 'evidence.difference' : `evidence.${name}`)), number);
      }),
    );
    const [row, column] = this.#at;
    this.one('.words').textContent = text(rival === null ? 'evidence.words' : 'evidence.rival-words', {
      digit,
      rival,
      total: decimal(total),
      row: row + 1,
      column: column + 1,
      part: decimal(parts[row * SIZE + column], 3),
    });
  }

  /** The strokes in the colours of what they said. Where normalising is changed, their places are not known. */
  #showStrokes({ network, picture, size, image }, parts, largest) {
    const steps = image ? null : FRONTS[network.layers[0].kind];
    this.one('.strokes').parentElement.hidden = this.one('.stroke-parts').hidden = !steps;
    if (!steps) return;
    const window = windowOf(find(picture, size), size, steps);
    const places = placesOf(size, SIZE, window);
    const painted = picture.map((grey, pixel) => (grey < INKED && places[pixel] >= 0 ? parts[places[pixel]] : NaN));
    this.strokes.show(painted, [size, size], DIVERGING, largest);
    const { strokes } = this.lab.pad.drawing;
    this.one('.stroke-parts').replaceChildren(
      ...sharesOf(strokes, parts, size, window).map((part, k) => {
        const item = element('li', {}, text('evidence.stroke', { n: count(k + 1), part: decimal(part) }));
        item.dataset.part = part;
        return item;
      }),
    );
  }
}

/** The part of each stroke. So finely that of an enlarged drawing too each of the image's pixels has its share. */
function sharesOf(strokes, parts, size, { x, y, scale }) {
  const finer = Math.max(1, Math.ceil(FINENESS * scale));
  const places = placesOf(finer * size, SIZE, { x: finer * x, y: finer * y, scale: scale / finer });
  return partsOfStrokes(strokes, parts, places, finer * size);
}

/** @throws {Problem} where the network has a layer that a score cannot be traced through */
function evidenceOf(reading, blank, score) {
  const { layers, last } = reading.network;
  try {
    return partsOf(layers.slice(0, last.index + 1), reading.of, blank.of, score);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem(text('evidence.unknown', { kind: error.message }));
  }
}

/** Where there is no ink there is no part: it stays transparent. */
const onlyInk = (parts, image) => parts.map((part, pixel) => (image[pixel] > 0 ? part : NaN));

/** softmax: from logits to probabilities, with a temperature, and the matrix of several drawings. */

import { Drawing } from '../../drawing.js';
import { element } from '../../element.js';
import { keep, kept } from '../../keep.js';
import { rasterize } from '../../raster.js';
import { precisePercent, text } from '../../strings.js';
import { INK, SEQUENTIAL } from '../colours.js';
import { compact, count, decimal } from '../format.js';
import { Maps } from '../maps.js';
import { shade } from '../shaded-matrix.js';
import { softmax } from '../numbers/softmax.js';

/** So many drawings are kept at most. */
const MOST = 12;
const SIDE = 28;

export function create(...page) {
  return new Softmax(...page);
}

class Softmax {
  #reading = null;
  #kept = keptDrawings();

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, lab, refresh });
    this.live = new MatrixRow(text('softmax.now'), null);
    this.rows = Array.from({ length: 10 }, (_, digit) => new Row(digit));
    one('.exponentials tbody').append(...this.rows.map(({ row }) => row));
    const heat = () => {
      refresh();
      this.#showMatrix();
    };
    one('[name=temperature]').addEventListener('input', heat);
    one('[name=reset]').addEventListener('click', () => {
      one('[name=temperature]').value = 0;
      heat();
    });
    this.#showMatrix();
    one('[name=keep]').addEventListener('click', () => this.#keepThis());
    one('[name=empty]').addEventListener('click', () => this.#remove(this.#kept, 0));
  }

  /** The slider's ends are a tenth and ten. */
  get #temperature() {
    return 10 ** this.one('[name=temperature]').valueAsNumber;
  }

  update(reading) {
    const other = reading.network !== this.#reading?.network;
    this.#reading = reading;
    this.#showNumbers();
    this.live.show(reading, this.#temperature);
    if (other) this.#readKept();
  }

  #showNumbers() {
    const { logits } = this.#reading;
    const { exponentials, sum, probabilities } = softmax(logits, this.#temperature);
    this.one('.temperature').textContent = decimal(this.#temperature);
    this.one('[name=temperature]').setAttribute('aria-valuetext', decimal(this.#temperature));
    const highest = Math.max(...probabilities);
    this.rows.forEach((row, digit) => {
      row.show(logits[digit], exponentials[digit], probabilities[digit], probabilities[digit] === highest);
    });
    this.one('.sum').textContent = compact(sum);
    this.one('.total').textContent = precisePercent(probabilities.reduce((total, value) => total + value, 0));
  }

  // The kept drawings

  #keepThis() {
    const { strokes, empty } = this.lab.pad.drawing;
    if (empty || this.#kept.length >= MOST) return;
    const { normalized, logits } = this.#reading;
    this.#change([...this.#kept, { strokes: structuredClone(strokes), normalized, logits }]);
    // One that is off loses the focus; not to a button, which a key held down would press.
    if (this.one('[name=keep]').disabled) this.one('.kept').closest('[role=group]').focus();
  }

  #change(drawings) {
    this.#kept = drawings;
    keep('kept', drawings.map(({ strokes }) => strokes));
    this.#showMatrix();
  }

  /** The button that was pressed is gone, or off: the focus goes to that of the row which came in its place. */
  #remove(drawings, place) {
    this.#change(this.#kept.filter((drawing) => !drawings.includes(drawing)));
    const buttons = this.one('.kept').querySelectorAll('button');
    (buttons[Math.min(place, buttons.length - 1)] ?? this.one('[name=keep]')).focus();
  }

  /** Another network: it reads the kept drawings too. */
  async #readKept() {
    const { network } = this.#reading;
    for (const drawing of this.#kept) {
      const picture = rasterize(drawing.strokes);
      const size = Math.sqrt(picture.length);
      const { normalized, logits } = await network.read(picture, size);
      if (network !== this.#reading.network) return;
      Object.assign(drawing, { normalized, logits });
    }
    this.#showMatrix();
  }

  /** The first row is the drawing on the pad. */
  #showMatrix() {
    const read = this.#kept.filter(({ logits }) => logits);
    const rows = read.map((drawing, index) => {
      const remove = () => this.#remove([drawing], index);
      return new MatrixRow(count(index + 1), remove).show(drawing, this.#temperature);
    });
    this.one('.kept tbody').replaceChildren(this.live.row, ...rows.map(({ row }) => row));
    const shape = text('softmax.shape', { n: count(rows.length + 1) });
    if (this.one('.matrix-shape').textContent !== shape) this.one('.matrix-shape').textContent = shape; // it is spoken
    this.one('[name=keep]').disabled = this.#kept.length >= MOST;
    this.one('[name=empty]').disabled = this.#kept.length === 0;
  }
}

/** One drawing of the matrix. */
class MatrixRow {
  /**
   * @param {string} name
   * @param {(() => void) | null} onRemove null: it cannot be removed
   */
  constructor(name, onRemove) {
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    this.maps = new Maps(canvas);
    this.cells = Array.from({ length: 10 }, () => element('td'));
    const last = element('td');
    if (onRemove) {
      const label = text('softmax.remove', { n: name });
      last.append(element('button', { type: 'button', class: 'link', onclick: onRemove, 'aria-label': label }, '✕'));
    }
    this.row = element('tr', {}, element('th', { scope: 'row' }, canvas, name), ...this.cells, last);
  }

  show({ normalized, logits }, temperature) {
    this.maps.show(normalized, [SIDE, SIDE, 1], INK, 1);
    softmax(logits, temperature).probabilities.forEach((probability, digit) => {
      shade(this.cells[digit], SEQUENTIAL, probability, 1);
      this.cells[digit].textContent = precisePercent(probability);
    });
    return this;
  }
}

/** One digit: its logit, its exponential and its probability. */
class Row {
  constructor(digit) {
    const cell = () => element('td');
    Object.assign(this, { logit: cell(), exponential: cell(), share: cell(), bar: element('span', { class: 'bar-fill' }) });
    const track = element('td', { class: 'wide' }, element('span', { class: 'bar-track' }, this.bar));
    this.row = element('tr', {}, element('th', { scope: 'row' }, String(digit)), this.logit, this.exponential, track, this.share);
  }

  show(logit, exponential, probability, leading) {
    this.logit.textContent = decimal(logit);
    this.exponential.textContent = compact(exponential);
    this.share.textContent = precisePercent(probability);
    this.share.dataset.value = probability;
    this.bar.style.transform = `scaleX(${probability})`;
    this.row.classList.toggle('leading', leading);
  }
}

/** The drawings that an earlier page of this tab kept; none where something else was stored. */
function keptDrawings() {
  try {
    return (kept('kept') ?? []).slice(0, MOST).map((strokes) => ({ strokes: Drawing.fromJSON(strokes).strokes }));
  } catch {
    return [];
  }
}

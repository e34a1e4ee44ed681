/** The report: figures, matrix and gallery of a comparison's rows; in the page and in the file to take home. */

import { percentagePoints, precisePercent, text } from '../strings.js';
import { card, confidence, isMistake, nameOf } from './card.js';
import { element } from './element.js';
import { BLANK, figures } from './figures.js';

/** As many pictures are shown at once; a button shows more. */
const PAGE = 100;
const byId = (id) => document.getElementById(id);
const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

const FILTERS = {
  all: () => true,
  mistakes: isMistake,
  suspect: (picture) => picture.suspect && isMistake(picture),
  unlabelled: (picture) => picture.label === null,
};
const ORDERS = {
  given: () => 0,
  unsure: (a, b) => confidence(a) - confidence(b),
  sure: (a, b) => confidence(b) - confidence(a),
};

export class Report {
  /** Rows as the server answered them, with labels as they were typed since. */
  pictures = [];
  skipped = [];
  summary = null;

  #editable;
  #cell = null;
  #shown = PAGE;

  /** @param {{editable: boolean}} options whether labels may be typed */
  constructor({ editable }) {
    this.#editable = editable;
    for (const id of ['network', 'filter', 'order']) byId(id).addEventListener('change', () => this.#choose(null));
    byId('more').addEventListener('click', () => {
      this.#shown += PAGE;
      this.#showGallery();
    });
  }

  clear() {
    Object.assign(this, { pictures: [], skipped: [], summary: null });
    this.#choose(null);
  }

  /** Takes one row in; `show` makes it visible. */
  add(row) {
    if (row.picture) this.pictures.push(row.picture);
    if (row.skipped) this.skipped.push(row.skipped);
    if (row.summary) this.summary = row.summary;
  }

  /** All rows, a JSON object a line, as the server takes them. */
  toString() {
    const rows = [...this.pictures.map((picture) => ({ picture })), ...this.skipped.map((skipped) => ({ skipped }))];
    return [...rows, { summary: this.summary ?? {} }].map((row) => JSON.stringify(row)).join('\n');
  }

  get empty() {
    return this.pictures.length + this.skipped.length === 0;
  }

  show() {
    byId('report').hidden = this.empty;
    this.#showFigures();
    this.#showGallery();
    byId('skipped').hidden = this.skipped.length === 0;
    byId('skipped-list').replaceChildren(
      ...this.skipped.map((part) => element('li', {}, element('b', {}, nameOf(part)), ` ${part.reason}`)),
    );
  }

  #choose(cell) {
    this.#cell = cell;
    this.#shown = PAGE;
    this.show();
  }

  #figuresOf(network) {
    return figures(this.pictures, (picture) => picture.models[network].digit);
  }

  #mnistOf(network) {
    return this.summary?.models?.[network].mnist ?? null;
  }

  #showFigures() {
    const network = byId('network').value;
    const own = this.#figuresOf(network);
    const mnist = this.#mnistOf(network);
    const said = own.accuracy
      ? text('headline', { hits: own.hits, n: own.n, percent: precisePercent(own.accuracy.share) })
      : text('headline.unlabelled', { n: this.pictures.length });
    byId('headline').textContent = mnist ? `${said} ${text('headline.mnist', { percent: precisePercent(mnist.accuracy.share) })}` : said;
    byId('without-mnist').hidden = this.summary === null || this.summary.mnist === true;
    byId('networks').replaceChildren(...['robust', 'classic'].map((name) => this.#networkRow(name)));
    byId('ablation').textContent = this.#ablation();
    byId('confusion').replaceChildren(...DIGITS.map((digit) => this.#confusionRow(digit, own, mnist)));
  }

  #networkRow(name) {
    const { accuracy, hits, n } = this.#figuresOf(name);
    const mnist = this.#mnistOf(name);
    const interval = accuracy ? text('interval', { low: precisePercent(accuracy.low), high: precisePercent(accuracy.high) }) : '';
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, name),
      element('td', {}, accuracy ? precisePercent(accuracy.share) : '–'),
      element('td', {}, interval),
      element('td', {}, `${hits} / ${n}`),
      element('td', {}, mnist ? precisePercent(mnist.accuracy.share) : '–'),
    );
  }

  #ablation() {
    const share = (step) => figures(this.pictures, (picture) => picture.ablation[step]).accuracy;
    if (!share('raw')) return '';
    const steps = ['raw', 'box', 'mass'].map((step) => [step, precisePercent(share(step).share)]);
    return text('ablation', Object.fromEntries(steps));
  }

  #confusionRow(digit, { confusion, recall }, mnist) {
    const cells = [...DIGITS, BLANK].map((read) => {
      const count = confusion[digit][read];
      if (count === 0) return element('td', {}, '');
      const open = this.#cell?.digit === digit && this.#cell?.read === read;
      const button = element('button', {
        type: 'button',
        class: read === digit ? 'cell right' : 'cell wrong',
        textContent: count,
        'aria-pressed': open,
        'aria-label': text('cell', { count, digit, read: read === BLANK ? '–' : read }),
      });
      button.addEventListener('click', () => this.#choose(open ? null : { digit, read }));
      return element('td', {}, button);
    });
    const own = recall[digit];
    const reference = mnist?.recall[digit] ?? null;
    const drop = own === null || reference === null ? '' : text('drop', { points: percentagePoints(own - reference) });
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, String(digit)),
      ...cells,
      element('td', { class: 'recall' }, own === null ? '' : precisePercent(own)),
      element('td', { class: 'recall' }, drop),
    );
  }

  #showGallery() {
    const network = byId('network').value;
    const inCell = ({ label, models }) =>
      this.#cell === null || (label === this.#cell.digit && (models[network].digit ?? BLANK) === this.#cell.read);
    const chosen = this.pictures.filter(inCell).filter(FILTERS[byId('filter').value]);
    chosen.sort(ORDERS[byId('order').value]);
    const onLabel = this.#editable ? (picture, input) => this.#label(picture, input) : null;
    byId('gallery').replaceChildren(...chosen.slice(0, this.#shown).map((picture) => card(picture, onLabel)));
    byId('gallery-count').textContent = text('gallery.count', { shown: Math.min(this.#shown, chosen.length), n: chosen.length });
    byId('more').hidden = chosen.length <= this.#shown;
  }

  /** Takes a typed label; the gallery stays as it is, so that typing goes on with the next picture. */
  #label(picture, input) {
    picture.label = input.value === '' ? null : Number(input.value);
    this.#showFigures();
    const inputs = [...byId('gallery').querySelectorAll('input.label')];
    if (input.value !== '') inputs[inputs.indexOf(input) + 1]?.focus();
  }
}

/** The report: figures, matrix and gallery of a comparison's rows; in the page and in the file to take home. */

import { byId, element } from '../element.js';
import { percentagePoints, precisePercent, text } from '../strings.js';
import { BLANK, figures } from './figures.js';
import { Gallery } from './gallery.js';
import { Matrix, cellText } from './matrix.js';
import { NETWORKS, digitOf, nameOf } from './picture.js';

/** Each network's figures on MNIST's test set, or null where its card has none. */
const MNIST = JSON.parse(byId('mnist').textContent);
const row = (name, ...cells) =>
  element('tr', {}, element('th', { scope: 'row' }, name), ...cells.map((cell) => element('td', {}, cell)));
const share = (accuracy) => (accuracy ? precisePercent(accuracy.share) : '–');

export class Report {
  /** Rows as the server answered them, with labels as they were typed since. */
  pictures = [];
  skipped = [];
  summary = null;
  /** Whether a label was typed since the report was last taken home. */
  unsaved = false;

  /** Pictures of the files' last reading that this one has not come to yet. */
  #before = [];
  #cell = null;
  #gallery;
  #matrix = new Matrix(byId('confusion'), (cell) => this.#open(cell));

  #editable;

  /** @param {{editable: boolean}} options whether labels may be typed */
  constructor({ editable }) {
    this.#editable = editable;
    this.#gallery = new Gallery(editable ? (picture, digit) => this.#label(picture, digit) : null);
    for (const id of ['network', 'filter', 'order']) byId(id).addEventListener('change', () => this.#choose(null));
    byId('close-cell').addEventListener('click', () => {
      this.#choose(null);
      byId('filter').focus(); // the button is gone
    });
  }

  /** @param {boolean} again the same files are read again: each picture keeps the label that was typed */
  clear(again) {
    this.#before = again ? [...this.pictures, ...this.#before] : [];
    this.unsaved &&= again;
    Object.assign(this, { pictures: [], skipped: [], summary: null });
    this.#choose(null);
  }

  /** Takes one row in; `show` makes it visible. */
  add(given) {
    if (given.picture) this.pictures.push(this.#labelled(translated(given.picture)));
    if (given.skipped) this.skipped.push(translated(given.skipped));
    // A large comparison is several for the server, each with a summary.
    if (given.summary) this.summary = { ...given.summary, mnist: given.summary.mnist && (this.summary?.mnist ?? true) };
  }

  /** Takes in the rows that the page itself holds, if any, in the form of `toString`. */
  addFromPage() {
    for (const line of byId('rows')?.textContent.split('\n') ?? []) {
      if (line.trim()) this.add(JSON.parse(line));
    }
  }

  /** All rows, as `add` takes them in. */
  get rows() {
    const parts = [...this.pictures.map((picture) => ({ picture })), ...this.skipped.map((skipped) => ({ skipped }))];
    return this.summary ? [...parts, { summary: this.summary }] : parts;
  }

  /** All rows, a JSON object a line, as the server takes them. */
  toString() {
    return this.rows.map((given) => JSON.stringify(given)).join('\n');
  }

  get empty() {
    return this.pictures.length + this.skipped.length === 0;
  }

  show() {
    byId('report').hidden = this.empty;
    byId('report').dataset.pictures = this.pictures.length > 0;
    this.#showFigures();
    this.#gallery.show(this.pictures.filter((picture) => this.#isInCell(picture)), this.#network);
    byId('skipped').hidden = this.skipped.length === 0;
    byId('skipped-list').replaceChildren(
      ...this.skipped.map((part) => element('li', {}, element('b', {}, nameOf(part)), ` ${part.reason}`)),
    );
  }

  get #network() {
    return byId('network').value;
  }

  #isInCell(picture) {
    if (this.#cell === null) return true;
    return picture.label === this.#cell.digit && (digitOf(picture, this.#network) ?? BLANK) === this.#cell.read;
  }

  /** Another choice of pictures, from its beginning. */
  #choose(cell) {
    this.#cell = cell;
    this.#gallery.rewind();
    this.show();
  }

  /** A cell of the matrix was pressed: its pictures, all of them; pressed again, those of all cells. */
  #open(cell) {
    const isOpen = this.#cell?.digit === cell.digit && this.#cell.read === cell.read;
    byId('filter').value = 'all';
    this.#choose(isOpen ? null : cell);
    if (!isOpen) bringIntoSight(byId('gallery-title'));
  }

  #label(picture, digit) {
    this.unsaved = true;
    type(picture, digit);
    this.#showFigures();
  }

  /** The picture, with the label that was typed when it was read before. */
  #labelled(picture) {
    // The first of that name: of several layers of one name, each keeps its own label.
    const at = this.#before.findIndex(({ name, layer }) => name === picture.name && layer === picture.layer);
    const [before] = at < 0 ? [] : this.#before.splice(at, 1);
    return before?.label_source === 'typed' ? type(picture, before.label) : picture;
  }

  #figuresOf(network) {
    return figures(this.pictures, (picture) => digitOf(picture, network));
  }

  #showFigures() {
    const own = this.#figuresOf(this.#network);
    const mnist = MNIST[this.#network];
    byId('headline').textContent = this.#headline(own, mnist);
    byId('without-mnist').hidden = this.summary === null || this.summary.mnist === true;
    this.#showNetworks();
    byId('ablation').textContent = this.#ablation();
    this.#matrix.show(own.confusion, this.#cell);
    byId('cell').hidden = this.#cell === null;
    if (this.#cell) byId('cell-name').textContent = cellText(this.#cell, own.confusion[this.#cell.digit][this.#cell.read]);
    byId('recall').replaceChildren(...own.recall.map((value, digit) => recallRow(digit, value, mnist?.recall[digit] ?? null)));
  }

  #headline({ accuracy, hits, n }, mnist) {
    if (this.pictures.length === 0) return text('headline.none');
    const said = accuracy
      ? [text('headline', { hits, n, percent: share(accuracy) })]
      : [text('headline.unlabelled', { n: this.pictures.length }), ...(this.#editable ? [text('headline.type')] : [])];
    if (mnist) said.push(text('headline.mnist', { percent: share(mnist.accuracy) }));
    return said.join(' ');
  }

  #showNetworks() {
    const all = NETWORKS.map((network) => ({ ...this.#figuresOf(network), mnist: MNIST[network] }));
    const interval = ({ low, high }) => text('interval', { low: precisePercent(low), high: precisePercent(high) });
    byId('networks').replaceChildren(
      row(text('figures.share'), ...all.map(({ accuracy }) => share(accuracy))),
      row(text('figures.interval'), ...all.map(({ accuracy }) => (accuracy ? interval(accuracy) : '–'))),
      row(text('figures.count'), ...all.map(({ hits, n }) => `${hits} / ${n}`)),
      row(text('figures.mnist'), ...all.map(({ mnist }) => share(mnist?.accuracy))),
    );
  }

  #ablation() {
    const steps = ['raw', 'box', 'mass'].map((step) => [step, figures(this.pictures, ({ ablation }) => ablation[step]).accuracy]);
    if (!steps[0][1]) return '';
    return text('ablation', Object.fromEntries(steps.map(([step, accuracy]) => [step, share(accuracy)])));
  }
}

/** A row's content in the page's language; it may have been read in another. */
const translated = (part) =>
  Object.assign(part, part.key && { reason: text(part.key) }, part.translations?.[document.documentElement.lang]);

/** Whoever types a label has seen the picture, so it is doubted no more. */
function type(picture, label) {
  return Object.assign(picture, { label, label_source: 'typed', suspect: false });
}

/** Scrolls to what begins below the middle of the screen, as the gallery does on a phone, or above it. */
function bringIntoSight(title) {
  const { top } = title.getBoundingClientRect();
  if (top < 0 || top > innerHeight / 2) title.scrollIntoView();
}

/** One digit's recall, MNIST's, and how they differ; each 0..1 or null. */
function recallRow(digit, own, mnist) {
  const difference = own === null || mnist === null ? '' : percentagePoints(own - mnist);
  return row(String(digit), ...[own, mnist].map((value) => (value === null ? '–' : precisePercent(value))), difference);
}

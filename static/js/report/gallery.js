import { byId } from '../element.js';
import { text } from '../strings.js';
import { Card } from './card.js';
import { confidence, isMistake } from './picture.js';

/** As many pictures are shown at once; a button shows more. */
const PAGE = 100;

const FILTERS = {
  all: () => true,
  mistakes: isMistake,
  suspect: (picture, network) => picture.suspect && isMistake(picture, network),
  unlabelled: (picture) => picture.label === null,
};
const ORDERS = {
  given: () => 0,
  unsure: (a, b, network) => confidence(a, network) - confidence(b, network),
  sure: (a, b, network) => confidence(b, network) - confidence(a, network),
};
/** How far these keys go from label to label. */
const STEPS = { Enter: 1, ArrowDown: 1, ArrowUp: -1 };

/** The pictures that the filter lets through, in the order that is chosen. */
export class Gallery {
  #onLabel;
  #network = null;
  #pictures = [];
  #cards = new Map();
  #shown = PAGE;

  /** @param {((picture: object, digit: number | null) => void) | null} onLabel null where labels are not edited */
  constructor(onLabel) {
    this.#onLabel = onLabel;
    byId('more').addEventListener('click', () => {
      const at = this.#cards.size;
      this.#showMore();
      const { node } = [...this.#cards.values()][at];
      node.tabIndex = -1;
      node.focus({ preventScroll: true }); // the button goes away or far down
    });
    byId('gallery').addEventListener('keydown', (event) => this.#move(event));
  }

  /** Shows the first pictures again: what is shown has changed by more than what came in or was typed. */
  rewind() {
    this.#shown = PAGE;
  }

  /**
   * @param {object[]} pictures
   * @param {string} network whose mistakes, order and view are meant
   */
  show(pictures, network) {
    if (network !== this.#network) this.#cards.clear();
    this.#network = network;
    const isShown = FILTERS[byId('filter').value];
    const order = ORDERS[byId('order').value];
    this.#pictures = pictures.filter((picture) => isShown(picture, network)).sort((a, b) => order(a, b, network));
    this.#showCards();
  }

  #showMore() {
    this.#shown += PAGE;
    this.#showCards();
  }

  #showCards() {
    const shown = this.#pictures.slice(0, this.#shown);
    this.#cards = new Map(shown.map((picture) => [picture, this.#cards.get(picture) ?? this.#cardOf(picture)]));
    update(byId('gallery'), Array.from(this.#cards.values(), ({ node }) => node));
    byId('gallery-count').textContent = text('gallery.count', { shown: shown.length, n: this.#pictures.length });
    byId('more').hidden = shown.length === this.#pictures.length;
  }

  #cardOf(picture) {
    return new Card(picture, this.#network, this.#onLabel && ((labelled, digit) => this.#label(labelled, digit)));
  }

  /** The picture stays where it is, whatever the filter says of its new label, and typing goes on with the next one. */
  #label(picture, digit) {
    this.#onLabel(picture, digit);
    const card = this.#cards.get(picture);
    card.show();
    if (digit !== null) this.#focus(card, 1);
  }

  #move(event) {
    const card = Array.from(this.#cards.values()).find(({ input }) => input && input === event.target);
    if (!card) return;
    const isErasing = event.key === 'Backspace' && event.target.value === '';
    const step = isErasing ? -1 : STEPS[event.key];
    if (!step) return;
    event.preventDefault();
    this.#focus(card, step);
  }

  #focus(card, step) {
    const at = [...this.#cards.values()].indexOf(card) + step;
    if (at === this.#cards.size && at < this.#pictures.length) this.#showMore();
    [...this.#cards.values()][at]?.input.focus();
  }
}

/** Makes the nodes a list's children and leaves in place what stays, so that it keeps the focus while rows come in. */
function update(list, nodes) {
  const wanted = new Set(nodes);
  for (const node of [...list.children]) if (!wanted.has(node)) node.remove();
  let next = list.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
  }
}

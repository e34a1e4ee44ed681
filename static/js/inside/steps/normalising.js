/** From the raw drawing to the 28 × 28 image: the ink box, the centre of mass, and what each step is good for. */

import { argmax } from '../../argmax.js';
import { element } from '../../element.js';
import { percent, text } from '../../strings.js';
import { INK } from '../colours.js';
import { count, decimal } from '../format.js';
import { BOX, FRONTS, SIZE, find, imageOf, windowOf } from '../numbers/normalising.js';
import { PixelMap } from '../pixel-map.js';
import { Problem } from '../problem.js';

/** Largest mean difference from the graph's own image; more means that the model's layer is another one. */
const TOLERANCE = 0.01;
const NAMES = ['ink', 'box', 'centre', 'peak'];

export function create(...page) {
  return new Normalising(...page);
}

class Normalising {
  #network = null;
  /** What the network was trained with; undefined where its first layer is none that is known here. */
  #trained;
  #reading = null;

  constructor(section, lab) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, lab });
    this.drawing = new PixelMap(one('.raw'), { label: text('normalising.drawing') });
    this.image = new PixelMap(one('.seen'), { label: text('normalising.image') });
    this.boxes = Object.fromEntries(NAMES.map((name) => [name, one(`[name=${name}]`)]));
    lab.front = (network, picture, size) => this.#front(network, picture, size);
    lab.addEventListener('restore', () => {
      this.#restore();
      lab.reread();
    });
    one('.checks').addEventListener('change', () => {
      lab.altered(this.#altered);
      lab.reread();
    });
  }

  update(reading) {
    const { picture, size, network } = reading;
    this.#reading = reading;
    if (!this.#trained) throw new Problem(text('normalising.unknown', { kind: network.layers[0].kind }));
    const finding = find(picture, size);
    checkAgreement(reading.normalized, imageOf(finding, size, this.#chosen));
    showDrawing(this.drawing, finding, picture, size);
    this.image.show(reading.normalized, [SIZE, SIZE], INK, 1);
    this.image.frame('box', (SIZE - BOX) / 2, (SIZE - BOX) / 2, [BOX, BOX]);
    this.image.frame('middle', SIZE / 2 - 1, SIZE / 2 - 1, [2, 2]);
    showFacts(this.one('.facts'), finding, windowOf(finding, size, this.#chosen));
    this.one('.as-chosen').textContent = leaderOf(reading);
    this.#showTrainedVerdict(reading);
  }

  get #chosen() {
    return Object.fromEntries(NAMES.map((name) => [name, this.boxes[name].checked]));
  }

  get #altered() {
    return this.#trained !== undefined && NAMES.some((name) => this.boxes[name].checked !== this.#trained[name]);
  }

  #restore() {
    for (const name of NAMES) this.boxes[name].checked = Boolean(this.#trained?.[name]);
    this.lab.altered(false);
  }

  #front(network, picture, size) {
    if (network !== this.#network) {
      this.#network = network;
      this.#trained = FRONTS[network.layers[0].kind];
      this.#restore();
    }
    return this.#altered ? imageOf(find(picture, size), size, this.#chosen) : null;
  }

  async #showTrainedVerdict(reading) {
    const { network, image, picture, size } = reading;
    const plain = image ? await network.read(picture, size) : reading;
    if (this.#reading === reading) this.one('.as-trained').textContent = leaderOf(plain);
  }
}

function checkAgreement(ours, theirs) {
  const difference = ours.reduce((sum, value, pixel) => sum + Math.abs(value - theirs[pixel]), 0) / ours.length;
  if (!(difference <= TOLERANCE)) throw new Problem(text('normalising.differs'));
}

/** The raw picture with what is found in it. */
function showDrawing(map, { vertical, horizontal, centre }, picture, size) {
  map.show(picture, [size, size], INK, 255);
  map.frame('box', vertical.start, horizontal.start, [vertical.length, horizontal.length]);
  const reach = size / SIZE; // the cross is as large as in the image
  map.frame('middle', centre.y - reach, centre.x - reach, [2 * reach, 2 * reach]);
}

function showFacts(list, { vertical, horizontal, centre }, { scale }) {
  const facts = {
    box: `${count(horizontal.length)} × ${count(vertical.length)}`,
    centre: `${decimal(centre.x, 1)}; ${decimal(centre.y, 1)}`,
    scale: decimal(scale, 3),
  };
  list.replaceChildren(
    ...Object.entries(facts).map(([name, value]) =>
      element('div', {}, element('dt', {}, text(`normalising.${name}`)), element('dd', {}, value)),
    ),
  );
}

/** "7 (98%)": the leading digit. */
function leaderOf({ probabilities }) {
  const digit = argmax(probabilities);
  return `${digit} (${percent(probabilities[digit])})`;
}

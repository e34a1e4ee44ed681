import { text } from '../strings.js';
import { count, decimal, percentage } from './format.js';

const WIDTH = 360;
const HEIGHT = 220;
/** Room for the numbers at the left and below, in units of the drawing. */
const LEFT = 52;
const BELOW = 24;
const TOP = 8;
const RIGHT = 8;

/** What a chart shows: the keys of the training and the validation records, and the value whose logarithm is drawn. */
const MEASURES = {
  loss: { keys: { training: 'loss', validation: 'val_loss' }, height: (loss) => loss, write: (loss) => decimal(loss, 3) },
  accuracy: {
    keys: { training: 'accuracy', validation: 'val_accuracy' },
    height: (accuracy) => 1 - accuracy, // mistakes: from 99 to 99.9 % is as far as from 90 to 99 %
    write: (mistakes) => percentage(1 - mistakes, Math.max(1, -Math.floor(Math.log10(mistakes)) - 2)),
    upward: true,
  },
};

/** No logarithm of nothing: fewer mistakes than this are drawn as this. */
const LEAST = 1e-5;

/** Curves over the epochs, on a logarithmic scale. */
export class Chart {
  #epochs = 1;

  /** @param {HTMLElement} container with `data-measure`, a key of MEASURES */
  constructor(container) {
    this.container = container;
    this.measure = MEASURES[container.dataset.measure];
    this.name = container.dataset.measure;
  }

  /** @param {{name: 'with' | 'without', history: object[]}[]} runs */
  show(runs) {
    const { keys, height } = this.measure;
    const curves = runs.flatMap(({ name, history }) =>
      Object.entries(keys).map(([set, key]) => ({
        kind: `${name} ${set}`,
        logs: history.map((record) => Math.log10(Math.max(LEAST, height(record[key])))),
      })),
    );
    const logs = curves.flatMap((curve) => curve.logs);
    this.#epochs = Math.max(...runs.map(({ history }) => history.length));
    this.range = [Math.min(...logs), Math.max(...logs)];
    const svg = shape('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': text(`training.${this.name}`) });
    this.cursor = shape('line', { class: 'cursor', y1: TOP, y2: HEIGHT - BELOW });
    svg.append(...this.#grid(), this.cursor, ...curves.map((curve) => this.#curve(curve)));
    this.container.replaceChildren(svg);
  }

  /** Marks an epoch, from 1. */
  mark(epoch) {
    for (const end of ['x1', 'x2']) this.cursor.setAttribute(end, this.#x(epoch));
  }

  #x(epoch) {
    return LEFT + ((WIDTH - LEFT - RIGHT) * (epoch - 1)) / Math.max(1, this.#epochs - 1);
  }

  #y(log) {
    const [low, high] = this.range;
    const share = (log - low) / (high - low || 1);
    return TOP + (HEIGHT - TOP - BELOW) * (this.measure.upward ? share : 1 - share);
  }

  #curve({ kind, logs }) {
    const points = logs.map((log, index) => `${this.#x(index + 1).toFixed(1)},${this.#y(log).toFixed(1)}`);
    return shape('polyline', { class: `curve ${kind}`, points: points.join(' ') });
  }

  /** Lines at 1, 2 and 5 of each power of ten within the range, and the first and the last epoch. */
  #grid() {
    const [low, high] = this.range;
    const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, k) => Math.floor(low) + k);
    const ticks = powers.flatMap((power) => [1, 2, 5].map((factor) => factor * 10 ** power));
    const inside = ticks.filter((tick) => Math.log10(tick) >= low && Math.log10(tick) <= high);
    const lines = inside.flatMap((tick) => {
      const y = this.#y(Math.log10(tick));
      const number = shape('text', { x: LEFT - 6, y: y + 4, 'text-anchor': 'end' });
      number.textContent = this.measure.write(tick);
      return [shape('line', { class: 'grid', x1: LEFT, x2: WIDTH - RIGHT, y1: y, y2: y }), number];
    });
    const epochs = [1, this.#epochs].map((epoch, last) => {
      const number = shape('text', { x: this.#x(epoch), y: HEIGHT - 6, 'text-anchor': last ? 'end' : 'start' });
      number.textContent = count(epoch);
      return number;
    });
    return [...lines, ...epochs];
  }
}

function shape(name, attributes) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

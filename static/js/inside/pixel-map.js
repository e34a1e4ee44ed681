import { element } from '../element.js';
import { Maps } from './maps.js';

const ARROWS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** One map, large, with frames around some of its pixels; a pixel is picked by pointer or arrow keys. */
export class PixelMap {
  #maps;
  /** Rows and columns of what can be picked. */
  #places = [1, 1];
  #frames = new Map();

  /**
   * @param {HTMLElement} container gets the map
   * @param {object} options
   * @param {string} options.label what screen readers call it
   * @param {(row: number, column: number) => void} [options.onPick] without it nothing can be picked
   * @param {() => number[]} [options.picked] the picked [row, column], from which arrow keys move
   * @param {() => number[]} [options.stride] how many rows and columns they go; 1 unless told
   * @param {boolean} [options.hover] whether pointing at a pixel picks it, without a press
   */
  constructor(container, { label, onPick, picked, stride = () => [1, 1], hover = false }) {
    container.classList.add('pixel-map');
    this.container = container;
    this.canvas = element('canvas', { role: onPick ? 'application' : 'img', 'aria-label': label });
    container.append(this.canvas);
    this.#maps = new Maps(this.canvas);
    if (!onPick) return;
    container.classList.add('pickable');
    this.canvas.tabIndex = 0;
    this.#listenToPointer(onPick, hover);
    this.#listenToKeyboard(onPick, picked, stride);
  }

  /**
   * Shows one map, whose pixels can be picked, or, with channels, a grid of maps, which can be picked as a whole.
   *
   * @param {Float32Array} values [rows, columns] or [rows, columns, channels]
   * @param {number[]} shape
   * @param {import('./colours.js').Colours} colours
   * @param {number} largest absolute value, which gets the last colour
   * @param {{across: number, gap?: number}} [layout] of the grid
   */
  show(values, shape, colours, largest, layout) {
    this.#places = layout ? [Math.ceil(shape[2] / layout.across), layout.across] : shape;
    this.#maps.show(values, shape, colours, largest, layout);
    this.container.style.aspectRatio = `${this.canvas.width} / ${this.canvas.height}`;
  }

  /** Puts the frame called `name` around pixels. */
  frame(name, row, column, size = [1, 1]) {
    if (!this.#frames.has(name)) {
      this.#frames.set(name, element('span', { class: `pixel-frame ${name}` }));
      this.container.append(this.#frames.get(name));
    }
    const { style } = this.#frames.get(name);
    const [rows, columns] = this.#places;
    style.width = `${(100 * size[1]) / columns}%`;
    style.height = `${(100 * size[0]) / rows}%`;
    style.transform = `translate(${(100 * column) / size[1]}%, ${(100 * row) / size[0]}%)`;
  }

  #listenToPointer(onPick, hover) {
    const pick = (event) => {
      const box = this.canvas.getBoundingClientRect();
      const [rows, columns] = this.#places;
      const at = (share, length) => Math.min(length - 1, Math.max(0, Math.floor(share * length)));
      onPick(at((event.clientY - box.top) / box.height, rows), at((event.clientX - box.left) / box.width, columns));
    };
    this.canvas.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      this.canvas.setPointerCapture(event.pointerId);
      pick(event);
    });
    this.canvas.addEventListener('pointermove', (event) => {
      if (hover || this.canvas.hasPointerCapture(event.pointerId)) pick(event);
    });
  }

  #listenToKeyboard(onPick, picked, stride) {
    this.canvas.addEventListener('keydown', (event) => {
      const step = ARROWS[event.key];
      if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      const [row, column] = picked().map((place, axis) =>
        Math.min(this.#places[axis] - 1, Math.max(0, place + step[axis] * stride()[axis])),
      );
      onPick(row, column);
    });
  }
}

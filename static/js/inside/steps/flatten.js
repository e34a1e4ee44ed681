/** Flatten: the cube of maps becomes a vector, element by element. */

import { argmax } from '../../argmax.js';
import { text } from '../../strings.js';
import { SEQUENTIAL, largestOf } from '../colours.js';
import { count, decimal, shapeOf } from '../format.js';
import { LayerPicker, acrossOf } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';
import { Problem } from '../problem.js';

/** Elements of the vector in a row of its picture. */
const WRAPPED = 32;
const EXAMPLE = [64, 32, 32];
const productOf = (shape) => shape.reduce((product, length) => product * length, 1);

export function create(...page) {
  return new Flatten(...page);
}

class Flatten {
  #network = null;
  /** The element that was picked; null: the largest. */
  #picked = null;
  #element = 0;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, refresh });
    this.layers = new LayerPicker(one('.layer-choice'), lab, refresh);
    this.cube = new PixelMap(one('.cube'), {
      label: text('flatten.cube'),
      onPick: (row, column) => this.#pickInCube(row, column),
      picked: () => this.#placeOf(this.#element),
      hover: true,
    });
    this.vector = new PixelMap(one('.vector'), {
      label: text('flatten.vector'),
      onPick: (row, column) => this.#pick(row * WRAPPED + column),
      picked: () => [Math.floor(this.#element / WRAPPED), this.#element % WRAPPED],
      hover: true,
    });
    this.#showSizes('example', EXAMPLE);
  }

  update(reading) {
    if (reading.network !== this.#network) {
      this.layers.offer(reading.network.ofKind('Flatten'));
      this.#network = reading.network;
    }
    const { layer } = this.layers;
    const { shape } = layer.source;
    if (shape.length !== 3) throw new Problem(text('flatten.flat', { layer: layer.name, shape: shapeOf(shape) }));
    this.shape = shape;
    const values = reading.of(layer);
    this.#element = Math.min(this.#picked ?? argmax(values), values.length - 1);
    this.#show(values);
    this.#showSizes('real', shape);
    const names = { shape: shapeOf(shape), length: count(values.length) };
    this.one('.cube-name').textContent = text('flatten.cube-name', names);
    this.one('.vector-name').textContent = text('flatten.vector-name', names);
  }

  #pickInCube(row, column) {
    const [fromRow, fromColumn] = this.#placeOf(this.#element);
    const element = this.#elementAt(row, column);
    const isStep = Math.abs(row - fromRow) + Math.abs(column - fromColumn) === 1;
    // An arrow key steps over what lies between two maps.
    this.#pick(element < 0 && isStep ? this.#elementAt(2 * row - fromRow, 2 * column - fromColumn) : element);
  }

  #pick(element) {
    if (element < 0 || element >= productOf(this.shape)) return; // between two maps, or after the end
    this.#picked = element;
    this.refresh();
  }

  #show(values) {
    const [rows, columns, maps] = this.shape;
    const [height, width] = [Math.ceil(maps / this.#across) * (rows + 1) - 1, this.#across * (columns + 1) - 1];
    const laid = new Float32Array(height * width).fill(NaN); // transparent between the maps
    values.forEach((value, element) => {
      const [row, column] = this.#placeOf(element);
      laid[row * width + column] = value;
    });
    const largest = largestOf(values);
    this.cube.show(laid, [height, width], SEQUENTIAL, largest);
    this.cube.frame('picked', ...this.#placeOf(this.#element));
    const wrapped = new Float32Array(Math.ceil(values.length / WRAPPED) * WRAPPED).fill(NaN);
    wrapped.set(values);
    this.vector.show(wrapped, [wrapped.length / WRAPPED, WRAPPED], SEQUENTIAL, largest);
    this.vector.frame('picked', Math.floor(this.#element / WRAPPED), this.#element % WRAPPED);
    this.#showWords(values, columns, maps);
  }

  #showWords(values, columns, maps) {
    const { row, column, map } = this.#partsOf(this.#element);
    const words = this.one('.words');
    words.textContent = text('flatten.words', {
      map: count(map + 1),
      row: count(row + 1),
      column: count(column + 1),
      value: decimal(values[this.#element]),
      columns: count(columns),
      maps: count(maps),
      element: count(this.#element + 1),
    });
    Object.assign(words.dataset, { element: this.#element, row, column, map, value: values[this.#element] });
  }

  #showSizes(name, shape) {
    this.one(`.${name}-shape`).textContent = `(${shape.map(count).join(', ')})`;
    this.one(`.${name}-product`).textContent = shape.map(count).join(' · ');
    this.one(`.${name}-length`).textContent = count(productOf(shape));
  }

  get #across() {
    return acrossOf(this.shape[2]);
  }

  /** Row, column and map that an element comes from, as Keras lays them out: the maps change fastest. */
  #partsOf(element) {
    const [, columns, maps] = this.shape;
    const place = Math.floor(element / maps);
    return { row: Math.floor(place / columns), column: place % columns, map: element % maps };
  }

  /** Where an element is in the picture of the cube: the maps side by side, a pixel between them. */
  #placeOf(element) {
    const { row, column, map } = this.#partsOf(element);
    const [rows, columns] = this.shape;
    return [Math.floor(map / this.#across) * (rows + 1) + row, (map % this.#across) * (columns + 1) + column];
  }

  /** The other way round; -1 between two maps. */
  #elementAt(pictureRow, pictureColumn) {
    const [rows, columns, maps] = this.shape;
    const [row, column] = [pictureRow % (rows + 1), pictureColumn % (columns + 1)];
    const map = Math.floor(pictureRow / (rows + 1)) * this.#across + Math.floor(pictureColumn / (columns + 1));
    return row === rows || column === columns || map >= maps ? -1 : (row * columns + column) * maps + map;
  }
}

/** Conv2D: every kernel and its feature map, and the sum that gives one pixel. */

import { argmax } from '../../argmax.js';
import { text } from '../../strings.js';
import { DIVERGING, INK, SEQUENTIAL, largestOf } from '../colours.js';
import { decimal } from '../format.js';
import { channelOf, montage } from '../maps.js';
import { ShadedMatrix } from '../shaded-matrix.js';
import { sumAt } from '../numbers/convolution.js';
import { GAP, LayerPicker, MapPicker, acrossOf } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';
import { Problem } from '../problem.js';

/** Input maps in a row of the grid that shows what each adds. */
const PARTS_ACROSS = 16;

export function create(...page) {
  return new Convolution(...page);
}

class Convolution {
  #network = null;
  #layer = null;
  /** Height and width of a kernel, as shares of what it and the gap beside it take. */
  #kernelSize = [1, 1];
  #at = [0, 0];
  /** The input map whose patch is shown; null: the one that adds most. */
  #part = null;
  #picked = false;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, refresh });
    this.layers = new LayerPicker(one('.layer-choice'), lab, refresh);
    this.maps = new MapPicker(one('.maps'), refresh);
    this.kernels = new PixelMap(one('.kernels'), {
      label: text('conv.kernels'),
      onPick: (row, column) => this.maps.choose(row * this.#across + column),
      picked: () => placeOf(this.maps.channel, this.#across),
    });
    this.output = new PixelMap(one('.output'), {
      label: text('conv.output'),
      onPick: (...at) => this.#pick(at),
      picked: () => this.#at,
    });
    this.input = new PixelMap(one('.input'), { label: text('conv.input') });
    this.parts = new PixelMap(one('.parts'), {
      label: text('conv.parts'),
      onPick: (row, column) => this.#pickPart(row * PARTS_ACROSS + column),
      picked: () => placeOf(this.#shown, PARTS_ACROSS),
    });
    this.matrices = Object.fromEntries(
      ['patch', 'kernel', 'products'].map((name) => [name, new ShadedMatrix(one(`.${name}-matrix`))]),
    );
  }

  update(reading) {
    if (reading.network !== this.#network) this.layers.offer(reading.network.ofKind('Conv2D'));
    this.#network = reading.network;
    const { layer } = this.layers;
    if (!layer.kernel) throw new Problem(text('problem.weights', { layer: layer.name }));
    const values = reading.of(layer);
    const input = reading.of(layer.source);
    if (layer !== this.#layer) this.#turnTo(layer, values);
    this.#show(values, input);
  }

  /** Another layer: its kernels are painted once, they do not change. */
  #turnTo(layer, activation) {
    this.#layer = layer;
    this.maps.chooseStrongest(activation, layer.shape[2]);
    this.#part = null;
    this.#picked = false;
    const { values, shape } = montage(layer.kernel);
    this.kernels.show(values, shape, DIVERGING, largestOf(values), { across: this.#across, gap: GAP });
    this.#kernelSize = shape.slice(0, 2).map((length) => length / (length + GAP));
  }

  /** Kernels in a row of the grid. */
  get #across() {
    return acrossOf(this.#layer.shape[2]);
  }

  #pick(at) {
    this.#at = at;
    this.#picked = true;
    this.refresh();
  }

  #pickPart(part) {
    this.#part = Math.min(part, this.#layer.source.shape[2] - 1);
    this.refresh();
  }

  #show(values, input) {
    const layer = this.#layer;
    this.maps.show(values, layer.shape, SEQUENTIAL, largestOf(values));
    const map = channelOf(values, layer.shape, this.maps.channel);
    const [rows, columns] = layer.shape;
    // Until a pixel is picked, the brightest one is shown; the pick stays inside a smaller map.
    if (!this.#picked) this.#at = placeOf(argmax(map), columns);
    this.#at = this.#at.map((place, axis) => Math.min(place, layer.shape[axis] - 1));
    this.output.show(map, [rows, columns], SEQUENTIAL, largestOf(map));
    this.output.frame('picked', ...this.#at);
    const filter = this.maps.channel;
    this.kernels.frame('picked', ...placeOf(filter, this.#across), this.#kernelSize);
    this.#showSum(sumAt(layer, input, filter, ...this.#at), input, map[this.#at[0] * columns + this.#at[1]]);
  }

  /** The input map that is shown. */
  get #shown() {
    return this.#part ?? this.#strongest;
  }

  #strongest = 0;

  #showSum({ patch, kernel, parts, bias, sum }, input, value) {
    const layer = this.#layer;
    const { source, window } = layer;
    const channels = source.shape[2];
    this.#strongest = parts.reduce((best, part, k) => (Math.abs(part) > Math.abs(parts[best]) ? k : best), 0);
    const shown = Math.min(this.#shown, channels - 1);

    const inputColours = source.source ? SEQUENTIAL : INK;
    const inputMap = channelOf(input, source.shape, shown);
    const largestInput = largestOf(inputMap);
    this.input.show(inputMap, source.shape.slice(0, 2), inputColours, largestInput);
    const corner = this.#at.map((place, axis) => place * window.strides[axis] - window.offset[axis]);
    this.input.frame('picked', ...corner, window.size);

    const slice = (all) => channelOf(all, [...window.size, channels], shown);
    const [patchSlice, kernelSlice] = [slice(patch), slice(kernel)];
    const products = patchSlice.map((number, place) => number * kernelSlice[place]);
    const columns = window.size[1];
    this.matrices.patch.show(patchSlice, columns, inputColours, largestInput);
    this.matrices.kernel.show(kernelSlice, columns, DIVERGING, largestOf(kernel));
    this.matrices.products.show(products, columns, DIVERGING, largestOf(products));
    this.#showParts(parts, shown);
    this.#showWords({ part: parts[shown], parts, bias, sum, value, shown });
  }

  #showParts(parts, shown) {
    const several = parts.length > 1;
    this.one('.part-choice').hidden = !several;
    if (!several) return;
    const layout = { across: Math.min(parts.length, PARTS_ACROSS) };
    this.parts.show(parts, [1, 1, parts.length], DIVERGING, largestOf(parts), layout);
    this.parts.frame('picked', ...placeOf(shown, layout.across));
  }

  #showWords({ part, parts, bias, sum, value, shown }) {
    const layer = this.#layer;
    const numbers = {
      layer: layer.name,
      n: this.maps.channel + 1,
      row: this.#at[0] + 1,
      column: this.#at[1] + 1,
      k: shown + 1,
      others: parts.length - 1,
      part: decimal(part),
      rest: decimal(sum - bias - part),
      bias: decimal(bias),
      sum: decimal(sum),
      value: decimal(value),
    };
    const words = this.one('.words');
    words.textContent = text(parts.length > 1 ? 'conv.sum-of-many' : 'conv.sum-of-one', numbers);
    Object.assign(words.dataset, { sum, bias, value, part });
    this.one('.input-name').textContent = text(layer.source.source ? 'conv.input-map' : 'conv.input-image', numbers);
    this.one('.output-name').textContent = text('conv.output-map', numbers);
    this.one('.then').textContent = text(layer.activation === 'relu' ? 'conv.relu' : 'conv.linear', numbers);
  }
}

/** Row and column of the n-th place. */
const placeOf = (n, columns) => [Math.floor(n / columns), n % columns];

/** MaxPooling2D: the window glides over the map, and only the largest value of each window goes on. */

import { argmax } from '../../argmax.js';
import { text } from '../../strings.js';
import { SEQUENTIAL, largestOf } from '../colours.js';
import { decimal, shapeOf } from '../format.js';
import { channelOf } from '../maps.js';
import { ShadedMatrix } from '../shaded-matrix.js';
import { poolAt } from '../numbers/convolution.js';
import { LayerPicker, MapPicker } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';

/** A whole map is played in about so long, but no window shorter or longer than this. Milliseconds. */
const PLAYED_IN = 12_000;
const SHORTEST = 90;
const LONGEST = 700;

export function create(...page) {
  return new Pooling(...page);
}

class Pooling {
  #network = null;
  #layer = null;
  /** Which window is shown, counted row by row, and how many windows of the pooled map are shown so far. */
  #place = 0;
  #revealed = Infinity;
  #timer = null;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, refresh });
    this.layers = new LayerPicker(one('.layer-choice'), lab, () => {
      this.#stop();
      refresh();
    });
    this.maps = new MapPicker(one('.maps'), refresh);
    const picked = () => this.#at;
    this.output = new PixelMap(one('.output'), { label: text('pooling.output'), onPick: (...at) => this.#pick(at), picked });
    this.input = new PixelMap(one('.input'), {
      label: text('pooling.input'),
      onPick: (...at) => this.#pick(at.map((place, axis) => Math.floor(place / this.#window.strides[axis]))),
      picked: () => this.#at.map((place, axis) => place * this.#window.strides[axis]),
      stride: () => this.#window.strides,
    });
    this.matrix = new ShadedMatrix(one('.window-matrix'));
    one('.play').addEventListener('click', () => (this.#timer === null ? this.#play() : this.#stop()));
    one('.step-on').addEventListener('click', () => {
      this.#stop();
      this.#stepOn();
    });
    this.slider = one('.place');
    this.slider.addEventListener('input', () => this.#moveTo(this.slider.valueAsNumber - 1));
  }

  update(reading) {
    if (reading.network !== this.#network) {
      this.layers.offer(reading.network.ofKind('MaxPooling2D'));
      this.#network = reading.network;
      this.#stop();
    }
    const { layer } = this.layers;
    const values = reading.of(layer);
    const input = reading.of(layer.source);
    if (layer !== this.#layer) this.#turnTo(layer, values);
    this.#show(layer, values, input);
  }

  /** Another layer: begins where most is to be seen. */
  #turnTo(layer, values) {
    this.#layer = layer;
    this.maps.chooseStrongest(values, layer.shape[2]);
    const map = channelOf(values, layer.shape, this.maps.channel);
    this.#place = argmax(map);
    this.#revealed = Infinity;
  }

  get #window() {
    return this.layers.layer.window;
  }

  get #length() {
    const [rows, columns] = this.layers.layer.shape;
    return rows * columns;
  }

  get #at() {
    const columns = this.layers.layer.shape[1];
    return [Math.floor(this.#place / columns), this.#place % columns];
  }

  // Moving the window

  #pick(at) {
    const [rows, columns] = this.layers.layer.shape;
    this.#moveTo(Math.min(at[0], rows - 1) * columns + Math.min(at[1], columns - 1));
  }

  #moveTo(place) {
    this.#stop();
    this.#place = place;
    this.#revealed = Infinity;
    this.refresh();
  }

  #play() {
    if (this.#revealed >= this.#length) this.#place = -1; // all is shown: from the start
    this.one('.play').textContent = text('pooling.pause');
    const pause = Math.min(LONGEST, Math.max(SHORTEST, PLAYED_IN / this.#length));
    this.#timer = setInterval(() => this.#stepOn(), pause);
    this.#stepOn();
  }

  #stop() {
    clearInterval(this.#timer);
    this.#timer = null;
    this.one('.play').textContent = text('pooling.play');
  }

  #stepOn() {
    this.#place = (this.#place + 1) % this.#length;
    this.#revealed = this.#place + 1;
    if (this.#revealed === this.#length) this.#stop();
    this.refresh();
  }

  // Showing it

  #show(layer, values, input) {
    const { source } = layer;
    const { channel } = this.maps;
    this.#place = Math.min(this.#place, this.#length - 1);
    this.maps.show(values, layer.shape, SEQUENTIAL, largestOf(values));
    const map = channelOf(input, source.shape, channel);
    const pooled = channelOf(values, layer.shape, channel);
    const largest = largestOf(map);
    const revealed = pooled.map((value, place) => (place < this.#revealed ? value : NaN));
    this.input.show(map, source.shape.slice(0, 2), SEQUENTIAL, largest);
    this.output.show(revealed, layer.shape.slice(0, 2), SEQUENTIAL, largest);
    this.#showWindow(poolAt(layer, input, channel, ...this.#at), pooled[this.#place], largest);
  }

  #showWindow({ places, winner }, value, largest) {
    const { layer } = this.layers;
    const { size, strides, offset } = this.#window;
    this.input.frame('picked', ...this.#at.map((place, axis) => place * strides[axis] - offset[axis]), size);
    this.input.frame('winner', places[winner].row, places[winner].column);
    this.output.frame('picked', ...this.#at);
    const inside = places.map((place) => place.value);
    this.matrix.show(inside, size[1], SEQUENTIAL, largest, winner);
    this.slider.max = this.#length;
    this.slider.value = this.#place + 1;
    const words = this.one('.words');
    words.textContent = text('pooling.words', {
      values: inside.map((number) => decimal(number)).join('; '),
      value: decimal(value),
      from: shapeOf(layer.source.shape.slice(0, 2)),
      to: shapeOf(layer.shape.slice(0, 2)),
    });
    Object.assign(words.dataset, { value, winner });
  }
}

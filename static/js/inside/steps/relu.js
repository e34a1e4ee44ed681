/** relu: the sums before, the function, the map after. */

import { percent, text } from '../../strings.js';
import { DIVERGING, SEQUENTIAL, largestOf } from '../colours.js';
import { decimal } from '../format.js';
import { channelOf } from '../maps.js';
import { shareOfZeros, sumsOf } from '../numbers/convolution.js';
import { LayerPicker, MapPicker } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';
import { Problem } from '../problem.js';

/** The plot's measures in units of its view box, as the template draws it. */
const PLOT = { zero: 120, reach: 110, base: 130, depth: 50 };

export function create(...page) {
  return new Relu(...page);
}

class Relu {
  #network = null;
  #layer = null;
  #at = null;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    this.one = one;
    this.bins = [...section.querySelectorAll('.bin')];
    this.layers = new LayerPicker(one('.layer-choice'), lab, refresh);
    this.maps = new MapPicker(one('.maps'), refresh);
    const options = {
      onPick: (...at) => {
        this.#at = at;
        refresh();
      },
      picked: () => this.#at,
    };
    this.before = new PixelMap(one('.before'), { label: text('relu.before'), ...options });
    this.after = new PixelMap(one('.after'), { label: text('relu.after'), ...options });
  }

  update(reading) {
    if (reading.network !== this.#network) {
      const layers = reading.network.ofKind('Conv2D').filter(({ activation }) => activation === 'relu');
      if (layers.length === 0) throw new Problem(text('relu.none'));
      this.layers.offer(layers);
      this.#network = reading.network;
    }
    const { layer } = this.layers;
    if (!layer.kernel) throw new Problem(text('problem.weights', { layer: layer.name }));
    const values = reading.of(layer);
    const input = reading.of(layer.source);
    if (layer !== this.#layer) this.maps.chooseStrongest(values, layer.shape[2]);
    this.#layer = layer;
    this.#show(layer, values, input);
  }

  #show(layer, values, input) {
    const [rows, columns] = layer.shape;
    this.maps.show(values, layer.shape, SEQUENTIAL, largestOf(values));
    const sums = sumsOf(layer, input, this.maps.channel);
    const map = channelOf(values, layer.shape, this.maps.channel);
    this.#at ??= [Math.floor(rows / 2), Math.floor(columns / 2)];
    this.#at = this.#at.map((place, axis) => Math.min(place, layer.shape[axis] - 1));
    const pixel = this.#at[0] * columns + this.#at[1];
    this.before.show(sums, [rows, columns], DIVERGING, largestOf(sums));
    this.after.show(map, [rows, columns], SEQUENTIAL, largestOf(map));
    for (const shown of [this.before, this.after]) shown.frame('picked', ...this.#at);
    this.#plot(sums, sums[pixel]);
    this.#tell(sums[pixel], map[pixel], shareOfZeros(map), shareOfZeros(values));
  }

  /** How the sums are spread, under the function; the picked one as a point on it. */
  #plot(sums, picked) {
    const largest = largestOf(sums) || 1;
    const counts = new Array(this.bins.length).fill(0);
    for (const sum of sums) {
      counts[Math.min(counts.length - 1, Math.floor(((sum / largest + 1) / 2) * counts.length))]++;
    }
    // By the square root: a few pixels must be seen beside the many of the ground.
    const most = Math.sqrt(Math.max(...counts));
    this.bins.forEach((bin, k) => bin.setAttribute('height', (PLOT.depth * Math.sqrt(counts[k])) / most));
    const point = this.one('.point');
    point.setAttribute('cx', PLOT.zero + (PLOT.reach * picked) / largest);
    point.setAttribute('cy', PLOT.base - (PLOT.reach * Math.max(0, picked)) / largest);
    this.one('.least').textContent = decimal(-largest, 1);
    this.one('.most').textContent = decimal(largest, 1);
  }

  #tell(sum, value, ofMap, ofLayer) {
    const { layer } = this.layers;
    const words = this.one('.words');
    words.textContent = text('relu.words', {
      sum: decimal(sum),
      value: decimal(value),
      map: percent(ofMap),
      all: percent(ofLayer),
      layer: layer.name,
    });
    Object.assign(words.dataset, { sum, value, ofMap, ofLayer });
  }
}

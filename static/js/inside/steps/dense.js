/** Dense: one neuron's weighted sum, and what in the drawing spoke for a digit. */

import { argmax } from '../../argmax.js';
import { element } from '../../element.js';
import { text } from '../../strings.js';
import { DIVERGING, SEQUENTIAL, largestOf } from '../colours.js';
import { Evidence } from '../evidence.js';
import { count, decimal } from '../format.js';
import { gridOf } from '../maps.js';
import { LayerPicker } from '../pickers.js';
import { PixelMap } from '../pixel-map.js';
import { Problem } from '../problem.js';

/** So many of the largest products are named; the others are added up. */
const NAMED = 6;

export function create(...page) {
  return new Dense(...page);
}

class Dense {
  #network = null;
  #layer = null;
  /** The neuron that was picked; null: the one with the largest output. */
  #neuron = null;

  constructor(section, lab, refresh) {
    const one = (selector) => section.querySelector(selector);
    Object.assign(this, { one, refresh });
    this.layers = new LayerPicker(one('.layer-choice'), lab, refresh);
    this.neurons = new PixelMap(one('.neurons'), {
      label: text('dense.neurons'),
      onPick: (...at) => this.#pick(at),
      picked: () => this.#placeOf(this.#shown),
    });
    this.products = new PixelMap(one('.products'), { label: text('dense.products') });
    this.evidence = new Evidence(section, lab, refresh);
  }

  update(reading) {
    if (reading.network !== this.#network) {
      const layers = reading.network.ofKind('Dense');
      this.layers.offer(layers, layers.length - 1);
      this.#network = reading.network;
    }
    const { layer } = this.layers;
    if (!layer.kernel) throw new Problem(text('problem.weights', { layer: layer.name }));
    if (layer !== this.#layer) this.#neuron = null;
    this.#layer = layer;
    const outputs = reading.of(layer);
    this.#shown = this.#neuron ?? argmax(outputs);
    const colours = layer.activation === 'relu' ? SEQUENTIAL : DIVERGING;
    this.neurons.show(outputs, gridOf(outputs.length), colours, largestOf(outputs));
    this.neurons.frame('picked', ...this.#placeOf(this.#shown));
    this.#showSum(weightedSum(layer, reading.of(layer.source), this.#shown), outputs[this.#shown]);
    this.evidence.update(reading);
  }

  #shown = 0;

  #placeOf(neuron) {
    const [, columns] = gridOf(this.#layer.shape[0]);
    return [Math.floor(neuron / columns), neuron % columns];
  }

  #pick([row, column]) {
    const [, columns] = gridOf(this.#layer.shape[0]);
    this.#neuron = Math.min(row * columns + column, this.#layer.shape[0] - 1);
    this.refresh();
  }

  /** The last layer's neurons are the digits; all others are counted from 1. */
  get #name() {
    const last = this.#layer === this.#network.last;
    return text(last ? 'dense.digit' : 'dense.neuron', { n: last ? this.#shown : count(this.#shown + 1) });
  }

  #showSum({ inputs, weights, products, bias, sum }, output) {
    this.products.show(products, gridOf(products.length), DIVERGING, largestOf(products));
    this.one('.digit-labels').hidden = this.#layer !== this.#network.last;
    this.one('.neurons-name').textContent = text('dense.shown', { layer: this.#layer.name, neuron: this.#name });
    const order = Array.from(products.keys()).sort((a, b) => Math.abs(products[b]) - Math.abs(products[a]));
    const named = order.slice(0, NAMED);
    const others = order.slice(NAMED);
    const rest = others.reduce((total, k) => total + products[k], 0);
    this.one('.sum tbody').replaceChildren(
      ...named.map((k) => rowOf(text('dense.input', { n: count(k + 1) }), inputs[k], weights[k], products[k])),
      ...(others.length > 0 ? [rowOf(text('dense.others', { n: count(others.length) }), null, null, rest)] : []),
      rowOf(text('dense.bias'), null, null, bias),
    );
    const foot = [rowOf(text('dense.sum', { neuron: this.#name }), null, null, sum)];
    if (this.#layer.activation === 'relu') foot.push(rowOf(text('dense.relu'), null, null, output));
    this.one('.sum tfoot').replaceChildren(...foot);
  }
}

/**
 * What a neuron adds up.
 *
 * @param {import('../network.js').Layer} layer Dense
 * @param {Float32Array} inputs the output of the layer before it
 * @param {number} neuron
 * @returns {{inputs: Float32Array, weights: Float32Array, products: Float32Array, bias: number, sum: number}}
 */
function weightedSum({ kernel, bias }, inputs, neuron) {
  const outputs = kernel.shape[1];
  const weights = inputs.map((_, k) => kernel.values[k * outputs + neuron]);
  const products = inputs.map((value, k) => value * weights[k]);
  const offset = bias?.values[neuron] ?? 0;
  return { inputs, weights, products, bias: offset, sum: products.reduce((total, product) => total + product, offset) };
}

function rowOf(name, ...numbers) {
  const cells = numbers.map((number) => {
    const cell = element('td', {}, number === null ? '' : decimal(number));
    if (number !== null) cell.dataset.value = number;
    return cell;
  });
  return element('tr', {}, element('th', { scope: 'row' }, name), ...cells);
}

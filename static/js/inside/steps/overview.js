/** All layers side by side, each with its activation in small. */

import { byId, element } from '../../element.js';
import { text } from '../../strings.js';
import { DIVERGING, INK, SEQUENTIAL, largestOf } from '../colours.js';
import { count, shapeOf } from '../format.js';
import { Maps, gridOf } from '../maps.js';

/** The section that explains a kind of layer; the first layer, whatever its kind, is `normalising`. */
const SECTIONS = {
  Conv2D: 'conv',
  MaxPooling2D: 'pooling',
  Dropout: 'dropout',
  Flatten: 'flatten',
  Dense: 'dense',
  Softmax: 'softmax',
};

/** @returns {{update: (reading: import('../network.js').Reading) => void}} */
export function create(section, lab) {
  const list = section.querySelector('#layers');
  let network = null;
  let entries = [];

  function build(shown) {
    network = shown;
    entries = network.layers.map((layer) => ({ layer, ...entryOf(layer, lab) }));
    list.replaceChildren(...entries.map(({ item }) => item));
    section.querySelector('#totals').textContent = text('overview.totals', {
      name: network.label,
      layers: network.layers.length,
      parameters: count(network.card.parameters),
    });
  }

  return {
    update(reading) {
      if (reading.network !== network) build(reading.network);
      for (const { layer, maps, note } of entries) showActivation(reading, layer, maps, note);
    },
  };
}

function entryOf(layer, lab) {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const note = element('span', { class: 'layer-problem' });
  const target = layer.source ? SECTIONS[layer.kind] : 'normalising';
  const facts = [
    element('span', { class: 'layer-canvas' }, canvas),
    element('b', {}, layer.name),
    element('span', { class: 'layer-kind' }, layer.kind),
    element('span', {}, shapeOf(layer.shape)),
    element('span', {}, parametersOf(layer)),
    note,
  ];
  const known = target && byId(target);
  const box = known ? element('a', { href: `#${target}`, 'data-layer': layer.name }, ...facts) : element('span', {}, ...facts);
  box.classList.add('layer');
  box.addEventListener('click', () => lab.pick(layer));
  return { item: element('li', {}, box), maps: new Maps(canvas), note };
}

function parametersOf({ parameters }) {
  return parameters > 0 ? text('overview.parameters', { number: count(parameters) }) : '';
}

function showActivation(reading, layer, maps, note) {
  let values;
  try {
    values = reading.of(layer);
  } catch (problem) {
    note.textContent = problem.message;
    return;
  }
  const flat = layer.shape.length === 1;
  const shape = flat ? gridOf(layer.shape[0]) : layer.shape;
  const across = Math.ceil(Math.sqrt(shape[2] ?? 1));
  maps.show(values, shape, coloursOf(layer), largestOf(values), { across, gap: flat ? 0 : 1 });
}

function coloursOf(layer) {
  if (!layer.source) return INK;
  return layer.kind === 'Dense' && layer.activation === 'linear' ? DIVERGING : SEQUENTIAL;
}

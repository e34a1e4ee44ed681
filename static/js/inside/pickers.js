/** Choosing a layer, and one of its maps. Both are radio buttons, so that keyboards and screen readers know them. */

import { argmax } from '../argmax.js';
import { element } from '../element.js';
import { text } from '../strings.js';
import { shapeOf } from './format.js';
import { Maps } from './maps.js';

let groups = 0;
/** Between maps, in pixels of theirs; frames leave it out (`.map-cells` in figures.css). */
export const GAP = 1;

/** One radio button inside a label. */
export function radio(group, onPick, ...label) {
  const input = element('input', { type: 'radio', name: group, autocomplete: 'off' });
  input.addEventListener('change', onPick);
  return { input, label: element('label', {}, input, ...label) };
}

/** The layers of one kind, to choose from. */
export class LayerPicker {
  /** The chosen layer. @type {import('./network.js').Layer | null} */
  layer = null;
  #group = `layer-${groups++}`;
  #choices = [];
  #picked = false;

  /**
   * @param {HTMLElement} container gets the buttons
   * @param {EventTarget} lab fires `pick` with a layer that the whole page should turn to
   * @param {() => void} onPick
   */
  constructor(container, lab, onPick) {
    Object.assign(this, { container, onPick });
    container.classList.add('layer-picker');
    lab.addEventListener('pick', ({ detail }) => this.#choices.find(({ layer }) => layer === detail)?.input.click());
  }

  /**
   * @param {import('./network.js').Layer[]} layers of a network; the place of the choice stays
   * @param {number} usual place of the layer that is shown until one is chosen
   */
  offer(layers, usual = 0) {
    const place = this.#picked ? this.#choices.findIndex(({ layer }) => layer === this.layer) : usual;
    this.#choices = layers.map((layer) => ({ layer, ...this.#choice(layer) }));
    const chosen = this.#choices[Math.min(place, layers.length - 1)];
    chosen.input.checked = true;
    this.layer = chosen.layer;
    this.container.replaceChildren(
      element('legend', { class: 'spoken-only' }, text('picker.layer')),
      ...this.#choices.map(({ label }) => label),
    );
  }

  #choice(layer) {
    const pick = () => {
      this.layer = layer;
      this.#picked = true;
      this.onPick();
    };
    return radio(this.#group, pick, element('b', {}, layer.name), ' ', element('span', {}, shapeOf(layer.shape)));
  }
}

/** The maps of one layer in a grid, to choose from. */
export class MapPicker {
  /** Index of the chosen map. */
  channel = 0;
  #group = `map-${groups++}`;
  #inputs = [];
  #maps;

  /**
   * @param {HTMLElement} container gets the grid
   * @param {() => void} onPick
   */
  constructor(container, onPick) {
    Object.assign(this, { container, onPick });
    container.classList.add('map-picker');
    const canvas = element('canvas', { 'aria-hidden': 'true' });
    this.cells = element('div', { class: 'map-cells', role: 'radiogroup' });
    this.cells.setAttribute('aria-label', text('picker.map'));
    container.append(canvas, this.cells);
    this.#maps = new Maps(canvas);
  }

  /** Shows all maps of an activation; arguments as Maps.show's. */
  show(values, shape, colours, largest) {
    const [rows, columns, channels] = shape;
    if (this.#inputs.length !== channels) this.#build(channels);
    this.cells.style.setProperty('--columns', columns);
    this.cells.style.setProperty('--rows', rows);
    this.#maps.show(values, shape, colours, largest, { across: acrossOf(channels), gap: GAP });
  }

  /** Chooses, at first sight of an activation, the map in which most is to be seen. */
  chooseStrongest(values, channels) {
    const totals = new Float32Array(channels);
    values.forEach((value, index) => {
      totals[index % channels] += value;
    });
    this.channel = argmax(totals);
    if (this.#inputs[this.channel]) this.#inputs[this.channel].checked = true;
  }

  /** Chooses a map as if by its button; a place without a map chooses nothing. */
  choose(channel) {
    this.#inputs[channel]?.click();
  }

  #build(channels) {
    this.channel = Math.min(this.channel, channels - 1);
    const choices = Array.from({ length: channels }, (_, channel) => {
      const pick = () => {
        this.channel = channel;
        this.onPick();
      };
      const choice = radio(this.#group, pick);
      choice.input.setAttribute('aria-label', text('picker.nth', { n: channel + 1 }));
      choice.input.checked = channel === this.channel;
      return choice;
    });
    this.#inputs = choices.map(({ input }) => input);
    this.cells.style.setProperty('--across', acrossOf(channels));
    this.cells.replaceChildren(...choices.map(({ label }) => label));
  }
}

/** How many maps stand in a row: few enough for a finger, so many that the grid stays low. */
export const acrossOf = (channels) => Math.min(channels, channels > 64 ? 16 : 8);

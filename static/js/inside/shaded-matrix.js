import { element } from '../element.js';
import { colourOf } from './colours.js';
import { decimal } from './format.js';

/** Numbers in a table, each on its colour. */
export class ShadedMatrix {
  #cells = [];

  /** @param {HTMLTableElement} table with a caption and an empty body */
  constructor(table) {
    this.body = table.tBodies[0];
  }

  /**
   * @param {ArrayLike<number>} values row by row
   * @param {number} columns
   * @param {import('./colours.js').Colours} colours
   * @param {number} largest absolute value, which gets the last colour
   * @param {number} [marked] index of a value to be marked
   */
  show(values, columns, colours, largest, marked = -1) {
    if (this.#cells.length !== values.length) this.#build(values.length, columns);
    this.#cells.forEach((cell, index) => {
      shade(cell, colours, values[index], largest);
      cell.textContent = decimal(values[index]);
      cell.classList.toggle('marked', index === marked);
    });
  }

  #build(length, columns) {
    this.#cells = Array.from({ length }, () => element('td'));
    const rows = Array.from({ length: Math.ceil(length / columns) }, (_, row) =>
      element('tr', {}, ...this.#cells.slice(row * columns, (row + 1) * columns)),
    );
    this.body.replaceChildren(...rows);
  }
}

/** Gives a cell the colour of its value, and letters that stand out from it. */
export function shade(cell, colours, value, largest) {
  const { red, green, blue, light } = shadeOf(colourOf(colours, value, largest));
  cell.dataset.value = value;
  cell.style.backgroundColor = `rgb(${red} ${green} ${blue})`;
  cell.style.color = light ? '#000' : '#fff';
}

/** A colour's parts, and whether black stands out from it better than white (WCAG's relative luminance). */
function shadeOf(colour) {
  const [red, green, blue] = [colour & 255, (colour >> 8) & 255, (colour >> 16) & 255];
  const [r, g, b] = [red, green, blue].map((part) =>
    part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
  );
  return { red, green, blue, light: 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 };
}

import { element } from '../element.js';
import { text } from '../strings.js';
import { BLANK } from './figures.js';

const DIGITS = Array.from({ length: 10 }, (_, digit) => digit);

/** What is said of a cell, e.g. "3 read as 7: 2". */
export const cellText = ({ digit, read }, count) => text('cell', { digit, read: read === BLANK ? '–' : read, count });

/**
 * The confusion matrix: a button for each cell that holds pictures. The buttons stay the same whatever they show, so
 * that the keyboard's focus does.
 */
export class Matrix {
  #buttons;

  /**
   * @param {HTMLTableSectionElement} body rows are true digits
   * @param {(cell: {digit: number, read: number}) => void} onCell a cell was pressed
   */
  constructor(body, onCell) {
    this.#buttons = DIGITS.map((digit) =>
      [...DIGITS, BLANK].map((read) => {
        const button = element('button', { type: 'button', class: read === digit ? 'cell' : 'cell wrong', hidden: true });
        button.addEventListener('click', () => onCell({ digit, read }));
        return button;
      }),
    );
    body.replaceChildren(
      ...this.#buttons.map((row, digit) =>
        element('tr', {}, element('th', { scope: 'row' }, String(digit)), ...row.map((button) => element('td', {}, button))),
      ),
    );
  }

  /**
   * @param {number[][]} confusion [true digit][digit read]
   * @param {{digit: number, read: number} | null} open the cell whose pictures are shown
   */
  show(confusion, open) {
    this.#buttons.forEach((row, digit) =>
      row.forEach((button, read) => {
        const count = confusion[digit][read];
        button.hidden = count === 0;
        button.textContent = count;
        button.setAttribute('aria-label', cellText({ digit, read }, count));
        button.setAttribute('aria-pressed', open?.digit === digit && open.read === read);
      }),
    );
  }
}

import { Problem } from './problem.js';
import { text } from '../strings.js';

/**
 * One step of the page: its text stands in the template, its figure answers to every reading. What goes wrong in one
 * section is said there, and the others go on.
 */
export class Section {
  #step = null;

  /**
   * @param {HTMLElement} element <section class="step">, as templates/inside/_step.html makes it
   * @param {(section: HTMLElement, lab: object) => {update: (reading: import('./network.js').Reading) => void}} create
   * @param {object} lab what sections may ask of the page, see inside.js
   */
  constructor(element, create, lab) {
    this.element = element;
    this.problem = element.querySelector('.problem');
    this.#attempt(() => {
      this.#step = create(element, lab);
    });
  }

  /** @param {import('./network.js').Reading | null} reading null: nothing is drawn or read */
  update(reading) {
    if (reading === null) this.#say(text('problem.blank'));
    else if (this.#step) this.#attempt(() => this.#step.update(reading));
  }

  #attempt(act) {
    try {
      act();
      this.#say('');
    } catch (error) {
      this.#say(error instanceof Problem ? error.message : text('problem.unexpected'));
      if (!(error instanceof Problem)) console.info(error);
    }
  }

  #say(words) {
    if (this.problem.textContent === words) return;
    this.problem.textContent = words;
    this.element.classList.toggle('troubled', words !== '');
  }
}

import { Problem } from './problem.js';
import { text } from '../strings.js';

/**
 * One step of the page: its text stands in the template, its figure answers to every reading. What goes wrong in one
 * section is said there, and the others go on.
 */
export class Section {
  #step = null;
  #reading = null;

  /**
   * @param {HTMLElement} element <section class="step">, as templates/inside/_step.html makes it
   * @param {(section: HTMLElement, lab: object, refresh: () => void) =>
   *   {update: (reading: import('./network.js').Reading) => void}} create makes the step; it calls `refresh` when
   *   something was picked, and gets `update` with the last reading
   * @param {import('./lab.js').Lab} lab what sections may ask of the page
   */
  constructor(element, create, lab) {
    this.element = element;
    this.problem = element.querySelector('.problem');
    this.#attempt(() => {
      this.#step = create(element, lab, () => this.update(this.#reading));
    });
  }

  /** @param {import('./network.js').Reading | null} reading null: nothing is drawn or read */
  update(reading) {
    this.#reading = reading;
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
    this.element.classList.toggle('blank', this.#reading === null);
  }
}

import { Problem } from './problem.js';
import { text } from '../strings.js';

/** What is off the screen waits until the pen has rested so long, in milliseconds. */
const REST = 200;
/** How much more than the screen counts as seen, so that scrolling finds everything done. */
const MARGIN = '25% 0px';

/**
 * One step of the page: its text stands in the template, its figure answers to every reading. What goes wrong in one
 * section is said there, and the others go on.
 */
export class Section {
  #step = null;
  #reading = null;
  /** What is said where there is no reading. */
  #excuse = '';
  #seen = true;
  #timer;

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
      this.#step = create(element, lab, () => this.#paint());
    });
    const see = ([{ isIntersecting }]) => {
      this.#seen = isIntersecting;
      if (isIntersecting && this.#timer !== undefined) this.#paint();
    };
    new IntersectionObserver(see, { rootMargin: MARGIN }).observe(element);
  }

  /**
   * @param {import('./network.js').Reading | null} reading null: nothing is drawn or read
   * @param {string} excuse says why, for the user
   */
  update(reading, excuse) {
    this.#reading = reading;
    this.#excuse = excuse;
    clearTimeout(this.#timer);
    if (this.#seen || reading === null) this.#paint();
    else this.#timer = setTimeout(() => this.#paint(), REST);
  }

  #paint() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#reading === null) this.#say(this.#excuse);
    else if (this.#step) this.#attempt(() => this.#step.update(this.#reading));
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

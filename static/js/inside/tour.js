/** The guided tour: one stop in each section, in about five minutes. Goes on while the page is used. */

import { text } from '../strings.js';
import { hold } from './hold.js';

export class Tour {
  #stops;
  #place = 0;
  #opener = null;
  #onStop;

  /**
   * @param {HTMLElement} panel as in inside.html
   * @param {HTMLElement[]} stops the sections that hold a .tour-stop, in order
   * @param {() => void} onStop called at each stop, before its figure is scrolled to
   */
  constructor(panel, stops, onStop) {
    this.panel = panel;
    this.#stops = stops;
    this.#onStop = onStop;
    this.words = panel.querySelector('.tour-words');
    this.back = panel.querySelector('.tour-back');
    this.next = panel.querySelector('.tour-next');
    this.back.addEventListener('click', () => this.#go(this.#place - 1));
    this.next.addEventListener('click', () => this.#go(this.#place + 1));
    panel.querySelector('.tour-end').addEventListener('click', () => this.end());
    panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.end();
    });
  }

  /** @param {HTMLElement} opener gets the focus back at the end */
  start(opener) {
    this.#opener = opener;
    this.panel.hidden = false;
    this.#go(0);
    this.next.focus();
  }

  end() {
    this.panel.hidden = true;
    this.#mark(null);
    this.#opener.focus({ preventScroll: true });
  }

  #go(place) {
    if (place >= this.#stops.length) {
      this.end();
      return;
    }
    this.#place = Math.max(0, place);
    const stop = this.#stops[this.#place];
    this.words.textContent = stop.querySelector('.tour-stop').textContent;
    this.panel.querySelector('.tour-place').textContent = text('tour.place', {
      n: this.#place + 1,
      all: this.#stops.length,
    });
    if (this.#place === 0 && document.activeElement === this.back) this.next.focus(); // Back is off now
    this.back.disabled = this.#place === 0;
    this.next.textContent = text(this.#place === this.#stops.length - 1 ? 'tour.end' : 'tour.next');
    this.#mark(stop);
    history.replaceState(history.state, '', `#${stop.id}`);
    this.#onStop();
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    hold(stop.querySelector('.figure') ?? stop, calm ? 'auto' : 'smooth');
  }

  #mark(stop) {
    for (const section of this.#stops) section.classList.toggle('toured', section === stop);
  }
}

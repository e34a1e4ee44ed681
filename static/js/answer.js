import { answerOf, certaintyOf } from './verdict.js';

/** How long the verdict must rest before it is spoken: a screen reader could not follow the pen. Milliseconds. */
const REST = 800;

/** The answer in large type, how sure it is, and the same words spoken once the pen rests. */
export class Answer {
  #shown;
  /** When that was, and the timer that waits for it to rest: one for many changes, which come with every frame. */
  #since;
  #timer = null;

  /**
   * @param {HTMLElement} answer
   * @param {HTMLElement} certainty
   * @param {HTMLElement} spoken a live region
   */
  constructor(answer, certainty, spoken) {
    Object.assign(this, { answer, certainty, spoken });
  }

  /** @param {import('./verdict.js').Verdict} verdict */
  show(verdict) {
    const words = answerOf(verdict);
    const certainty = certaintyOf(verdict);
    const all = `${words} ${certainty}`;
    if (all === this.#shown) return; // and rests
    this.#shown = all;
    this.answer.textContent = words;
    this.answer.dataset.kind = verdict.kind;
    this.answer.dataset.leader = verdict.digits[0] ?? '';
    this.certainty.textContent = certainty;
    this.#since = performance.now();
    if (!this.#timer) this.#timer = setTimeout(() => this.#speak(), REST);
  }

  #speak() {
    const rest = this.#since + REST - performance.now();
    this.#timer = rest > 0 ? setTimeout(() => this.#speak(), rest) : null;
    if (rest <= 0) this.spoken.textContent = this.#shown;
  }
}

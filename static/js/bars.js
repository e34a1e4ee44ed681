import { precisePercent } from './strings.js';

/** The ten bars. Each is a meter that a screen reader can read; only transforms move. */
export class Bars {
  #bars;

  /** @param {HTMLElement} container holds ten [role=meter][data-digit], as in draw.html */
  constructor(container) {
    this.#bars = Array.from(container.querySelectorAll('[role=meter]'), (meter) => ({
      meter,
      fill: meter.querySelector('.bar-fill'),
      value: meter.querySelector('.bar-value'),
    }));
  }

  /** @param {ArrayLike<number>} probabilities ten, 0..1; all 0 where nothing is drawn */
  show(probabilities) {
    const highest = Math.max(...probabilities);
    this.#bars.forEach(({ meter, fill, value }, digit) => {
      const probability = probabilities[digit];
      const shown = precisePercent(probability);
      meter.classList.toggle('leading', probability > 0 && probability === highest);
      if (value.textContent === shown) return;
      fill.style.transform = `scaleX(${probability})`;
      value.textContent = shown;
      meter.setAttribute('aria-valuenow', Number((probability * 100).toFixed(1)));
      meter.setAttribute('aria-valuetext', shown);
    });
  }
}

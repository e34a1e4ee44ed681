import { inThousandths, precisePercent } from './strings.js';

const NOTHING = new Array(10).fill(0);

/** The ten bars. Each is a meter that a screen reader can read; only transforms move. */
export class Bars {
  #bars;

  /** @param {HTMLElement} container holds ten [role=meter][data-digit], as in _bars.html */
  constructor(container) {
    this.#bars = Array.from(container.querySelectorAll('[role=meter]'), (meter) => ({
      meter,
      fill: meter.querySelector('.bar-fill'),
      value: meter.querySelector('.bar-value > *'),
      shown: 0,
    }));
  }

  /** @param {ArrayLike<number>} [probabilities] ten, 0..1; none where nothing is drawn */
  show(probabilities = NOTHING) {
    const highest = Math.max(...probabilities);
    this.#bars.forEach((bar, digit) => {
      const { meter, fill, value } = bar;
      const probability = probabilities[digit];
      meter.classList.toggle('leading', probability > 0 && probability === highest);
      const rounded = inThousandths(probability);
      if (bar.shown === rounded) return; // most of them, at most strokes
      bar.shown = rounded;
      fill.style.transform = `scaleX(${rounded})`;
      value.textContent = precisePercent(rounded);
      meter.setAttribute('aria-valuenow', Number((rounded * 100).toFixed(1)));
      meter.setAttribute('aria-valuetext', value.textContent);
    });
  }
}

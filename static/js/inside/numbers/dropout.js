/** Dropout as Keras trains with it (Srivastava et al. 2014), and how often it changes the verdict. */

import { argmax } from '../../argmax.js';
import { softmax } from './softmax.js';

const CLASSES = 10;

/**
 * Draws which values stay. Each is dropped with probability `rate`, on its own.
 *
 * @param {number} length
 * @param {number} rate 0..1, 1 excluded
 * @param {() => number} random uniform in 0..1
 * @returns {Uint8Array} 1 where the value stays, 0 where it is dropped
 */
export function drawMask(length, rate, random = Math.random) {
  return Uint8Array.from({ length }, () => (random() < rate ? 0 : 1));
}

/**
 * Drops values; the others grow by 1 / (1 - rate), so that their expected sum stays ("inverted" dropout, as in Keras).
 *
 * @param {Float32Array} values
 * @param {Uint8Array} mask of the same length
 * @param {number} rate the one that the mask was drawn with
 */
export function drop(values, mask, rate) {
  const scale = 1 / (1 - rate);
  return values.map((value, k) => (mask[k] ? value * scale : 0));
}

/** The verdicts of many draws. */
export class Tally {
  /** Draws in which each digit was the most probable. */
  wins = new Array(CLASSES).fill(0);
  draws = 0;
  #probabilities;

  /**
   * @param {number} digit whose probability is followed: the verdict without dropout
   * @param {number} most number of draws to come
   */
  constructor(digit, most) {
    this.digit = digit;
    this.#probabilities = new Float32Array(most);
  }

  /** @param {Float32Array} logits n * 10, of n draws */
  add(logits) {
    for (let start = 0; start < logits.length; start += CLASSES) {
      const { probabilities } = softmax(logits.subarray(start, start + CLASSES));
      this.wins[argmax(probabilities)] += 1;
      this.#probabilities[this.draws++] = probabilities[this.digit];
    }
  }

  /** The share of draws that say the digit, 0..1. */
  get share() {
    return this.wins[this.digit] / this.draws;
  }

  /**
   * @param {number} share 0..1
   * @returns {number} the probability of the digit that so large a share of the draws does not exceed
   */
  quantile(share) {
    const sorted = this.#probabilities.slice(0, this.draws).sort();
    return sorted[Math.max(0, Math.ceil(share * this.draws) - 1)];
  }
}

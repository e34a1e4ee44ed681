/** What ten probabilities come to, in words that a person would use. */

import { percent, text } from './strings.js';

/** The two leading digits together: from here on, the drawing is one of the two. */
const BETWEEN_TWO = 0.8;
/** The leader's odds against the second: below them, both are named. */
const CLEAR_LEAD = 3;

/**
 * @typedef {object} Verdict
 * @property {'blank' | 'waiting' | 'sure' | 'torn' | 'unsure'} kind
 * @property {number[]} digits those it could be, the most probable first; none where nothing is drawn or read
 * @property {number} probability of the first digit, 0..1
 */

/** @type {Verdict} */
const BLANK = { kind: 'blank', digits: [], probability: 0 };

/** Something is drawn, and no engine has read it yet. @type {Verdict} */
const WAITING = { kind: 'waiting', digits: [], probability: 0 };

/**
 * @param {import('./drawing.js').Drawing} drawing
 * @param {import('./engines/ladder.js').Reading | null} [reading] of the drawing; none where it is still awaited
 * @param {number} threshold the model card's: below it, the leader is no answer
 * @returns {Verdict}
 */
export function verdictOn(drawing, reading, threshold) {
  if (drawing.empty) return BLANK;
  if (!reading) return WAITING;
  return reading.ink > 0 ? judge(reading.probabilities, threshold) : BLANK;
}

function judge(probabilities, threshold) {
  const digits = Array.from(probabilities, (_, digit) => digit).sort((a, b) => probabilities[b] - probabilities[a]);
  const [first, second] = digits;
  const probability = probabilities[first];
  const runnerUp = probabilities[second];
  if (probability + runnerUp >= BETWEEN_TWO && probability < CLEAR_LEAD * runnerUp) {
    return { kind: 'torn', digits: [first, second], probability };
  }
  return { kind: probability < threshold ? 'unsure' : 'sure', digits: [first], probability };
}

/** The answer in large type: "7", "7 or 1?", "Not a digit, perhaps?", "Nothing drawn yet". */
export function answerOf({ kind, digits: [first, second] }) {
  return text(`answer.${kind}`, { first, second });
}

/** How sure it is: "98% sure", "61% for the 7", "7 at best: 31%". */
export function certaintyOf({ kind, digits: [first, second], probability }) {
  return text(`certainty.${kind}`, {
    first,
    second,
    get percent() {
      return percent(probability); // where the text has one
    },
  });
}

import { Drawing } from '../drawing.js';
import { keep } from '../keep.js';

/** A 3 as strokes of [x, y, radius] on the pad, to be there until something is drawn. */
const THREE = [
  [
    [92, 82, 9], [98, 68, 9], [112, 57, 9], [130, 51, 9], [150, 53, 9], [166, 63, 9], [174, 79, 9], [172, 96, 9],
    [162, 111, 9], [147, 122, 9], [130, 128, 9], [150, 131, 9], [168, 139, 9], [180, 153, 9], [185, 171, 9],
    [181, 190, 9], [170, 207, 9], [153, 219, 9], [133, 224, 9], [113, 221, 9], [97, 211, 9], [88, 197, 9],
  ],
];

/**
 * Puts an example on an empty pad, so that the page is alive before anything is drawn. It gives way to the first
 * stroke and is not kept.
 *
 * @param {import('../pad.js').Pad} pad
 * @param {HTMLElement} canvas the pad's
 */
export function showExample(pad, canvas) {
  if (!pad.drawing.empty) return;
  const example = Drawing.fromJSON(THREE);
  const { strokes } = example;
  pad.open(example);
  pad.addEventListener('change', () => {
    if (pad.drawing.strokes === strokes) keep('drawing', []); // it has come back from the history
  });
  const giveWay = (event) => {
    if (event.type === 'keydown' && (event.key !== ' ' || event.ctrlKey || event.metaKey || event.altKey)) return;
    if (event.type === 'pointerdown' && event.button !== 0) return;
    canvas.removeEventListener('pointerdown', giveWay, true);
    canvas.removeEventListener('keydown', giveWay, true);
    if (pad.drawing === example) pad.open(new Drawing());
  };
  // Before the pad's own listeners, which begin the stroke.
  canvas.addEventListener('pointerdown', giveWay, true);
  canvas.addEventListener('keydown', giveWay, true);
}

/** Strokes to an SVG file: the curves of path.js, to be edited in Inkscape or Illustrator. */

import { PAD_SIZE } from '../drawing.js';
import { midway } from '../path.js';

/**
 * Writes what server/pictures/svg.py reads: paths of M, L and Q with a `stroke-width`, a group for each stroke.
 *
 * @param {readonly import('../drawing.js').Stroke[]} strokes
 * @returns {Blob} an SVG with black strokes on white paper
 */
export function svgOf(strokes) {
  const groups = strokes.map((stroke) => `<g>${paths(stroke).join('')}</g>\n`).join('');
  const attributes = 'fill="none" stroke="#000" stroke-linecap="round" stroke-linejoin="round"';
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PAD_SIZE} ${PAD_SIZE}" ${attributes}>
<rect width="${PAD_SIZE}" height="${PAD_SIZE}" fill="#fff" stroke="none"/>
${groups}</svg>
`;
  return new Blob([text], { type: 'image/svg+xml' });
}

/** A path has one width: a pen that was pressed unevenly makes a path of every piece, any other one path in all. */
function paths(stroke) {
  const written = [];
  let width = null;
  for (const { from, drawn, radius } of pieces(stroke)) {
    if (rounded(2 * radius) === width) {
      written.at(-1).push(drawn);
    } else {
      width = rounded(2 * radius);
      written.push([`<path stroke-width="${width}" d="M${xy(from)}`, drawn]);
    }
  }
  return written.map((parts) => `${parts.join('')}"/>`);
}

/** The pieces that path.js cuts into capsules, as commands of SVG. */
function pieces(stroke) {
  const last = stroke.length - 1;
  return stroke.map((point, index) => {
    const from = index === 0 ? point : midway(stroke[index - 1], point);
    if (index === 0 && index < last) return { from, drawn: `L${xy(midway(point, stroke[1]))}`, radius: point[2] };
    if (index === last) return { from, drawn: `L${xy(point)}`, radius: point[2] };
    return { from, drawn: `Q${xy(point)} ${xy(midway(point, stroke[index + 1]))}`, radius: point[2] };
  });
}

const rounded = (value) => Math.round(value * 100) / 100;
const xy = ([x, y]) => `${rounded(x)},${rounded(y)}`;

/**
 * The smooth path of a stroke: quadratic Bézier curves whose control points are the pen's positions and whose
 * ends lie midway between them, cut into short capsules (segments with a radius at each end).
 *
 * A capsule never depends on a later point. So a stroke drawn while the pen moves and the same stroke drawn at
 * once are the same, and each pen event costs only its own capsules.
 */

/** Longest capsule on a curve, in units of the pad. */
const STEP = 3;

/**
 * @typedef {object} Capsule
 * @property {number[]} from [x, y, radius]
 * @property {number[]} to [x, y, radius]
 */

/**
 * What one point adds to the stroke: up to midway between it and the point before.
 *
 * @param {import('./drawing.js').Stroke} stroke
 * @param {number} index of the point
 * @returns {Capsule[]}
 */
export function pieceAt(stroke, index) {
  const point = stroke[index];
  if (index === 0) return [{ from: point, to: point }];
  const before = stroke[index - 1];
  if (index === 1) return [{ from: before, to: midway(before, point) }];
  return curve(midway(stroke[index - 2], before), before, midway(before, point));
}

/** What lifting the pen adds: the second half of the last step. */
export function tail(stroke) {
  if (stroke.length < 2) return [];
  const [before, last] = stroke.slice(-2);
  return [{ from: midway(before, last), to: last }];
}

/** The whole stroke, as if the pen had been lifted. */
export function wholePath(stroke) {
  return [...stroke.flatMap((_, index) => pieceAt(stroke, index)), ...tail(stroke)];
}

/** The point half way between two, its radius too. */
export function midway(a, b) {
  return a.map((value, axis) => (value + b[axis]) / 2);
}

function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

function curve(start, control, end) {
  const steps = Math.max(1, Math.ceil((distance(start, control) + distance(control, end)) / STEP));
  const blend = (t) => (value, axis) => (1 - t) ** 2 * value + 2 * t * (1 - t) * control[axis] + t ** 2 * end[axis];
  const at = (t) => start.map(blend(t));
  const points = Array.from({ length: steps + 1 }, (_, step) => at(step / steps));
  return points.slice(1).map((to, step) => ({ from: points[step], to }));
}

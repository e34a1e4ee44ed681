/** The drawing: strokes in units of the pad, and its history. Knows nothing of screens or pictures. */

/** Side of the pad in its own units, whatever its size on the screen. */
export const PAD_SIZE = 280;

/**
 * @typedef {number[][]} Stroke points [x, y, radius], in units of the pad
 */

export class Drawing {
  /** @type {readonly Stroke[]} */
  strokes = [];

  /** Earlier and later states; each is a list of strokes, never changed once it lies here. */
  #past = [];
  #future = [];
  #drawing = false;

  get empty() {
    return this.strokes.length === 0;
  }

  get canUndo() {
    return this.#past.length > 0;
  }

  get canRedo() {
    return this.#future.length > 0;
  }

  /** Whether a stroke is begun and not ended. */
  get drawing() {
    return this.#drawing;
  }

  /** Puts the pen down. */
  begin(point) {
    this.#commit([...this.strokes, [point]]);
    this.#drawing = true;
  }

  /** Moves the pen that is down. */
  extend(point) {
    this.strokes.at(-1).push(point);
  }

  /** Lifts the pen. */
  end() {
    this.#drawing = false;
  }

  clear() {
    if (!this.empty) this.#commit([]);
  }

  undo() {
    this.#step(this.#past, this.#future);
  }

  redo() {
    this.#step(this.#future, this.#past);
  }

  /** The strokes in a form that `Drawing.fromJSON` takes. */
  toJSON() {
    return this.strokes.map((stroke) => stroke.map((point) => point.map((value) => Math.round(value * 100) / 100)));
  }

  /**
   * The drawing that `toJSON` wrote.
   *
   * @throws {TypeError} when it is anything else
   */
  static fromJSON(strokes) {
    const isPoint = (point) => point.length === 3 && point.every(Number.isFinite);
    if (!strokes.every((stroke) => stroke.length > 0 && stroke.every(isPoint))) throw new TypeError('not strokes');
    const drawing = new Drawing();
    strokes.forEach((_, last) => drawing.#commit(strokes.slice(0, last + 1)));
    return drawing;
  }

  #commit(strokes) {
    this.#past.push(this.strokes);
    this.#future = [];
    this.strokes = strokes;
  }

  #step(from, to) {
    if (this.#drawing || from.length === 0) return;
    to.push(this.strokes);
    this.strokes = from.pop();
  }
}

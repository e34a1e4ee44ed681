import { Drawing, PAD_SIZE } from './drawing.js';
import { pieceAt, tail, wholePath } from './path.js';
import { Raster } from './raster.js';
import { Sheet } from './sheet.js';

/** How far a pen's pressure, 0..1, changes the brush. */
const LIGHTEST = 0.4;
const HEAVIEST = 1.6;

/** Told as the pen moves, where the browser can; else once per frame, when the time to read it within is over. */
const MOVE = 'onpointerrawupdate' in globalThis ? 'pointerrawupdate' : 'pointermove';

/** How far an arrow key moves the pen, in units of the pad. */
const KEY_STEP = 7;

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/**
 * The pad: turns pointer and keyboard into strokes, and keeps the screen and the grey picture in step with them.
 *
 * Fires `ink` for every change of the picture (its `detail` is the moment of the event that caused it, in
 * milliseconds of `performance.now()`) and `change` when a stroke is ended or the history moved.
 */
export class Pad extends EventTarget {
  drawing = new Drawing();
  raster = new Raster();
  /** Width of the brush in units of the pad. */
  brush = 16;

  #canvas;
  #cursor;
  #sheet;
  #pointer = null;
  #position = [PAD_SIZE / 2, PAD_SIZE / 4];
  #pressed = new Set();

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {HTMLElement} cursor marks the place of the keyboard's pen, inside the canvas's parent
   */
  constructor(canvas, cursor) {
    super();
    this.#canvas = canvas;
    this.#cursor = cursor;
    this.#sheet = new Sheet(canvas, () => this.#redraw(this.#sheet));
    this.#listenToPointer();
    this.#listenToKeyboard();
  }

  /** Shows another drawing, history and all. */
  open(drawing) {
    this.drawing = drawing;
    this.#redrawAll();
  }

  undo() {
    this.#change(() => this.drawing.undo());
  }

  redo() {
    this.#change(() => this.drawing.redo());
  }

  clear() {
    this.#change(() => this.drawing.clear());
  }

  #change(act) {
    if (this.#pointer !== null) return;
    this.#liftKeyboardPen(performance.now());
    act();
    this.#redrawAll();
    this.dispatchEvent(new Event('change'));
  }

  #redrawAll() {
    this.#redraw(this.#sheet);
    this.#redraw(this.raster);
    this.#inked(performance.now());
  }

  #redraw(surface) {
    surface.clear();
    for (const stroke of this.drawing.strokes) surface.add(wholePath(stroke));
  }

  #begin(point, time) {
    this.drawing.begin(point);
    this.#draw(pieceAt([point], 0), time);
  }

  #extend(points, time) {
    const stroke = this.drawing.strokes.at(-1);
    for (const point of points) {
      this.drawing.extend(point);
      this.#draw(pieceAt(stroke, stroke.length - 1), time);
    }
  }

  #end(time) {
    this.#draw(tail(this.drawing.strokes.at(-1)), time);
    this.drawing.end();
    this.#cursor.dataset.down = false;
    this.#redraw(this.#sheet); // as one path: the pieces' soft edges overlapped
    this.dispatchEvent(new Event('change'));
  }

  #draw(capsules, time) {
    this.#sheet.add(capsules);
    this.raster.add(capsules);
    this.#inked(time);
  }

  #inked(time) {
    this.dispatchEvent(new CustomEvent('ink', { detail: time }));
  }

  #listenToPointer() {
    const canvas = this.#canvas;
    canvas.addEventListener('pointerdown', (event) => {
      if (this.#pointer !== null || event.button !== 0) return;
      this.#liftKeyboardPen(event.timeStamp);
      this.#pointer = event.pointerId;
      canvas.setPointerCapture(event.pointerId);
      this.#hideCursor();
      this.#begin(this.#pointOf(event), event.timeStamp);
    });
    canvas.addEventListener(MOVE, (event) => {
      if (event.pointerId !== this.#pointer) return;
      // The browser may hand over many events as one; the pen's whole path is in the events it is made of.
      const path = event.getCoalescedEvents?.() ?? [];
      this.#extend((path.length > 0 ? path : [event]).map((step) => this.#pointOf(step)), event.timeStamp);
    });
    for (const type of ['pointerup', 'pointercancel']) {
      canvas.addEventListener(type, (event) => {
        if (event.pointerId !== this.#pointer) return;
        this.#pointer = null;
        this.#end(event.timeStamp);
      });
    }
  }

  #pointOf(event) {
    const box = this.#canvas.getBoundingClientRect();
    const scale = PAD_SIZE / box.width;
    const pressure = event.pointerType === 'pen' ? LIGHTEST + (HEAVIEST - LIGHTEST) * event.pressure : 1;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale, (this.brush / 2) * pressure];
  }

  /** Arrow keys move a pen, Space puts it down and lifts it; two arrows together go diagonally. */
  #listenToKeyboard() {
    const canvas = this.#canvas;
    canvas.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || this.#pointer !== null) return;
      if (event.key in ARROWS) {
        this.#pressed.add(event.key);
        this.#moveCursor(event.timeStamp);
      } else if (event.key === ' ') {
        if (!event.repeat) this.#togglePen(event.timeStamp);
      } else {
        return;
      }
      event.preventDefault();
    });
    canvas.addEventListener('keyup', (event) => this.#pressed.delete(event.key));
    canvas.addEventListener('blur', (event) => {
      this.#pressed.clear();
      if (this.#pointer === null) this.#liftKeyboardPen(event.timeStamp);
      this.#hideCursor();
    });
  }

  /** Where no pointer draws, the pen that is down is the keyboard's. */
  #liftKeyboardPen(time) {
    if (this.drawing.drawing) this.#end(time);
  }

  #moveCursor(time) {
    for (const key of this.#pressed) {
      this.#position = this.#position.map((value, axis) =>
        Math.min(PAD_SIZE, Math.max(0, value + ARROWS[key][axis] * KEY_STEP)),
      );
    }
    if (this.drawing.drawing) this.#extend([[...this.#position, this.brush / 2]], time);
    this.#showCursor();
  }

  #togglePen(time) {
    if (this.drawing.drawing) this.#end(time);
    else this.#begin([...this.#position, this.brush / 2], time);
    this.#showCursor();
  }

  #showCursor() {
    const [left, top] = this.#position.map((value) => `${(value / PAD_SIZE) * 100}%`);
    Object.assign(this.#cursor.style, { left, top });
    this.#cursor.dataset.down = this.drawing.drawing;
    this.#cursor.hidden = false;
  }

  #hideCursor() {
    this.#cursor.hidden = true;
  }
}

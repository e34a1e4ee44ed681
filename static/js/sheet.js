import { PAD_SIZE } from './drawing.js';

/** How long the line is that shows a dot, in units of the pad: of a line of no length a canvas shows nothing. */
const DOT = 0.01;

/** The canvas that shows the strokes: as sharp as the screen, in the page's ink colour. Never read back. */
export class Sheet {
  #context;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {() => void} onBlank the sheet has lost its content (a new size, a new colour) and wants it again
   */
  constructor(canvas, onBlank) {
    this.canvas = canvas;
    this.#context = canvas.getContext('2d');
    const renew = () => {
      this.#fit();
      onBlank();
    };
    new ResizeObserver(renew).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', renew);
    // Another screen, or the page zoomed, though the canvas may stay as large as it was.
    const watch = () => {
      const now = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
      now.addEventListener('change', () => [renew, watch].forEach((act) => act()), { once: true });
    };
    watch();
  }

  /** Empties the sheet. */
  clear() {
    this.#context.clearRect(0, 0, PAD_SIZE, PAD_SIZE);
  }

  /** @param {import('./path.js').Capsule[]} capsules in units of the pad */
  add(capsules) {
    const context = this.#context;
    // One path as long as the width stays: short segments stroked one by one would harden each other's soft edges.
    let width = null;
    for (const { from, to } of capsules) {
      if (from[2] + to[2] !== width) {
        if (width !== null) context.stroke();
        width = from[2] + to[2];
        context.lineWidth = width;
        context.beginPath();
        context.moveTo(from[0], from[1]);
      }
      const isDot = to[0] === from[0] && to[1] === from[1];
      context.lineTo(to[0] + (isDot ? DOT : 0), to[1]);
    }
    context.stroke();
  }

  #fit() {
    const { canvas } = this;
    const pixels = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    canvas.width = pixels;
    canvas.height = pixels;
    const context = this.#context;
    context.scale(pixels / PAD_SIZE, pixels / PAD_SIZE);
    context.lineCap = context.lineJoin = 'round';
    context.strokeStyle = getComputedStyle(canvas).color;
  }
}

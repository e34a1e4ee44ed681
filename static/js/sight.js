const SIDE = 28;

/** The 28×28 image that the network sees, shown as it sees it: white ink on black. */
export class Sight {
  #context;
  #image = new ImageData(SIDE, SIDE);
  /** The same, a pixel a number: its alpha in the highest byte, on every processor that browsers run on. */
  #pixels = new Uint32Array(this.#image.data.buffer);

  /** @param {HTMLCanvasElement} canvas of 28×28 pixels */
  constructor(canvas) {
    this.#context = canvas.getContext('2d');
    this.show(null);
  }

  /** @param {ArrayLike<number> | null} normalized 28 * 28 values, 0 ground to 1 ink; null: nothing to see */
  show(normalized) {
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      const grey = normalized ? Math.round(255 * Math.min(1, Math.max(0, normalized[pixel]))) : 0;
      this.#pixels[pixel] = 0xff000000 | (grey * 0x010101);
    }
    this.#context.putImageData(this.#image, 0, 0);
  }
}

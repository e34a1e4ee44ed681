const SIDE = 28;

/** The 28×28 image that the network sees, shown as it sees it: white ink on black. */
export class Sight {
  #context;
  #image = new ImageData(SIDE, SIDE);

  /** @param {HTMLCanvasElement} canvas of 28×28 pixels */
  constructor(canvas) {
    this.#context = canvas.getContext('2d');
    this.show(null);
  }

  /** @param {ArrayLike<number> | null} normalized 28 * 28 values, 0 ground to 1 ink; null: nothing to see */
  show(normalized) {
    const { data } = this.#image;
    for (let pixel = 0; pixel < SIDE * SIDE; pixel++) {
      data.fill(normalized ? 255 * normalized[pixel] : 0, 4 * pixel, 4 * pixel + 3);
      data[4 * pixel + 3] = 255;
    }
    this.#context.putImageData(this.#image, 0, 0);
  }
}

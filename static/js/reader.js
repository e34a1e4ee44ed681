/** After so many, old measures are dropped: the browser would keep them for ever. */
const MEASURES_KEPT = 5000;

/**
 * Reads the picture in step with the screen: at most one reading per frame, always of the newest state, one at a time,
 * so that no answer ever replaces a newer one. The first network goes before the others, which get the frames in
 * which it has nothing to do.
 */
export class Reader {
  /** @type {{name: string, network: import('./engines/ladder.js').Network, due: boolean}[]} */
  #queue = [];
  #busy = false;
  #scheduled = false;
  /** When the oldest change that the first network has not read happened. */
  #since = null;
  #measures = 0;

  /**
   * @param {import('./raster.js').Raster} raster the picture, changed in place by others
   * @param {object} listener
   * @param {(name: string, reading: import('./engines/ladder.js').Reading) => void} listener.onReading
   * @param {(error: Error) => void} listener.onFailure
   */
  constructor(raster, { onReading, onFailure }) {
    Object.assign(this, { raster, onReading, onFailure });
  }

  /** @param {[string, import('./engines/ladder.js').Network][]} networks by name, the most urgent first */
  use(networks) {
    this.#queue = networks.map(([name, network]) => ({ name, network, due: true }));
    this.#since = null;
    this.#schedule();
  }

  /**
   * The picture has changed.
   *
   * @param {number} time of the event that changed it, in milliseconds of `performance.now()`
   */
  request(time) {
    this.#since ??= time;
    for (const entry of this.#queue) entry.due = true;
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled || this.#busy || !this.#queue.some(({ due }) => due)) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#readNext();
    });
  }

  async #readNext() {
    const entry = this.#queue.find(({ due }) => due);
    if (!entry) return;
    const first = entry === this.#queue[0];
    const since = this.#since;
    if (first) this.#since = null;
    entry.due = false;
    this.#busy = true;
    try {
      const { greys, size } = this.raster;
      const reading = await entry.network.read(greys, size, size);
      if (this.#queue.includes(entry)) {
        this.onReading(entry.name, reading);
        if (first && since !== null) this.#measure(since);
      }
    } catch (error) {
      if (this.#queue.includes(entry)) this.onFailure(error);
    } finally {
      this.#busy = false;
      this.#schedule();
    }
  }

  /** From the pointer event to the painted bars: a message posted in a frame is handled after its painting. */
  #measure(start) {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      if (this.#measures++ % MEASURES_KEPT === 0) performance.clearMeasures('digits:stroke');
      performance.measure('digits:stroke', { start, end: performance.now() });
      port1.close();
    };
    port2.postMessage(null);
  }
}

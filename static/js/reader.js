/** After so many, old measures are dropped: the browser would keep them for ever. */
const MEASURES_KEPT = 5000;

/** How long the other networks pause between readings, lest the first one wait for them at every stroke. Milliseconds. */
const PAUSE = 100;

/**
 * Reads the picture: always its newest state, one reading at a time, so that no answer ever replaces a newer one.
 *
 * A reading begins with the change and not with the next frame, so that the frame finds it done; what was read is
 * shown in step with the screen, once per frame. The first network goes before the others, which get now and then a
 * frame in which it has nothing to do.
 */
export class Reader {
  /** @type {{name: string, network: import('./engines/ladder.js').Network, due: boolean}[]} */
  #queue = [];
  #busy = false;
  #frameAwaited = false;
  /** When the other networks may read again. */
  #pauseEnds = 0;
  /** The newest readings, by entry, which the next frame shows. */
  #unshown = new Map();
  /** When the oldest change that the first network has not read happened; and the oldest whose reading is not shown. */
  #unreadSince = null;
  #unshownSince = null;
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
    this.#unreadSince = null;
    this.#readNext();
  }

  /**
   * The picture has changed.
   *
   * @param {number} time of the event that changed it, in milliseconds of `performance.now()`
   */
  request(time) {
    this.#unreadSince ??= time;
    for (const entry of this.#queue) entry.due = true;
    this.#readNext();
  }

  #readNext() {
    if (this.#busy || !this.#queue.some(({ due }) => due)) return;
    const [first] = this.#queue;
    // A network that holds up the page reads once per frame; one that doesn't may read again before it is shown.
    if (first.due && (first.network.aside || this.#unshown.size === 0)) this.#read(first);
    else this.#awaitFrame();
  }

  async #read(entry) {
    const since = this.#unreadSince;
    const isFirst = entry === this.#queue[0];
    if (isFirst) this.#unreadSince = null;
    entry.due = false;
    this.#busy = true;
    try {
      const { greys, size } = this.raster;
      this.#unshown.set(entry, await entry.network.read(greys, size, size));
      if (isFirst) this.#unshownSince ??= since;
      this.#awaitFrame();
    } catch (error) {
      if (this.#queue.includes(entry)) this.onFailure(error);
    } finally {
      this.#busy = false;
      this.#readNext();
    }
  }

  #awaitFrame() {
    if (this.#frameAwaited) return;
    this.#frameAwaited = true;
    requestAnimationFrame((now) => {
      this.#frameAwaited = false;
      this.#show();
      const due = this.#queue.find((entry) => entry.due);
      if (!due || this.#busy) return;
      if (due === this.#queue[0]) this.#read(due);
      else if (now < this.#pauseEnds) this.#awaitFrame();
      else {
        this.#pauseEnds = now + PAUSE;
        this.#read(due);
      }
    });
  }

  #show() {
    for (const [entry, reading] of this.#unshown) {
      if (this.#queue.includes(entry)) this.onReading(entry.name, reading);
    }
    this.#unshown.clear();
    if (this.#unshownSince !== null) this.#measure(this.#unshownSince);
    this.#unshownSince = null;
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

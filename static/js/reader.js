/** After so many, old measures are dropped: the browser would keep them for ever. */
const MEASURES_KEPT = 5000;

/** How long the other networks pause between readings, lest the first one wait for them at every stroke. Milliseconds. */
const PAUSE = 100;
/** While the pen draws, its next frame comes within so many milliseconds. */
const FRAME_COMES = 50;

/**
 * A network in the page is too slow when so many readings running take longer than three quarters of a frame, in
 * milliseconds. Not half of one: messages to a worker and back cost the page as much as a reading of that length saves.
 */
const LONG = 12;
const MANY = 8;

/**
 * Reads the picture: always its newest state, a network one reading at a time, so that no answer ever replaces a newer one.
 *
 * What is read is shown in step with the screen. A network in the page reads in the very frame that shows the stroke; one
 * in a worker or on the server begins with the change, and the next frame shows what it answers. The first network goes
 * before the others, which read now and then when it has nothing to do, and are shown with its next frame.
 */
export class Reader {
  /** @type {{name: string, network: import('./engines/ladder.js').Network, due: boolean, busy: boolean, stale: boolean}[]} */
  #queue = [];
  #frameAwaited = false;
  /** When the other networks may read again. */
  #pauseEnds = 0;
  #timer = null;
  /** How many readings running were long. */
  #long = 0;
  /** The newest readings, by entry, which the next frame shows. */
  #unshown = new Map();
  /** When the oldest change that the first network has not read happened; and the oldest whose reading is not shown. */
  #unreadSince = null;
  #unshownSince = null;
  #measures = 0;
  /** A message posted in a frame is handled after its painting. */
  #framed = new MessageChannel();

  /**
   * @param {import('./raster.js').Raster} raster the picture, changed in place by others
   * @param {object} listener
   * @param {(name: string, reading: import('./engines/ladder.js').Reading) => void} listener.onReading
   * @param {(name: string, error: Error) => void} listener.onFailure
   * @param {() => void} [listener.onSlow] the first network holds up the page
   */
  constructor(raster, { onReading, onFailure, onSlow }) {
    Object.assign(this, { raster, onReading, onFailure, onSlow });
    this.#framed.port1.onmessage = ({ data: start }) => this.#measure(start);
  }

  /** @param {[string, import('./engines/ladder.js').Network][]} networks by name, the most urgent first */
  use(networks) {
    this.#queue = networks.map(([name, network]) => ({ name, network, due: true, busy: false, stale: false }));
    this.#unreadSince = null;
    this.#long = 0;
    this.#next();
  }

  /**
   * The picture has changed.
   *
   * @param {number} time of the event that changed it, in milliseconds of `performance.now()`
   */
  request(time) {
    this.#unreadSince ??= time;
    for (const entry of this.#queue) entry.due = true;
    this.#next();
  }

  /** The drawing is gone: what is being read of it, or has not been shown yet, must not stand for another one. */
  forget() {
    for (const entry of this.#queue) Object.assign(entry, { due: false, stale: entry.busy });
    this.#unshown.clear();
    this.#unreadSince = this.#unshownSince = null;
  }

  #next() {
    const [first] = this.#queue;
    if (first?.due) {
      if (!first.network.aside) this.#awaitFrame();
      else if (!first.busy) this.#read(first);
      return;
    }
    const other = this.#queue.find(({ due }) => due);
    if (!other || this.#queue.some(({ busy }) => busy)) return;
    const pause = this.#pauseEnds - performance.now();
    if (pause > 0) {
      if (this.#timer) return;
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#next();
      }, pause);
    } else {
      this.#pauseEnds = performance.now() + PAUSE;
      this.#read(other);
    }
  }

  async #read(entry) {
    const { network } = entry;
    const since = this.#unreadSince;
    const isFirst = entry === this.#queue[0];
    if (isFirst) this.#unreadSince = null;
    entry.due = false;
    entry.busy = true;
    try {
      const { greys, size } = this.raster;
      const begun = performance.now();
      const reading = await network.read(greys, size, size);
      if (entry.stale) return;
      this.#unshown.set(entry, reading);
      if (isFirst) this.#unshownSince ??= since;
      if (!isFirst) this.#showSoon();
      else if (network.aside) this.#awaitFrame();
      else this.#show(); // in the frame in which it was read
      if (isFirst && !network.aside) this.#notePace(performance.now() - begun);
    } catch (error) {
      if (this.#queue.includes(entry)) this.onFailure(entry.name, error);
    } finally {
      entry.busy = entry.stale = false;
      this.#next();
    }
  }

  #notePace(time) {
    this.#long = time > LONG ? this.#long + 1 : 0;
    if (this.#long === MANY) this.onSlow?.();
  }

  /** With the next frame of the first network; where none comes, in one of its own. */
  #showSoon() {
    setTimeout(() => {
      if (this.#unshown.size > 0) this.#awaitFrame();
    }, FRAME_COMES);
  }

  #awaitFrame() {
    if (this.#frameAwaited) return;
    this.#frameAwaited = true;
    requestAnimationFrame(() => {
      this.#frameAwaited = false;
      this.#show();
      const [first] = this.#queue;
      if (first?.due && !first.busy) this.#read(first);
      else this.#next();
    });
  }

  #show() {
    for (const [entry, reading] of this.#unshown) {
      if (this.#queue.includes(entry)) this.onReading(entry.name, reading);
    }
    this.#unshown.clear();
    if (this.#unshownSince !== null) this.#framed.port2.postMessage(this.#unshownSince);
    this.#unshownSince = null;
  }

  /** From the pointer event to the painted bars. */
  #measure(start) {
    if (this.#measures++ % MEASURES_KEPT === 0) performance.clearMeasures('digits:stroke');
    performance.measure('digits:stroke', { start, end: performance.now() });
  }
}

/**
 * The engines, best first. The first one that starts and reads the golden pictures rightly is used; when it breaks, the
 * next one is; when none in the browser works, the server answers, and the page keeps looking for something better.
 */

import { engines, planned } from 'digits:assets';

import { withinPatience } from './patience.js';
import { openRemote } from './remote.js';
import { open as openServer } from './server.js';

/**
 * @typedef {object} Reading
 * @property {ArrayLike<number>} probabilities ten, summing to 1
 * @property {ArrayLike<number> | null} normalized 28 * 28 values, 0 ground to 1 ink; null: the engine does not tell
 * @property {number} ink 0 where nothing is drawn
 */

/**
 * @typedef {object} Network
 * @property {(picture: Float32Array, width: number, height: number) => Promise<Reading>} read
 *   reads greys 0..255, row by row, of any polarity; of any size, but for a planned network, which reads the pad's
 * @property {boolean} [aside] reads without holding up the page
 * @property {(feeds: Record<string, {values: Float32Array, shape: number[]}>, nodes: string[]) =>
 *   Promise<Float32Array[]>} [run] runs the graph from any nodes to any nodes, by name; only where all of
 *   TensorFlow.js is in the page
 * @property {object} [graph] the model's file as it was loaded: topology, specifications of the weights
 * @property {Record<string, import('@tensorflow/tfjs-core').Tensor[]>} [weights] by the name of their node
 */

/**
 * @typedef {object} Engine
 * @property {'wasm' | 'cpu' | 'webgl' | 'server'} name
 * @property {(network: string) => Promise<Network>} open loads a network by name and checks it
 * @property {boolean} [aside] is not in the page itself
 * @property {() => void} [close] gives back what the engine holds
 */

const RUNGS = ['wasm', 'cpu', 'server'];

/** The engines' scripts for workers, where no more is asked than to read the pad. */
const READERS = { ...engines, wasm: planned };

/** The network that an engine must read rightly to be believed. */
export const FIRST_NETWORK = 'robust';

/** Pauses between attempts at something better, in milliseconds: doubled each time, up to the longest. */
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30_000;

const scriptOf = (name) => new URL(READERS[name], import.meta.url);

/** Fires `change` whenever another engine, or none, is in use. */
export class Ladder extends EventTarget {
  /** Null where there is none, undefined until the first have been tried. @type {Engine | null | undefined} */
  engine;
  /** The engine's first network. @type {Network | null} */
  network = null;

  #rungs;
  #here;
  /** The engine of the page once more, in a worker. @type {Promise<Engine> | null} */
  #aside = null;
  #pause = FIRST_PAUSE;
  #timer;
  #climbing = false;

  /**
   * @param {string | null} forced the only engine to use, or null for the usual ones
   * @param {Record<string, (first: string) => Promise<Engine>>} here opens those that read in the page, where the pen has
   *   to wait for them; the others read in a worker
   * @param {string[]} rungs the usual ones, best first
   */
  constructor(forced, here, rungs = RUNGS) {
    super();
    this.forced = forced;
    this.#here = here;
    this.#rungs = forced ? [forced] : rungs;
    addEventListener('online', () => this.#tryBetter());
  }

  /** Takes the first engine that works. */
  start() {
    return this.#climb(this.#rungs);
  }

  /** The engine in use has broken: takes the next one that works, or none. */
  async leave() {
    const rest = this.#rungs.slice(this.#rungs.indexOf(this.engine?.name) + 1);
    if (rest.length > 0) {
      await this.#climb(rest);
    } else {
      this.#use(null); // at once, though something better may be being tried
      this.#tryLater();
    }
  }

  /**
   * Loads a network beside the first one, where the pen does not have to wait for it.
   *
   * @throws {Error} when it cannot be loaded there
   */
  async open(name) {
    const engine = await this.#openAside(name);
    return withinPatience(engine.open(name));
  }

  /** The engine in use holds up the page: goes on with it in a worker, where there are workers. */
  async stepAside() {
    const { engine: here } = this;
    try {
      const network = await this.open(FIRST_NETWORK);
      if (this.engine !== here) return;
      const engine = await this.#aside;
      this.#aside = null;
      this.#use({ engine, network });
    } catch (error) {
      console.info(`The engine ${here.name} goes on in the page: ${error.message}`);
    }
  }

  /** The worker beside the page is of no use any more: the next network that is asked for starts another. */
  dropAside() {
    this.#aside?.then(
      ({ close }) => close(),
      () => {}, // whoever opens it is told
    );
    this.#aside = null;
  }

  /** The engine in use, in a worker if it is in the page itself; `first` is what it will be asked for. */
  #openAside(first) {
    if (this.engine.aside) return this.engine;
    if (!this.#aside) {
      const opening = openRemote(scriptOf(this.engine.name), first);
      opening.catch(() => {
        if (this.#aside === opening) this.#aside = null; // to be tried again
      });
      this.#aside = opening;
    }
    return this.#aside;
  }

  async #climb(rungs) {
    if (this.#climbing) return;
    this.#use(await this.#firstThatWorks(rungs));
    this.#tryLater();
  }

  /** The rungs that would be better than what is in use, where there is reason to hope for one. */
  get #better() {
    if (!this.engine) return this.#rungs;
    return this.engine.name === 'server' ? this.#rungs.slice(0, -1) : [];
  }

  #tryLater() {
    clearTimeout(this.#timer);
    if (this.#better.length === 0) return;
    this.#timer = setTimeout(() => this.#tryBetter(), this.#pause);
    this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE);
  }

  async #tryBetter() {
    if (this.#climbing || this.#better.length === 0) return;
    const found = await this.#firstThatWorks(this.#better);
    if (found) this.#use(found);
    this.#tryLater();
  }

  async #firstThatWorks(rungs) {
    this.#climbing = true;
    try {
      for (const name of rungs) {
        try {
          return await this.#openChecked(name);
        } catch (error) {
          console.info(`The engine ${name} does not work here: ${error.message}`);
        }
      }
      return null;
    } finally {
      this.#climbing = false;
    }
  }

  #openEngine(name) {
    if (Object.hasOwn(this.#here, name)) return withinPatience(this.#here[name](FIRST_NETWORK));
    if (name === 'server') return openServer();
    if (!Object.hasOwn(READERS, name)) throw new Error('there is none of that name');
    return openRemote(scriptOf(name), FIRST_NETWORK);
  }

  async #openChecked(name) {
    const engine = await this.#openEngine(name);
    try {
      return { engine, network: await withinPatience(engine.open(FIRST_NETWORK)) };
    } catch (error) {
      engine.close?.();
      throw error;
    }
  }

  #use(found) {
    this.engine?.close?.();
    this.dropAside();
    this.engine = found?.engine ?? null;
    this.network = found?.network ?? null;
    if (this.engine) this.#pause = FIRST_PAUSE;
    this.dispatchEvent(new Event('change'));
  }
}

/**
 * Plays a plan: the calls to TensorFlow.js's wasm binary that read a picture of one size, as static/build/plan.mjs wrote
 * them down. TensorFlow.js itself, which would find out the same calls anew in every page, is not needed for them.
 */

/** @typedef {import('../../build/plan.mjs').Plan} Plan */

/** As many as there are, for a binary that has but one. */
const ALL_THREADS = -1;
/** What the binary can address. */
const MOST_MEMORY = 2 ** 31;

/** What WASI answers of a file that is not open. */
const EBADF = 8;

/** What the binary asks of its surroundings: little, for it writes no files and gets all its memory from the plan. */
function surroundings(heap) {
  const noFile = () => EBADF;
  const fail = (reason) => () => {
    throw new Error(`TensorFlow.js's binary gave up: ${reason}.`);
  };
  return {
    env: {
      abort: fail('it does not say why'),
      emscripten_get_heap_max: () => MOST_MEMORY,
      emscripten_memcpy_big: (to, from, bytes) => heap.bytes().copyWithin(to, from, from + bytes),
      emscripten_resize_heap: fail('the plan does not fit into its memory'),
    },
    wasi_snapshot_preview1: { fd_close: noFile, fd_seek: noFile, fd_write: noFile },
  };
}

/** The binary's memory. */
class Heap {
  /** @type {WebAssembly.Memory} */
  memory;

  bytes(address = 0, count = undefined) {
    return new Uint8Array(this.memory.buffer, address, count);
  }

  floats(address, count) {
    return new Float32Array(this.memory.buffer, address, count);
  }

  integers(address, count) {
    return new Int32Array(this.memory.buffer, address, count);
  }
}

export class Player {
  #heap;
  #exports;
  #plan;
  /** Where the plan's memory begins. */
  #base;
  /** @type {[Function, number[]][]} */
  #calls;

  /**
   * @param {WebAssembly.Module} binary
   * @param {Plan} plan
   * @param {ArrayBuffer} weights the file of the weights
   * @returns {Promise<Player>}
   */
  static async start(binary, plan, weights) {
    const heap = new Heap();
    const { exports } = await WebAssembly.instantiate(binary, surroundings(heap));
    heap.memory = exports.memory;
    exports.__wasm_call_ctors();
    exports.init_with_threads_count(ALL_THREADS);
    return new Player(heap, exports, plan, weights);
  }

  /** @private */
  constructor(heap, exports, plan, weights) {
    this.#heap = heap;
    this.#exports = exports;
    this.#plan = plan;
    this.#base = exports.malloc(plan.bytes);
    this.#fill(weights);
    this.#register(plan.constants);
    const functions = plan.functions.map(([name]) => this.#moves[name] ?? exports[name]);
    this.#calls = plan.calls.map(([index, ...args]) => {
      for (const position of plan.functions[index][1]) args[position] += this.#base;
      return [functions[index], args];
    });
  }

  /** What TensorFlow.js does without the binary: numbers are moved, or made of bools. */
  #moves = {
    copy: (to, from, bytes) => this.#heap.bytes().copyWithin(to, from, from + bytes),
    widen: (to, from, count) => this.#heap.floats(to, count).set(this.#heap.bytes(from, count)),
  };

  #fill(file) {
    const { integers, numbers, weights } = this.#plan;
    this.#heap.integers(this.#base, integers.length).set(integers);
    for (const [offset, values] of numbers) this.#heap.floats(this.#base + offset, values.length).set(values);
    for (const [offset, count, start, scale, min] of weights) {
      const bytes = new Uint8Array(file, start, count);
      const floats = this.#heap.floats(this.#base + offset, count);
      for (let index = 0; index < count; index++) floats[index] = bytes[index] * scale + min;
    }
  }

  #register(tensors) {
    for (const [id, count, offset] of tensors) this.#exports.register_tensor(id, count, this.#base + offset);
  }

  /**
   * @param {Float32Array} picture
   * @returns {Record<string, Float32Array>} what is answered, by name
   */
  play(picture) {
    const { tensors, picture: place, outputs } = this.#plan;
    // The binary keeps what it has prepared of a tensor, a matrix to multiply with; of the last picture it is to forget it.
    for (const [id] of tensors) this.#exports.dispose_data(id);
    this.#register(tensors);
    this.#heap.floats(this.#base + place, picture.length).set(picture);
    for (const [call, args] of this.#calls) call(...args);
    const read = ([offset, count]) => this.#heap.floats(this.#base + offset, count).slice();
    return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, read(output)]));
  }
}

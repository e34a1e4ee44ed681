/** Of a number, whatever its type: bools take less, and are few. */
export const BYTES = 4;

/**
 * The calls to the binary in one run of TensorFlow.js that depend on the picture, with the tensors that they work on.
 *
 * A few kernels call nothing: they copy numbers from one tensor to another, or make numbers of bools. These moves are
 * recorded as calls of functions of our own, `copy` and `widen`.
 */
export class Recording {
  /** Name of the function, arguments: numbers, bytes of shapes, or places in tensors. */
  calls = [];
  /** How many numbers a tensor has, by the number that the binary knows it by. */
  counts = new Map();
  /** What does not depend on the picture: data of a tensor to its number and values. */
  constants = new Map();

  #tf;
  #backend;
  /** Data that depends on the picture. */
  #varying = new Set();
  /** Where tensors lie in TensorFlow.js's memory, by their numbers; the newest last. */
  #addresses = new Map();
  /** Whether a kernel runs that works on what depends on the picture. */
  #heard = false;

  constructor(tf, picture) {
    this.#tf = tf;
    this.#backend = tf.backend();
    this.#vary(picture);
  }

  /** The number that the binary knows a tensor by. */
  idOf({ dataId }) {
    return this.#backend.dataIdMap.get(dataId).id;
  }

  /** What `run` returns; its calls are recorded. */
  of(run) {
    const kernels = this.#tf.getKernelsForBackend('wasm');
    const functions = kernels.map(({ kernelFunc }) => kernelFunc);
    const stop = this.#listen();
    kernels.forEach((kernel, index) => {
      kernel.setupFunc?.(this.#backend); // takes the binary's functions anew: those that tell of their calls
      kernel.kernelFunc = (args) => this.#kernel(functions[index], args);
    });
    try {
      return run();
    } finally {
      stop();
      kernels.forEach((kernel, index) => {
        kernel.kernelFunc = functions[index];
        kernel.setupFunc?.(this.#backend);
      });
    }
  }

  #kernel(run, args) {
    const inputs = Object.values(args.inputs).filter(Boolean);
    if (!inputs.some(({ dataId }) => this.#varying.has(dataId))) return run(args);
    for (const input of inputs) this.#keep(input);
    this.#heard = true;
    const result = run(args);
    this.#heard = false;
    for (const output of [result].flat()) this.#vary(output);
    return result;
  }

  #vary(tensor) {
    this.#varying.add(tensor.dataId);
    this.#note(tensor);
  }

  #keep(tensor) {
    const { dataId } = tensor;
    if (this.#varying.has(dataId) || this.constants.has(dataId)) return;
    if (tensor.dtype !== 'float32') throw new Error(`Plans keep numbers of float32, not of ${tensor.dtype}.`);
    this.#note(tensor);
    this.constants.set(dataId, { id: this.idOf(tensor), values: [...this.#backend.readSync(dataId)] });
  }

  #note({ dataId, shape }) {
    const { id, memoryOffset } = this.#backend.dataIdMap.get(dataId);
    this.counts.set(id, this.#tf.util.sizeFromShape(shape));
    this.#addresses.set(id, memoryOffset);
  }

  /** Hears of the binary's functions that are called, and of what TensorFlow.js itself moves, until it is told to stop. */
  #listen() {
    const backend = this.#backend;
    const { wasm } = backend;
    const { cwrap } = wasm;
    const { registerTensor } = wasm.tfjs;
    wasm.cwrap = (name, ...types) => {
      const call = cwrap(name, ...types);
      return (...args) => {
        if (this.#heard) this.calls.push([name, ...args]);
        return call(...args);
      };
    };
    wasm.tfjs.registerTensor = (id, count, address) => {
      registerTensor(id, count, address);
      if (!this.#heard) return;
      this.counts.set(id, count);
      this.#addresses.set(id, address);
    };
    // Of what is read, a view and no copy: where it comes from can be seen then.
    const view = (tensor) => this.#tellingView(Object.getPrototypeOf(backend).typedArrayFromHeap.call(backend, tensor));
    const { readSync } = backend;
    backend.typedArrayFromHeap = view;
    backend.readSync = (dataId, ...range) =>
      this.#heard ? view({ dataId, ...backend.dataIdMap.get(dataId) }) : readSync.call(backend, dataId, ...range);
    return () => {
      Object.assign(wasm, { cwrap });
      Object.assign(wasm.tfjs, { registerTensor });
      delete backend.typedArrayFromHeap;
      delete backend.readSync;
    };
  }

  #tellingView(array) {
    array.set = (source, first = 0) => {
      Object.getPrototypeOf(array).set.call(array, source, first);
      if (!this.#heard) return;
      const from = this.#at(source.byteOffset);
      const to = this.#at(array.byteOffset + first * array.BYTES_PER_ELEMENT);
      const types = [source, array].map((each) => each.constructor.name);
      if (types[0] === types[1]) this.calls.push(['copy', to, from, source.byteLength]);
      else if (types.join() === 'Uint8Array,Float32Array') this.calls.push(['widen', to, from, source.length]);
      else throw new Error(`Plans know no move from ${types[0]} to ${types[1]}.`);
    };
    return array;
  }

  /** The place in a tensor that lies there. */
  #at(address) {
    const [id, start] = [...this.#addresses].findLast(
      ([one, begin]) => begin <= address && address < begin + BYTES * this.counts.get(one),
    );
    return { id, bytes: address - start };
  }
}

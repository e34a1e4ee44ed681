/**
 * The kernels that a graph calls, recorded in one run and played in all others.
 *
 * TensorFlow.js interprets a graph anew in every run: it looks up each node's op, reads its attributes from tensors,
 * checks arguments and keeps account of what to dispose of. For some three hundred small operations that takes twice
 * as long as the kernels themselves. Our graphs take no decision by values: the shapes of what is fed determine every
 * kernel and its attributes. So the order of calls can be kept, and whatever does not depend on the values that are fed
 * is computed but once.
 */

import { backend, dispose, getBackend, getKernelsForBackend, tensor } from '@tensorflow/tfjs-core';

/** @typedef {{values: Float32Array, shape: number[]}} Feed */
/** @typedef {import('@tensorflow/tfjs-core').TensorInfo} TensorInfo */

/**
 * One call of a kernel. A slot is where the data of a tensor lies that differs from run to run.
 *
 * @typedef {object} Call
 * @property {Function} kernelFunc
 * @property {{inputs: object, attrs: object, backend: object}} args
 * @property {[TensorInfo, number][]} fed inputs that differ from run to run, with their slots
 * @property {number[]} outputs slots of what it computes
 * @property {number[]} done slots that nothing needs any more
 */

export class Tape {
  /** @type {Call[]} */
  #calls = [];
  /** Slots of what is fed, of what is asked for, and those to be given back when that is read. @type {number[]} */
  #feeds;
  #results;
  #read = [];
  /** Data that is the same in every run. */
  #constants = new Set();
  /** What the slots hold while the tape is played. */
  #data = [];
  #backend = backend();

  /**
   * Records a run, on the backend that is set.
   *
   * @param {Feed[]} feeds
   * @param {(inputs: import('@tensorflow/tfjs-core').Tensor[]) => import('@tensorflow/tfjs-core').Tensor[]} run
   */
  constructor(feeds, run) {
    const slots = new Map();
    const slotOf = ({ dataId }) => {
      if (!slots.has(dataId)) slots.set(dataId, slots.size);
      return slots.get(dataId);
    };
    const inputs = feeds.map(({ values, shape }) => tensor(values, shape, 'float32'));
    this.#feeds = inputs.map(slotOf);
    const stop = listen((kernelFunc, args, outputs) => {
      const differs = (input) => input && slots.has(input.dataId);
      if (!Object.values(args.inputs).some(differs)) return;
      const fed = [];
      const kept = mapValues(args.inputs, (input) => {
        if (!input) return input;
        const { dataId, shape, dtype } = input;
        const info = { dataId, shape, dtype };
        if (differs(input)) fed.push([info, slotOf(input)]);
        else this.#keep(dataId);
        return info;
      });
      this.#calls.push({ kernelFunc, args: { ...args, inputs: kept }, fed, outputs: outputs.map(slotOf), done: [] });
    });
    try {
      const results = run(inputs);
      this.#results = results.map(slotOf);
      dispose(results);
    } finally {
      stop();
      dispose(inputs);
    }
    this.#findDone();
  }

  #keep(dataId) {
    if (this.#constants.has(dataId)) return;
    this.#constants.add(dataId);
    this.#backend.incRef(dataId);
  }

  /** Notes when each slot is needed no more, once for every tensor that shares its data. */
  #findDone() {
    const last = new Map(this.#feeds.map((slot) => [slot, 0]));
    const tensors = [...this.#feeds];
    this.#calls.forEach(({ fed, outputs }, index) => {
      tensors.push(...outputs);
      for (const slot of [...outputs, ...fed.map(([, used]) => used)]) last.set(slot, index);
    });
    for (const slot of tensors) {
      const done = this.#results.includes(slot) ? this.#read : this.#calls[last.get(slot)].done;
      done.push(slot);
    }
  }

  /**
   * Computes the results for other values of the recorded shapes.
   *
   * @param {Feed[]} feeds
   * @returns {Promise<Float32Array[]>}
   */
  async play(feeds) {
    const data = this.#data;
    feeds.forEach(({ values, shape }, index) => {
      data[this.#feeds[index]] = this.#backend.write(values, shape, 'float32');
    });
    for (const { kernelFunc, args, fed, outputs, done } of this.#calls) {
      for (const [input, slot] of fed) input.dataId = data[slot];
      [kernelFunc(args)].flat().forEach(({ dataId }, index) => {
        data[outputs[index]] = dataId;
      });
      for (const slot of done) this.#backend.disposeData(data[slot]);
    }
    const done = this.#read.map((slot) => data[slot]); // another run may fill the slots before these are read
    try {
      return await Promise.all(this.#results.map((slot) => this.#backend.read(data[slot])));
    } finally {
      for (const dataId of done) this.#backend.disposeData(dataId);
    }
  }

  /** Gives back what it keeps. */
  dispose() {
    for (const dataId of this.#constants) this.#backend.disposeData(dataId);
  }
}

/**
 * Tells of every kernel that is called, until the function that it returns is.
 *
 * @param {(kernelFunc: Function, args: object, outputs: TensorInfo[]) => void} onCall
 */
function listen(onCall) {
  const kernels = getKernelsForBackend(getBackend());
  const functions = kernels.map(({ kernelFunc }) => kernelFunc);
  kernels.forEach((kernel, index) => {
    kernel.kernelFunc = (args) => {
      const output = functions[index](args);
      onCall(functions[index], args, [output].flat());
      return output;
    };
  });
  return () => kernels.forEach((kernel, index) => Object.assign(kernel, { kernelFunc: functions[index] }));
}

/** The same list or object with other values. */
function mapValues(values, change) {
  if (Array.isArray(values)) return values.map(change);
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, change(value)]));
}

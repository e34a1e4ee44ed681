import { byId } from '../element.js';

/**
 * What the sections of the page share. Fires `pick`, whose `detail` is a layer, when the page should turn to a layer,
 * and `restore` when normalising should be done as the network was trained with.
 */
export class Lab extends EventTarget {
  /**
   * Makes the 28 * 28 image that is fed in place of the network's own first layer, or null. The step on normalising
   * sets it.
   *
   * @type {(network: import('./network.js').Network, picture: Float32Array, size: number) => Float32Array | null}
   */
  front = () => null;

  /**
   * @param {import('../pad.js').Pad} pad
   * @param {() => void} reread reads the drawing again
   */
  constructor(pad, reread) {
    super();
    Object.assign(this, { pad, reread });
    this.notice = byId('altered');
    this.notice.querySelector('button').addEventListener('click', () => {
      this.dispatchEvent(new Event('restore'));
      byId('pad').focus({ preventScroll: true }); // the notice is gone
    });
  }

  /** @param {import('./network.js').Layer} layer */
  pick(layer) {
    this.dispatchEvent(new CustomEvent('pick', { detail: layer }));
  }

  /** Tells, beside the answer, whether the network is fed otherwise than it was trained. @param {boolean} yes */
  altered(yes) {
    this.notice.hidden = !yes;
  }
}

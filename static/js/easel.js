import { saving } from 'digits:assets';

import { download } from './download.js';
import { Drawing } from './drawing.js';
import { byId } from './element.js';
import { keep, kept } from './keep.js';
import { load } from './load.js';
import { disclose } from './menu.js';
import { Pad } from './pad.js';
import { listenToShortcuts } from './shortcuts.js';
import { say, takeBackFailure } from './status.js';

/** The pad with its tools, as in _easel.html: keeps the drawing and the brush for the pages of this tab. */
export class Easel {
  pad = new Pad(byId('pad'), byId('pad-cursor'));

  /** @param {() => number | undefined} digit that the drawing is read as; it names the saved picture */
  constructor(digit) {
    const { pad } = this;
    pad.addEventListener('ink', () => {
      byId('hint').hidden = !pad.drawing.empty;
      this.#showTools();
    });
    pad.addEventListener('change', () => keep('drawing', pad.drawing));
    const actions = {
      undo: () => pad.undo(),
      redo: () => pad.redo(),
      clear: () => pad.clear(),
    };
    for (const [id, action] of Object.entries(actions)) byId(id).addEventListener('click', action);
    listenToShortcuts({ ...actions, save: () => this.#save('png', digit()) });
    disclose(byId('save'), byId('formats'));
    byId('formats').addEventListener('click', ({ target }) => {
      const button = target.closest('[data-format]');
      if (button) this.#save(button.dataset.format, digit());
    });
    byId('brush').addEventListener('input', ({ target }) => {
      this.#setBrush(target.valueAsNumber);
      keep('brush', target.valueAsNumber);
    });
  }

  /** Shows what another page of this tab left. */
  restore() {
    byId('brush').value = kept('brush') ?? byId('brush').value;
    this.#setBrush(byId('brush').valueAsNumber);
    const left = kept('drawing') ?? [];
    if (JSON.stringify(left) === JSON.stringify(this.pad.drawing)) return; // so its history stays
    try {
      this.pad.open(Drawing.fromJSON(left));
    } catch {
      keep('drawing', []); // written by another version of this page
    }
  }

  #setBrush(width) {
    this.pad.brush = width;
    byId('brush-dot').style.transform = `scale(${width / byId('brush').max})`;
  }

  #showTools() {
    const { drawing } = this.pad;
    byId('undo').disabled = !drawing.canUndo;
    byId('redo').disabled = !drawing.canRedo;
    byId('clear').disabled = byId('save').disabled = drawing.empty;
    if (document.activeElement.disabled) byId('pad').focus(); // the tool that was pressed is off now
  }

  async #save(format, digit) {
    const { drawing } = this.pad;
    if (drawing.empty) return;
    const writer = await load(saving).catch(() => null);
    if (!writer) {
      say('status.unsaved');
      return;
    }
    try {
      const name = digit === undefined ? 'drawing' : String(digit);
      download(await writer.fileOf(drawing.strokes, format, name), `digit-${digit ?? 'drawn'}.${format}`);
      takeBackFailure();
    } catch {
      say('status.unwritten', { format: format.toUpperCase() });
    }
  }
}

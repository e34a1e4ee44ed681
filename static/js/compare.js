/** The Compare page: everything is wired here. */

import { Report } from './report/report.js';
import { text } from './strings.js';
import { chosen, compare, dropped } from './upload.js';

const byId = (id) => document.getElementById(id);
const report = new Report({ editable: true });
/** Rows that arrive are shown so often, in milliseconds. */
const REFRESH = 400;
let running = null;

async function run(items) {
  running?.abort();
  if (items.length === 0) return;
  const own = new AbortController();
  running = own;
  report.clear();
  show();
  byId('stop').hidden = false;
  byId('progress').hidden = false;
  byId('progress').max = items.length;
  progress(0, items.length);
  try {
    await read(items, own.signal);
    byId('status').textContent = text('status.done');
  } catch (error) {
    byId('status').textContent = text(error.name === 'AbortError' ? 'status.stopped' : 'status.lost');
  }
  if (running !== own) return; // another comparison has begun
  byId('stop').hidden = true;
  byId('progress').hidden = true;
  show();
}

function show() {
  report.show();
  byId('exports').hidden = report.empty;
}

async function read(items, signal) {
  let shown = performance.now();
  for await (const row of compare(items, byId('layers').value, signal)) {
    if ('done' in row) progress(row.done, items.length);
    else report.add(row);
    if (performance.now() - shown > REFRESH) {
      show();
      shown = performance.now();
    }
  }
}

function progress(done, n) {
  byId('progress').value = done;
  byId('status').textContent = text('status.reading', { done, n });
}

async function download(format) {
  const answer = await fetch(`/api/report?format=${format}`, { method: 'POST', body: report.toString() });
  if (!answer.ok) {
    byId('status').textContent = (await answer.json()).detail;
    return;
  }
  const link = document.createElement('a');
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `digits.${format}`;
  link.click();
  URL.revokeObjectURL(link.href);
}

const area = byId('drop');
for (const type of ['dragenter', 'dragover']) {
  area.addEventListener(type, (event) => {
    event.preventDefault();
    area.classList.add('over');
  });
}
area.addEventListener('dragleave', () => area.classList.remove('over'));
area.addEventListener('drop', async (event) => {
  event.preventDefault();
  area.classList.remove('over');
  run(await dropped(event.dataTransfer));
});
for (const id of ['files', 'folder']) {
  byId(id).addEventListener('change', ({ target }) => {
    run(chosen(target));
    target.value = '';
  });
}
byId('stop').addEventListener('click', () => running?.abort());
for (const button of document.querySelectorAll('[data-format]')) {
  button.addEventListener('click', () => download(button.dataset.format));
}

// A report that the server put into the page itself, for a browser that sent a plain form.
for (const line of byId('rows')?.textContent.split('\n') ?? []) {
  if (line.trim()) report.add(JSON.parse(line));
}
show();

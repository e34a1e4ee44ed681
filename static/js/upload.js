/** Files from a drop or a chooser, with their folders; and their way to the server, a few at a time. */

import { text } from './strings.js';

/** Files of one request: few enough that progress is seen, and that a school's slow line doesn't time out. */
const BATCH_FILES = 40;
const BATCH_BYTES = 8_000_000;

/**
 * @typedef {{path: string, file: File | null}} Item null: the browser does not give the file out
 */

/** @returns {Item[]} what a file input holds */
export function chosen(input) {
  return Array.from(input.files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/**
 * @param {DataTransfer} transfer of the drop; it is read before this returns, since the browser empties it afterwards
 * @returns {(signal: AbortSignal) => Promise<Item[]>} finds what was dropped, folders opened
 */
export function dropped(transfer) {
  const found = Array.from(transfer.items, (item) => item.webkitGetAsEntry?.() ?? item.getAsFile()).filter(Boolean);
  const open = (file, signal) => (file instanceof File ? [{ path: file.name, file }] : opened(file, signal));
  return async (signal) => (await Promise.all(found.map((file) => open(file, signal)))).flat();
}

async function opened(entry, signal) {
  if (signal.aborted) return [];
  const path = entry.fullPath.replace(/^\//, '');
  try {
    return entry.isFile ? [{ path, file: await fileOf(entry) }] : await inside(entry, signal);
  } catch {
    return [{ path, file: null }];
  }
}

function fileOf(entry) {
  return new Promise((resolve, reject) => {
    entry.file(resolve, reject);
  });
}

async function inside(folder, signal) {
  const reader = folder.createReader();
  const items = [];
  for (;;) {
    const entries = await new Promise((resolve, reject) => {
      reader.readEntries(resolve, reject); // a hundred at most
    });
    if (entries.length === 0) return items;
    items.push(...(await Promise.all(entries.map((inner) => opened(inner, signal)))).flat());
  }
}

/** The last record of a ZIP without a comment: its length, its signature, and where the number of files stands. */
const ZIP_END = { length: 22, signature: 0x504b0506, count: 10 };

/** @returns {Promise<number>} how many files there are, those in ZIPs too, as far as their last bytes tell */
export async function countOf(items) {
  const counts = await Promise.all(items.map(({ path, file }) => (/\.zip$/i.test(path) ? countInZip(file).catch(() => 1) : 1)));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function countInZip(file) {
  const end = new DataView(await file.slice(-ZIP_END.length).arrayBuffer());
  const isEnd = end.byteLength === ZIP_END.length && end.getUint32(0) === ZIP_END.signature;
  return isEnd ? end.getUint16(ZIP_END.count, true) : 1;
}

/**
 * Compares files on the server.
 *
 * @param {Item[]} items
 * @param {string} layers which layers of Photoshop files are digits
 * @param {AbortSignal} signal
 * @yields {object} the rows of every file; before those of a new file `{done: number}`, the files read so far; and
 *   `{wait: number}`, the seconds until a busy server is asked again, 0 when it is
 */
export async function* compare(items, layers, signal) {
  let done = 0;
  let name = null;
  for (const batch of batches(items)) {
    for await (const row of read(batch, layers, signal)) {
      const file = (row.picture ?? row.skipped)?.name ?? name;
      if (file !== name && name !== null) yield { done: (done += 1) };
      name = file;
      yield row;
    }
  }
}

async function* read(batch, layers, signal) {
  const readable = await Promise.all(batch.map(isReadable));
  const sent = batch.filter((_, at) => readable[at]);
  if (sent.length > 0) yield* answerTo(sent, layers, signal);
  yield* skipped(
    batch.filter((_, at) => !readable[at]),
    { key: 'skipped.changed', reason: text('skipped.changed') },
  );
}

/** One file that has changed or gone since it was chosen would break the request of all. */
async function isReadable({ file }) {
  try {
    await file.slice(0, 1).arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

async function* answerTo(batch, layers, signal) {
  const form = new FormData();
  form.append('layers', layers);
  for (const { path, file } of batch) form.append('files', file, path);
  const answer = yield* askPatiently('/api/compare', {
    method: 'POST',
    body: form,
    signal,
    headers: { Accept: 'application/x-ndjson' },
  });
  if (answer.ok) yield* rowsOf(answer);
  else yield* skipped(batch, { reason: (await answer.json()).detail });
}

/** Asks again for as long as the server has too much to do and says when to come back. */
async function* askPatiently(address, request) {
  for (;;) {
    const answer = await fetch(address, request);
    const seconds = Number(answer.headers.get('Retry-After'));
    if (!seconds || ![429, 503].includes(answer.status)) return answer;
    yield { wait: seconds };
    await pause(1000 * seconds, request.signal);
    yield { wait: 0 };
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
  });
}

function* batches(items) {
  let batch = [];
  let bytes = 0;
  for (const item of items) {
    const size = item.file?.size ?? 0;
    if (batch.length > 0 && (batch.length === BATCH_FILES || bytes + size > BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

async function* rowsOf(answer) {
  let rest = '';
  for await (const piece of chunks(answer.body.pipeThrough(new TextDecoderStream()))) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

/** A stream's chunks; not every browser can iterate a stream itself. */
async function* chunks(stream) {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}

/** @param {{reason: string, key?: string}} why in words, with the text's key where it is one of the page's own */
function* skipped(items, why) {
  for (const { path } of items) yield { skipped: { name: path, layer: null, ...why } };
}

/** The Compare page: everything is wired here. */

import { download } from './download.js';
import { byId } from './element.js';
import { keep, kept } from './keep.js';
import { Report } from './report/report.js';
import { text } from './strings.js';
import { chosen, compare, countOf, dropped } from './upload.js';

const report = new Report({ editable: true });
/** Rows that arrive are shown so often, in milliseconds. */
const REFRESH = 400;
/** The comparison that runs, if any. */
let running = null;
/** Whether something of it has come. */
let begun = false;
/** The files of the last one, and those whose report is shown. */
let last = [];
let shown = null;
/** Whether the files of a report whose own are gone were asked for once more. */
let askedAgain = false;

/**
 * Compares files; whatever runs already is stopped.
 *
 * @param {(signal: AbortSignal) => Promise<import('./upload.js').Item[]>} find gives the files
 */
async function run(find) {
  running?.abort();
  const own = new AbortController();
  running = own;
  begun = false;
  showRunning(true);
  const said = await read(find, own.signal).catch(({ name }) => (name === 'AbortError' ? 'status.stopped' : 'status.lost'));
  if (running !== own) return; // another comparison has begun
  running = null;
  showRunning(false);
  say(said === 'status.stopped' && begun ? 'status.stopped-with' : said, { n: report.skipped.length });
  if (!report.empty) show();
}

/** Finds and reads files. @returns {Promise<string>} key of what is to be said of it */
async function read(find, signal) {
  say('status.looking');
  const items = await find(signal);
  if (signal.aborted) return 'status.stopped';
  if (items.length === 0) return 'status.nothing';
  last = items;
  say('status.begun');
  const n = await countOf(items);
  showProgress(0, n);
  for await (const row of compare(items, byId('layers').value, signal)) {
    if (signal.aborted) return 'status.stopped'; // what was on its way is not shown any more
    if ('wait' in row) {
      say(row.wait > 0 ? 'status.busy' : 'status.begun', { seconds: row.wait });
      continue;
    }
    if (!begun) clear(items); // not before: a lost server must not cost what is there
    begun = true;
    if ('done' in row) showProgress(row.done, n);
    else report.add(row);
    refresh();
  }
  return report.skipped.length > 0 ? 'status.partly' : 'status.done';
}

/** Makes room for the report of these files. */
function clear(items) {
  report.clear(items === shown || askedAgain);
  shown = items;
  askedAgain = false;
}

/** Tells everybody, screen readers too; so it is not for what changes all the time. */
function say(key, values) {
  byId('status').textContent = text(key, values);
}

function show() {
  report.show();
  byId('exports').hidden = report.pictures.length === 0;
}

let refreshing = null;

/** Shows what has come in, soon and with whatever else comes until then. */
function refresh() {
  refreshing ??= setTimeout(() => {
    refreshing = null;
    show();
  }, REFRESH);
}

function showRunning(is) {
  if (!is && document.activeElement === byId('stop')) byId('files').focus(); // the button that was pressed goes
  for (const id of ['stop', 'progress', 'count']) byId(id).hidden = !is;
  byId('progress').removeAttribute('value');
  byId('count').textContent = '';
}

function showProgress(done, n) {
  byId('progress').max = n;
  byId('progress').value = done;
  byId('count').textContent = text('status.reading', { done, n });
}

async function take(format) {
  byId('taken').textContent = '';
  const body = report.toString();
  const { unsaved } = report;
  report.unsaved = false; // what is typed from now on is not in it
  try {
    const answer = await fetch(`/api/report?format=${format}`, { method: 'POST', body });
    if (answer.ok) {
      download(await answer.blob(), `digits.${format}`);
      return;
    }
    byId('taken').textContent = (await answer.json()).detail;
  } catch {
    byId('taken').textContent = text('status.lost');
  }
  report.unsaved ||= unsaved;
}

async function sample(signal) {
  const { href, download: path } = byId('sample');
  const answer = await fetch(href, { signal });
  return [{ path, file: await answer.blob() }];
}

// Files may be dropped anywhere: beside the area, a browser would leave the page and open them.
const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes('Files');
for (const type of ['dragenter', 'dragover']) {
  addEventListener(type, (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    byId('drop').classList.add('over');
  });
}
addEventListener('dragleave', ({ relatedTarget }) => {
  if (relatedTarget === null) byId('drop').classList.remove('over');
});
addEventListener('drop', (event) => {
  if (!hasFiles(event)) return;
  event.preventDefault();
  byId('drop').classList.remove('over');
  run(dropped(event.dataTransfer));
});
for (const id of ['files', 'folder']) {
  byId(id).addEventListener('change', ({ target }) => {
    const items = chosen(target);
    target.value = '';
    run(async () => items);
  });
}
byId('try').addEventListener('click', () => run(sample));
byId('layers').addEventListener('change', () => {
  if (last.length > 0) run(async () => last);
  else if (!report.empty) {
    askedAgain = true;
    say('status.again');
  }
});
byId('stop').addEventListener('click', () => running?.abort());
for (const button of document.querySelectorAll('[data-format]')) {
  button.addEventListener('click', () => take(button.dataset.format));
}

const CHOICES = ['layers', 'network', 'filter', 'order'];

/** Leaves the report to the next page of this tab, perhaps in the other language. @returns {boolean} whether it fits */
function leave() {
  const { empty, rows, unsaved } = report;
  const choices = CHOICES.map((id) => byId(id).value);
  return keep('report', empty ? null : { rows, unsaved, choices, stopped: running !== null }) || empty;
}

/** Shows the report that an earlier page of this tab left; its files it could not leave. */
function restore() {
  const left = kept('report');
  if (!left) return;
  try {
    left.rows.forEach((row) => report.add(row));
    report.unsaved = left.unsaved;
    CHOICES.forEach((id, at) => (byId(id).value = left.choices[at]));
    if (left.stopped) say('status.stopped-with');
    show();
  } catch {
    report.clear(false); // written by another version of this page
  }
}

/** Whether the language was pressed a moment ago: then one does not leave for good. */
let turning = false;
document.querySelector('.languages').addEventListener('click', () => {
  turning = true;
  setTimeout(() => (turning = false), 1000);
});
addEventListener('pagehide', leave); // not every phone tells before
addEventListener('beforeunload', (event) => {
  if (!leave() || (report.unsaved && !turning)) event.returnValue = true; // preventDefault is not enough for older browsers
});
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted || !kept('report')) return;
  report.clear(false); // labels may have been typed since, on the page in the other language
  restore();
});

// A report that the server put into the page itself, for whoever asked it for a page.
report.addFromPage();
show();
if (report.empty) restore();

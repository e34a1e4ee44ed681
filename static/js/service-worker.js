/* global RELEASE */

/**
 * Keeps one whole release of the pages and serves it without asking the network, from the second visit on.
 *
 * The server puts `RELEASE` before this script: its version, the addresses of the pages and of the files that they load.
 * A new release is fetched as a whole beside the old one and takes over from the next page on. A page is always
 * answered out of one release; and since a file's name holds its content's hash, a page of the old release that is still
 * open goes on with the old files. So nothing is ever half old and half new.
 *
 * @typedef {object} Release
 * @property {string} version
 * @property {string[]} languages codes, the default first
 * @property {string[]} pages paths of those that are kept in every language; the last stands in where none is kept
 * @property {string} folder path of the built files
 * @property {string[]} files paths
 */

const PREFIX = 'release-';
const CACHE = PREFIX + RELEASE.version;
const SETTINGS = 'settings';

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(dropOld()));
self.addEventListener('message', ({ data }) => chooseLanguage(data.language));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(pageAt(url, event));
  else if (url.pathname.startsWith(RELEASE.folder)) event.respondWith(fileOf(event));
});

/** All or nothing: one failure, and the old release stays until the browser tries again. */
async function install() {
  await caches.delete(CACHE); // of a release that comes back: the order in which they came tells the newest
  const cache = await caches.open(CACHE);
  const pages = RELEASE.languages.flatMap((language) => RELEASE.pages.map((path) => keepPage(cache, path, language)));
  try {
    await Promise.all([cache.addAll(RELEASE.files), ...pages]);
  } catch (error) {
    await caches.delete(CACHE);
    throw error;
  }
  await self.skipWaiting();
}

async function keepPage(cache, path, language) {
  // Without the cookie, which would speak for another language.
  const response = await fetch(path, { credentials: 'omit', headers: { 'Accept-Language': language }, cache: 'no-store' });
  if (!response.ok || response.headers.get('Release') !== RELEASE.version) {
    throw new Error(`${path} is not of the release ${RELEASE.version}.`); // the server was renewed meanwhile
  }
  await cache.put(keyOf(path, language), response);
}

/** Under an address of its own, for the page's own does not tell the language. */
const keyOf = (path, language) => `${path}?kept=${language}`;

/** The release before this one stays: pages opened from it may yet load from it. */
async function dropOld() {
  const old = (await caches.keys()).filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(old.slice(0, -1).map((name) => caches.delete(name)));
}

async function pageAt(url, event) {
  const chosen = url.searchParams.get('lang');
  const isKept = RELEASE.pages.includes(url.pathname);
  if (RELEASE.languages.includes(chosen)) {
    await chooseLanguage(chosen);
    if (isKept && url.search === `?lang=${chosen}`) {
      event.waitUntil(fetch(url, { redirect: 'manual' }).catch(() => {})); // the server sets its cookie
      url.search = '';
      return Response.redirect(url);
    }
  }
  if (isKept && url.search === '') return keptPage(url.pathname);
  // A page that needs the server anyway, or one with wishes in its address.
  return fetch(event.request).catch(() => keptPage(isKept ? url.pathname : RELEASE.pages.at(-1)));
}

async function keptPage(path) {
  const cache = await caches.open(CACHE);
  return (await cache.match(keyOf(path, await chosenLanguage()))) ?? fetch(path);
}

async function fileOf(event) {
  const { request } = event;
  const kept = await caches.match(request, { ignoreVary: true });
  if (kept) return kept;
  const response = await fetch(request);
  if (response.status === 200) event.waitUntil(keepIn(CACHE, request, response.clone()));
  return response;
}

/** The language that was chosen since this worker started, where the disk may be too full to keep it. */
let language;

function chooseLanguage(code) {
  language = code;
  return keepIn(SETTINGS, 'language', new Response(code));
}

/** Where the disk is full, nothing is kept: that must not cost the answer. */
async function keepIn(name, key, response) {
  try {
    await (await caches.open(name)).put(key, response);
  } catch (error) {
    console.info(`Not kept: ${error.message}`);
  }
}

/** The language of the last page that was shown or asked for, else what the browser prefers. */
async function chosenLanguage() {
  const chosen = await (await caches.open(SETTINGS)).match('language');
  const wished = [language, await chosen?.text(), ...navigator.languages.map((tag) => tag.split('-')[0])];
  return wished.find((code) => RELEASE.languages.includes(code)) ?? RELEASE.languages[0];
}

/** What outlives a reload or a change of language, for this tab only. */

/** @returns {unknown} what `keep` last got under this key, or null */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(`digits:${key}`));
  } catch {
    return null; // storage is switched off, or holds something foreign
  }
}

/** @returns {boolean} whether there is room; without it, the value lasts as long as the page */
export function keep(key, value) {
  try {
    sessionStorage.removeItem(`digits:${key}`); // what is old must not come back in its place
    sessionStorage.setItem(`digits:${key}`, JSON.stringify(value));
    return true;
  } catch {
    return false; // storage is full or switched off
  }
}

/** What outlives a reload or a change of language, for this tab only. */

/** @returns {unknown} what `keep` last got under this key, or null */
export function kept(key) {
  try {
    return JSON.parse(sessionStorage.getItem(`digits:${key}`));
  } catch {
    return null; // storage is switched off, or holds something foreign
  }
}

export function keep(key, value) {
  try {
    sessionStorage.setItem(`digits:${key}`, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the drawing lasts as long as the page.
  }
}

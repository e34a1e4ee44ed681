/** Milliseconds that an engine may take to start, and then a network to come: a stalled download must not hold the page. */
const PATIENCE = 30_000;

/** What is promised; fails where that takes too long. */
export function withinPatience(promise) {
  return Promise.race([
    promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error('took too long')), PATIENCE)),
  ]);
}

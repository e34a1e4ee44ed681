/** Scripts that a page loads when they are needed. */

/** How often each could not be loaded. */
const failures = new Map();

/**
 * Imports a script; after a failure it may be tried again.
 *
 * @param {string} script its file, as `digits:assets` names it
 * @throws {TypeError} when it does not arrive
 */
export async function load(script) {
  const failed = failures.get(script) ?? 0;
  const address = new URL(script, import.meta.url);
  if (failed > 0) address.search = `again=${failed}`; // a browser keeps a failed import of an address until the page is left
  try {
    return await import(address);
  } catch (error) {
    failures.set(script, failed + 1);
    throw error;
  }
}

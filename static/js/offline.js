/**
 * Makes the next visit independent of the network (service-worker.js). To be called once the page is ready, so that
 * nothing waits for it.
 */
export async function workOffline() {
  if (!('serviceWorker' in navigator)) return; // not over plain http, and not in every private window
  try {
    await navigator.serviceWorker.register('service-worker.js');
    const { active } = await navigator.serviceWorker.ready;
    active.postMessage({ language: document.documentElement.lang });
  } catch (error) {
    console.info(`The page will need the network again: ${error.message}`);
  }
}

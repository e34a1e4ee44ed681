/** What a person does to look elsewhere. */
const TURNS = ['wheel', 'touchstart', 'pointerdown', 'keydown'];

let end = () => {};

/**
 * Scrolls to an element and stays there while figures above it take their height, until the person looks elsewhere.
 *
 * @param {Element} element
 * @param {ScrollBehavior} [behavior]
 */
export function hold(element, behavior = 'auto') {
  end();
  const size = new ResizeObserver(() => element.scrollIntoView({ behavior, block: 'start' })); // at once, the first time
  size.observe(document.querySelector('.steps'));
  const turned = new AbortController();
  end = () => {
    size.disconnect();
    turned.abort();
  };
  for (const turn of TURNS) addEventListener(turn, end, { capture: true, signal: turned.signal });
}

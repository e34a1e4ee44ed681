/**
 * A button that opens and closes the box beside it (a disclosure, https://www.w3.org/WAI/ARIA/apg/patterns/disclosure/).
 * Escape, a click elsewhere and the focus leaving close it; so does whatever is chosen in it.
 *
 * @param {HTMLButtonElement} button with `aria-expanded`
 * @param {HTMLElement} box
 */
export function disclose(button, box) {
  const open = (wanted) => {
    box.hidden = !wanted;
    button.setAttribute('aria-expanded', wanted);
  };
  const isOutside = (target) => !box.contains(target) && !button.contains(target);
  button.addEventListener('click', () => open(box.hidden));
  box.addEventListener('click', () => {
    open(false);
    button.focus();
  });
  addEventListener('pointerdown', ({ target }) => isOutside(target) && open(false));
  addEventListener('focusin', ({ target }) => isOutside(target) && open(false));
  addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape' || box.hidden) return;
    open(false);
    button.focus();
  });
}

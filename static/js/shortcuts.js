/**
 * Keyboard shortcuts, as `aria-keyshortcuts` on the buttons names them: Ctrl, on a Mac Command, with a letter, or
 * Delete. No bare letters: they would get in the way of speech input (WCAG 2.1.4). Delete and Backspace count on the
 * pad, or where nothing has the focus: in a control they belong to it.
 *
 * @param {Record<'undo' | 'redo' | 'clear' | 'save', () => void>} actions
 */
export function listenToShortcuts(actions) {
  addEventListener('keydown', (event) => {
    const name = actionOf(event);
    if (!actions[name]) return;
    event.preventDefault();
    if (name !== 'save' || !event.repeat) actions[name]();
  });
}

function actionOf(event) {
  const { key, code, shiftKey, target } = event;
  if (!event.ctrlKey && !event.metaKey) {
    return /^(Delete|Backspace)$/.test(key) && target.matches('body, #pad') ? 'clear' : undefined;
  }
  if (event.altKey) return undefined;
  // By its letter; in a layout of other letters, such as the Cyrillic one, by its place.
  const letter = /^[a-z]$/i.test(key) ? key.toUpperCase() : code.replace('Key', '');
  if (letter === 'Z') return shiftKey ? 'redo' : 'undo';
  return { Y: 'redo', S: shiftKey ? undefined : 'save' }[letter];
}

/** Shows the Mac's own name of the key in the hints. */
export function nameKeys(container) {
  if (!/Mac|iPhone|iPad/.test(navigator.platform)) return;
  for (const key of container.querySelectorAll('kbd')) key.textContent = key.textContent.replace('Ctrl', '⌘');
}

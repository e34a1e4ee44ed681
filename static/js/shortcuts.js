/**
 * Keyboard shortcuts, as `aria-keyshortcuts` on the buttons names them: Ctrl, on a Mac Command, with a letter, or
 * Delete. No bare letters: they would get in the way of speech input (WCAG 2.1.4).
 *
 * @param {Record<'undo' | 'redo' | 'clear' | 'save', () => void>} actions
 */
export function listenToShortcuts(actions) {
  addEventListener('keydown', (event) => {
    const action = actions[actionOf(event)];
    if (!action) return;
    event.preventDefault();
    action();
  });
}

function actionOf(event) {
  const { key, shiftKey } = event;
  if (!event.ctrlKey && !event.metaKey) return key === 'Delete' || key === 'Backspace' ? 'clear' : undefined;
  if (event.altKey) return undefined;
  if (event.code === 'KeyZ') return shiftKey ? 'redo' : 'undo'; // by place, so that it works in a Cyrillic layout
  return { KeyY: 'redo', KeyS: 'save' }[event.code];
}

/** Shows the Mac's own name of the key in the hints. */
export function nameKeys(container) {
  if (!/Mac|iPhone|iPad/.test(navigator.platform)) return;
  for (const key of container.querySelectorAll('kbd')) key.textContent = key.textContent.replace('Ctrl', '⌘');
}

// Single-key shortcuts: none with a modifier, while somebody writes or in a dialog, and all can be switched off
// (WCAG 2.2, success criterion 2.1.4).

const OFF = 'iscore-shortcuts-off';
const WRITING = 'input:not([type=range], [type=checkbox], [type=radio]), textarea, select, [contenteditable]';

export const areOn = () => localStorage.getItem(OFF) === null;

export const turn = (on) => (on ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, ''));

// `act` is called with the key and tells whether it did something; `undo` with Ctrl Z or Cmd Z, also when keys are off.
export function listen(act, undo) {
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.isComposing || target.closest(WRITING)) return;
    if (document.querySelector('dialog[open]')) return;
    if (event.ctrlKey || event.metaKey || event.altKey) {
      if (key.toLowerCase() !== 'z' || event.shiftKey || event.altKey) return;
      event.preventDefault();
      undo();
    } else if (areOn() && !(event.shiftKey && key !== '?') && !(event.repeat && !key.startsWith('Arrow'))) {
      if (isFor(target, key)) return;
      if (act(key.length === 1 ? key.toLowerCase() : key)) event.preventDefault();
    }
  });
}

// Whether a control with the focus has its own use for the key. The score that is chosen already has none for Enter.
function isFor(target, key) {
  const chosen = '[data-score][aria-pressed=true]';
  if (key === 'Enter') return target.closest('a, button, summary') && !target.matches(chosen);
  return key.startsWith('Arrow') && target.matches('input');
}

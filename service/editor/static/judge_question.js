// The question that is asked now, and as much of the answer as there is.

export const SIZES = { score: 1, pair: 2, best_worst: 4 };

// In words; of four headlines the most important is asked for first, then the least.
export function asked(kind, best) {
  if (kind === 'score') return 'How important is this headline?';
  if (kind === 'pair') return 'Which is more important?';
  return best === undefined ? 'Which is the most important?' : 'And which is the least?';
}

// Without an `item` the page says `empty` instead.
export function showQuestion(judge, { kind, item, value, best, empty, left, undoable }) {
  const part = (id) => judge.querySelector('#' + id);
  const every = (selector) => judge.querySelectorAll(selector);
  const scoring = kind === 'score';
  document.querySelector('#question').textContent = asked(kind, best);
  part('title').textContent = item && scoring ? item.headlines[0].title : '';
  part('title').hidden = part('scale').hidden = !scoring || !item;
  part('choices').hidden = scoring || !item;
  part('former').hidden = !item?.replaces;
  part('hint').textContent = item ? '' : empty;
  part('hint').hidden = Boolean(item);
  for (const button of every('[data-kind]')) button.ariaPressed = button.dataset.kind === kind;
  for (const button of every('[data-score]')) button.ariaPressed = +button.dataset.score === value;
  for (const button of every('[data-choice]')) showChoice(button, { kind, item, best });
  for (const button of every('[data-act=submit], [data-act=skip], [data-act=cannot]')) button.disabled = !item;
  judge.querySelector('[data-act=submit]').hidden = !scoring;
  judge.querySelector('[data-act=undo]').disabled = !undoable;
  part('scale').classList.toggle('judge-unset', value === undefined);
  part('score').value = value ?? 50;
  part('score').ariaValueText = value ?? 'not chosen';
  part('number').textContent = value ?? '–';
  part('left').textContent = left ?? '–';
}

function showChoice(button, { kind, item, best }) {
  const at = button.dataset.choice;
  button.hidden = at === 'tie' ? kind !== 'pair' : at >= SIZES[kind];
  if (at === 'tie' || button.hidden || !item) return;
  button.ariaPressed = best === +at;
  button.querySelector('.judge-words').textContent = item.headlines[at].title;
  button.querySelector('.judge-mark').textContent = best === +at ? 'most important' : '';
}

// What the page says beside the question: the last answer, what is saved and what is not, and how the work goes.

const make = (tag, text, more = {}) => Object.assign(document.createElement(tag), { textContent: text, ...more });

const REVEAL_MS = 3000;

// What the model thinks of headlines; empty when there is no telling now.
export async function modelScores(headlines) {
  const body = JSON.stringify({ headlines: headlines.map(({ title }) => title) });
  const headers = { 'Content-Type': 'application/json' };
  try {
    const answer = await fetch('/v1/score', { method: 'POST', headers, body, signal: AbortSignal.timeout(REVEAL_MS) });
    return (await answer.json()).items.map(({ i_score }) => i_score);
  } catch {
    return [];
  }
}

// In words, of each headline: what you made of it, if anything, and what the model does.
export const opinions = (words, scores) =>
  words.map((word, at) =>
    [word && `you ${word}`, scores[at] !== undefined && `model ${scores[at]}`].filter(Boolean).join(', '));

export function showLast(judge, { headlines }, words, scores = []) {
  const last = judge.querySelector('#last');
  const said = opinions(words, scores);
  last.hidden = false;
  last.querySelector('ul').replaceChildren(...headlines.map(({ id, title }, at) => {
    const row = make('li', title);
    row.append(make('strong', said[at]));
    const why = { href: `/why/${id}`, ariaLabel: `Why ${scores[at]}: ${title}` };
    if (id && scores.length) row.append(make('a', 'why', why));
    return row;
  }));
}

export function showSaved(judge, { waiting, refused, signedOut, lasts }) {
  const saved = judge.querySelector('#saved');
  const number = waiting.length;
  const state = number ? 'waiting' : refused.length ? 'refused' : 'saved';
  const words = {
    saved: 'All saved',
    refused: `${refused.length} not saved, see below`,
    waiting: signedOut ? `${number} waiting until you sign in again: ` : `${number} waiting, will be sent`,
  };
  saved.dataset.state = state;
  saved.textContent = words[state] + (number && !lasts ? '; stay on this page until then' : '');
  if (number && refused.length) saved.prepend(`${words.refused}; `);
  if (number && signedOut) saved.append(make('a', 'sign in', { href: '/editor/sign-in?to=/editor/judge' }));
}

const sentence = ({ kind, i_score, best, worst, reason }) =>
  ({
    score: `you ${i_score}`,
    pair: best === null ? 'both the same' : `number ${best + 1} is more important`,
    best_worst: `number ${best + 1} most, ${worst + 1} least important`,
    cannot_judge: reason,
  })[kind];

// Answers that were refused, each with what can be done about it.
export function showRefused(judge, refused, { again, replace, keep }) {
  const place = judge.querySelector('#refused');
  const shown = refused.map(({ n }) => n).join();
  if (place.dataset.shown === shown) return; // who is about to press a button keeps it
  place.dataset.shown = shown;
  place.hidden = !refused.length;
  place.querySelector('ul').replaceChildren(...refused.map((entry) => {
    const { body, item, refusal } = entry;
    const row = make('li', item ? item.headlines.map(({ title }) => title).join(' / ') : 'An undo');
    if (body) row.append(make('strong', sentence(body)));
    row.append(make('span', refusal.current ? `What stands: ${sentence(refusal.current)}.` : refusal.why));
    const acts = make('p', '', { className: 'judge-acts' });
    const act = (text, what) => acts.append(make('button', text, { onclick: () => what(entry) }));
    if (refusal.current) act('Take the new one', replace);
    act(refusal.current ? 'Leave it as it stands' : 'Forget it', keep);
    if (item && !refusal.current) act('Judge it again', again);
    row.append(acts);
    return row;
  }));
}

const EVERY_MS = 30000;
let asked = -Infinity;
let today = 0;

const write = (id, text) => (document.querySelector('#' + id).textContent = text ?? '–');

// One answer more or less than the service has told of.
export const count = (more) => write('today', (today += more));

// How the work goes, as the service sees it when nothing waits.
export async function askFacts() {
  if (Date.now() - asked < EVERY_MS) return;
  asked = Date.now();
  const answer = await fetch('/v1/labels/progress').catch(() => null);
  if (!answer?.ok) return;
  const { you, agreement } = await answer.json();
  const { repeats, mean_difference: apart } = you.consistency;
  write('today', (today = you.today));
  write('pace', you.per_hour && Math.round(you.per_hour));
  write('agreement', agreement.alpha?.toFixed(2));
  write('agreed', agreement.words);
  write('consistency', repeats ? `${apart.toFixed(0)} points apart` : null);
}

// The page on which editors judge headlines: keys, mouse and touch do the same. What the model thinks is asked for only
// when an answer is given. Titles are strangers' words: they become text nodes.

import { newId, Outbox } from './judge_outbox.js';
import { Queue, questionOf } from './judge_queue.js';
import { asked, showQuestion, SIZES } from './judge_question.js';
import { askFacts, count, modelScores, opinions, showLast, showRefused, showSaved } from './judge_shown.js';
import { areOn, listen, turn } from './judge_keys.js';
import { Stopwatch } from './judge_watch.js';

const HISTORY = 'iscore-judged';
const MOST_UNDONE = 100;
const DAY_S = 86400;
const NOTHING = 'Nothing is left to judge here in the last 24 hours.';
const LOOKING = 'Looking for headlines …';
const ENDED = 'Your session has ended: sign in again to get more headlines.';
const AWAY = 'The service cannot be reached: headlines will come when it can.';

const judge = document.querySelector('#judge');
const part = (id) => judge.querySelector('#' + id);
const every = (selector) => [...judge.querySelectorAll(selector)];

const watch = new Stopwatch();
const queue = new Queue(queueIsReady);
const outbox = new Outbox(judge.dataset.key, whatWaits);
const tabs = new BroadcastChannel('iscore-judge-asked');
const history = JSON.parse(sessionStorage.getItem(HISTORY) ?? '[]').filter((one) => one.by === judge.dataset.key);

let kind = 'score';
// What is asked now, and as much of the answer as there is: a score, or the position of the best of four.
let item, value, best;
let empty = LOOKING;
let busy = false;
let troubled = false;

// --- what is seen ---------------------------------------------------------------------------------

function show(next, score) {
  item = next;
  value = score;
  best = undefined;
  watch.start();
  render();
}

function render() {
  showQuestion(judge, { kind, item, value, best, empty, left: queue.left[kind], undoable: history.length > 0 });
}

const titles = () => (item ? item.headlines.map(({ title }) => title).join('; ') : empty);

function say(...sentences) {
  part('told').textContent = sentences.filter(Boolean).join(' ');
}

// --- what is done ---------------------------------------------------------------------------------

function choose(score) {
  if (!item || kind !== 'score') return false;
  value = Math.min(100, Math.max(0, score));
  render();
  say(String(value));
  return true;
}

const step = (points) => choose(value === undefined ? 50 : value + points);

function pick(at) {
  if (!item || kind === 'score' || (at !== 'tie' && at >= SIZES[kind])) return false;
  if (kind === 'pair') answer({ best: at === 'tie' ? null : at }, pairWords(at));
  else if (at === 'tie') return false;
  else if (best === undefined || best === at) {
    best = best === at ? undefined : at;
    render();
    say(asked(kind, best));
  } else answer({ best, worst: at }, ({ best: most }, now) => (now === most ? 'most' : now === at ? 'least' : ''));
  return true;
}

const pairWords = (at) => (_, now) => (at === 'tie' ? 'the same' : now === at ? 'more important' : '');

function submit() {
  if (!item || kind !== 'score') return false;
  if (value === undefined) say('Choose a score first: keys 1 to 5.');
  else answer({ i_score: value }, ({ i_score }) => String(i_score));
  return true;
}

// Keep the answer, ask the next question, then tell what the model thinks. `yours` says in words what you made of each.
async function answer(said, yours) {
  if (busy) return;
  busy = true;
  const given = item;
  const { headlines, model, repeat, replaces, shown } = given;
  const id = newId();
  const seconds = Math.min(watch.seconds, DAY_S);
  const about = { titles: headlines.map(({ title }) => title), model, repeat: Boolean(repeat), shown: Boolean(shown) };
  const body = { id, kind, ...about, seconds, at: new Date().toISOString(), ...(replaces && { replaces }), ...said };
  try {
    await outbox.add({ op: 'label', id, body, item: given });
  } catch (error) {
    say('This answer could not be kept:', error.message);
    part('hint').textContent = part('told').textContent;
    part('hint').hidden = false;
    return;
  } finally {
    busy = false;
  }
  pass({ item: given, id, value });
  const words = headlines.map((_, at) => (said.reason ? 'not judged' : yours(said, at)));
  showLast(judge, given, words);
  const scores = await modelScores(headlines);
  given.shown ||= scores.length > 0;
  remember(history);
  tell(given, words, scores);
}

function pass(done) {
  remember([...history, { ...done, by: judge.dataset.key }]);
  queue.pass(done.item);
  if (done.id) count(1);
  tabs.postMessage(questionOf(done.item));
  show(queue.next(kind));
}

// Who has answered the next question meanwhile hears of that one.
function tell(given, words, scores) {
  if (history.at(-1)?.item !== given) return;
  showLast(judge, given, words, scores);
  const heard = opinions(words, scores).join('; ') + '.';
  say(heard, troubled && part('saved').textContent + '.', 'Next:', titles());
}

function skip() {
  if (!item) return false;
  pass({ item, id: null, value });
  part('last').hidden = true;
  say('Skipped.', 'Next:', titles());
  return true;
}

async function undo() {
  const done = history.at(-1);
  if (!done || busy) return;
  busy = true;
  try {
    if (done.id) await outbox.undo(done.id).then(() => count(-1));
  } finally {
    busy = false;
  }
  remember(history.slice(0, -1));
  if (item) queue.push(item);
  ask(done.item, done.value);
  say('Undone.', titles());
}

// Ask this question next.
function ask(one, score) {
  kind = one.kind;
  part('last').hidden = true;
  queue.push(one);
  show(queue.next(kind), score);
}

function remember(all) {
  history.splice(0, history.length, ...all.slice(-MOST_UNDONE));
  sessionStorage.setItem(HISTORY, JSON.stringify(history));
}

function change(to) {
  if (item) queue.push(item);
  kind = to === kind ? 'score' : to;
  empty = LOOKING;
  show(queue.next(kind));
  say(asked(kind, best), titles());
  return true;
}

function open(id) {
  part(id).showModal();
  return true;
}

// --- what comes from elsewhere --------------------------------------------------------------------

function queueIsReady(of, found, wrong) {
  if (of !== kind) return;
  empty = !wrong ? NOTHING : ['401', '403'].includes(wrong) ? ENDED : AWAY;
  if (item || !found) return render();
  show(queue.next(kind));
  say(titles());
}

function whatWaits(state) {
  showSaved(judge, state);
  const trouble = Boolean(state.waiting.length && state.failing) || state.refused.length > 0;
  if (trouble !== troubled) say(part('saved').textContent);
  troubled = trouble;
  showRefused(judge, state.refused, {
    again: async (entry) => {
      await outbox.settle(entry.n);
      if (item) queue.push(item);
      ask(entry.item);
    },
    replace: (entry) => outbox.replace(entry, entry.refusal.current.id),
    keep: (entry) => outbox.settle(entry.n),
  });
  if (!state.waiting.length) askFacts();
}

tabs.onmessage = ({ data }) => {
  queue.drop(data);
  if (item && value === undefined && questionOf(item) === data) show(queue.next(kind));
};

// --- the ways to do it ----------------------------------------------------------------------------

const ACTS = { submit, skip, undo, cannot: () => item && open('cannot'), help: () => open('help') };
const KEYS = {
  Enter: submit,
  ArrowUp: () => step(5),
  ArrowRight: () => step(5),
  ArrowDown: () => step(-5),
  ArrowLeft: () => step(-5),
  p: () => change('pair'),
  b: () => change('best_worst'),
  s: skip,
  x: ACTS.cannot,
  u: () => undo() && true,
  '?': ACTS.help,
};

function press(key) {
  if (key in KEYS) return KEYS[key]();
  const number = '12345'.indexOf(key);
  if (number < 0) return false;
  if (kind === 'score') return choose(+every('[data-score]')[number].dataset.score);
  return pick(kind === 'pair' && number === 2 ? 'tie' : number);
}

function click({ target, detail }) {
  const button = target.closest('button');
  if (!button) return;
  const { kind: to, score, step: points, choice, act } = button.dataset;
  if (to && to !== kind) change(to);
  else if (score) value === +score && !detail ? submit() : choose(+score);
  else if (points) step(+points);
  else if (choice) pick(choice === 'tie' ? choice : +choice);
  else if (act) ACTS[act]();
  // A click's detail counts presses of the pointer: then the next Enter is for the score and not for this button.
  if (detail) button.blur();
}

function cannot() {
  const { elements } = part('cannot').querySelector('form');
  const reason = elements.words.value.trim() || elements.reason.value;
  if (part('cannot').returnValue && item) answer({ kind: 'cannot_judge', reason });
  elements.words.value = part('cannot').returnValue = '';
}

function showKeys() {
  part('shortcuts').checked = areOn();
  judge.classList.toggle('judge-keyless', !areOn());
}

judge.addEventListener('click', click);
part('score').addEventListener('input', ({ target }) => choose(+target.value));
part('cannot').addEventListener('close', cannot);
part('shortcuts').addEventListener('change', ({ target }) => showKeys(turn(target.checked)));
addEventListener('storage', showKeys);
listen(press, undo);
showKeys();

judge.hidden = false;
queue.left.score = +judge.dataset.left;
await outbox.open();
for (const entry of await outbox.mine()) if (entry.item) queue.pass(entry.item);
const ready = JSON.parse(judge.dataset.items).map((one) => ({ ...one, kind }));
const wanted = 'wanted' in judge.dataset && ready.shift();
for (const one of ready) queue.add(one);
if (wanted) queue.push(wanted);
show(queue.next(kind));

// What to judge next, some of it ahead, so that there is no waiting and work goes on without a network.

const AHEAD = 8;
const MOST_PASSED = 2000;
const RETRY_MS = 5000;
const PASSED = 'iscore-passed';

// Names what an item asks: the same titles in any order are the same question, and a repeat is another one.
export const questionOf = ({ kind, repeat, headlines }) =>
  JSON.stringify([kind, Boolean(repeat), ...headlines.map(({ title }) => title).sort()]);

export class Queue {
  left = {};
  #items = { score: [], pair: [], best_worst: [] };
  #filling = {};
  #passed = new Set(JSON.parse(sessionStorage.getItem(PASSED) ?? '[]'));
  #ready;

  // `ready` is called with a kind, whether there is something to ask, and what went wrong: a status, or no answer.
  constructor(ready) {
    this.#ready = ready;
  }

  // Judged or skipped: it is asked no more in this tab, whatever the service still believes.
  pass(item) {
    this.drop(questionOf(item));
    if (item.kind in this.left) this.left[item.kind] = Math.max(0, this.left[item.kind] - item.headlines.length);
  }

  drop(question) {
    this.#passed.add(question);
    this.#save();
  }

  // To be asked in its turn, unless it was.
  add(item) {
    this.#items[item.kind].push(item);
  }

  // To be asked next.
  push(item) {
    this.#passed.delete(questionOf(item));
    this.#save();
    this.#items[item.kind].unshift(item);
  }

  next(kind) {
    const items = this.#items[kind];
    while (items.length && this.#passed.has(questionOf(items[0]))) items.shift();
    const item = items.shift();
    if (items.length < AHEAD) this.#fill(kind);
    return item;
  }

  async #fill(kind) {
    if (this.#filling[kind]) return;
    this.#filling[kind] = true;
    try {
      const answer = await fetch(`/v1/queue?kind=${kind}&limit=20`);
      if (!answer.ok) throw Error(answer.status);
      const { items, left } = await answer.json();
      const known = new Set([...this.#passed, ...this.#items[kind].map(questionOf)]);
      const fresh = items.map((item) => ({ ...item, kind })).filter((item) => !known.has(questionOf(item)));
      this.#items[kind].push(...fresh);
      this.left[kind] = left;
      this.#ready(kind, this.#items[kind].length > 0);
    } catch ({ message }) {
      setTimeout(() => this.#items[kind].length || this.#fill(kind), RETRY_MS);
      this.#ready(kind, false, message);
    } finally {
      this.#filling[kind] = false;
    }
  }

  #save() {
    sessionStorage.setItem(PASSED, JSON.stringify([...this.#passed].slice(-MOST_PASSED)));
  }
}

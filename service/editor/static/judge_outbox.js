// Answers on their way to the service. Each is first written into the browser's database, then sent with its id until
// the service has answered: neither a lost network nor a reload loses one, and sending twice keeps once. What the
// service refuses stays here until somebody decides what becomes of it.

const TIMEOUT_MS = 15000;
const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60000;

const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

class Database {
  static async open() {
    const request = indexedDB.open('iscore-judge', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('answers', { keyPath: 'n', autoIncrement: true });
    const database = new Database();
    database.db = await done(request);
    return database;
  }

  all() {
    return done(this.db.transaction('answers').objectStore('answers').getAll());
  }

  put(entry) {
    return this.#write((answers) => answers.put(entry));
  }

  drop(n) {
    return this.#write((answers) => answers.delete(n));
  }

  #write(change) {
    const transaction = this.db.transaction('answers', 'readwrite', { durability: 'strict' });
    change(transaction.objectStore('answers'));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
  }
}

// For browsers that keep nothing, as some do in private windows.
class Memory {
  #entries = new Map();
  #last = 0;
  lasts = false;

  async all() {
    return [...this.#entries.values()].sort((one, other) => one.n - other.n);
  }

  async put(entry) {
    const n = entry.n ?? ++this.#last;
    this.#entries.set(n, { ...entry, n });
  }

  async drop(n) {
    this.#entries.delete(n);
  }
}

export const newId = () =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

// One tab sends at a time. Where there are no locks (http on another host) two may: the ids make that harmless.
const alone = (work) => (navigator.locks ? navigator.locks.request('iscore-judge', work) : work());

class Later extends Error {
  constructor(wait = 0, signedOut = false) {
    super('later');
    this.wait = wait;
    this.signedOut = signedOut;
  }
}

async function ask(address, options) {
  const answer = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if ([401, 403].includes(answer.status)) throw new Later(LONGEST_WAIT_MS, true);
  if ([408, 425, 429].includes(answer.status) || answer.status >= 500)
    throw new Later(1000 * (answer.headers.get('Retry-After') ?? 0) || 0);
  return answer;
}

// What the service has against an entry; nothing when it is kept.
async function deliver({ op, id, body }) {
  if (op === 'undo') {
    const answer = await ask(`/v1/labels/${id}`, { method: 'DELETE' });
    if ([204, 404, 409].includes(answer.status)) return; // it does not stand, which is what was wanted
    return { why: `Status ${answer.status}` };
  }
  const headers = { 'Content-Type': 'application/json' };
  const answer = await ask('/v1/labels', { method: 'POST', headers, body: JSON.stringify(body) });
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) return { why: said.detail ?? `Status ${answer.status}`, current: said.current };
  if (!said.items) throw new Later(); // not our service: a hotel's sign-in page answers everything
}

export class Outbox {
  #by;
  #tell;
  #kept;
  #channel = new BroadcastChannel('iscore-judge-outbox');
  #timer;
  #asked = false;
  #sending = false;
  #failures = 0;
  #signedOut = false;

  // `by` is the key's id: what somebody else left here on this browser is not sent in this editor's name.
  // `tell` is called with what waits whenever that has changed, by this tab or another.
  constructor(by, tell) {
    this.#by = by;
    this.#tell = tell;
    this.#channel.onmessage = () => this.#look();
  }

  async open() {
    this.#kept = await Database.open().catch(() => new Memory());
    addEventListener('online', this.send);
    document.addEventListener('visibilitychange', () => document.hidden || this.send());
    await this.#look();
    this.send();
  }

  async add(entry) {
    await this.#kept.put({ ...entry, by: this.#by });
    await this.#changed();
    this.send();
  }

  // Take back the answer with this id, sent or not.
  async undo(id) {
    const refused = (await this.mine()).find((entry) => entry.id === id && entry.refusal);
    await (refused ? this.settle(refused.n) : this.add({ op: 'undo', id }));
  }

  // Forget a refused answer.
  async settle(n) {
    await this.#kept.drop(n);
    await this.#changed();
  }

  // Send a refused answer again, as one that corrects the judgement that is in its way.
  async replace({ refusal, ...entry }, current) {
    const id = newId();
    await this.#kept.put({ ...entry, id, body: { ...entry.body, id, replaces: current } });
    await this.#changed();
    this.send();
  }

  async mine() {
    return (await this.#kept.all()).filter((entry) => entry.by === this.#by);
  }

  send = () => {
    clearTimeout(this.#timer);
    this.#asked = true;
    if (!this.#sending) this.#run();
  };

  async #run() {
    this.#sending = true;
    while (this.#asked) {
      this.#asked = false;
      await alone(() => this.#drain());
    }
    this.#sending = false;
  }

  async #drain() {
    const next = async () => (await this.mine()).find((entry) => !entry.refusal);
    try {
      let entry = await next();
      if (entry) await this.#check();
      for (; entry; entry = await next()) {
        const refusal = await deliver(entry);
        await (refusal ? this.#kept.put({ ...entry, refusal }) : this.#kept.drop(entry.n));
        this.#failures = 0;
        await this.#changed();
      }
    } catch (error) {
      this.#failures++;
      this.#signedOut = Boolean(error.signedOut);
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.#failures - 1)) * (0.75 + 0.5 * Math.random());
      this.#timer = setTimeout(this.send, Math.max(wait, error.wait ?? 0));
      await this.#look();
    }
  }

  // Another editor may have signed in since this page was opened.
  async #check() {
    const { key } = await (await ask('/editor/judge/key')).json();
    if (key !== this.#by) throw new Later(LONGEST_WAIT_MS, true);
    this.#signedOut = false;
  }

  async #changed() {
    this.#channel.postMessage('changed');
    await this.#look();
  }

  async #look() {
    if (!this.#kept) return;
    const mine = await this.mine();
    this.#tell({
      waiting: mine.filter((entry) => !entry.refusal),
      refused: mine.filter((entry) => entry.refusal),
      failing: this.#failures > 0,
      signedOut: this.#signedOut,
      lasts: this.#kept.lasts ?? true,
    });
  }
}

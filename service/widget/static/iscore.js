// <iscore-top>: the most important headlines of an iscore service, live, on any page. How to use it: docs/widget.md.
//
// No dependency and no build step: what is served is this file without its indentation and the lines that are comments
// (service/widget/script.py), at most 3,000 bytes in Brotli. It parses no HTML and writes no style as text, so it runs
// under "default-src 'none'" and Trusted Types. What the service answers is strangers' input: words become text nodes,
// addresses are http or https.

// Every band has a colour and a shape of its own, and the number is always there. A row has room for a title of three
// lines, and the whole for two rows more, so that a list which arrives or changes moves nothing around it.
const LOOK = `
:host {
  display: block;
  --iscore-fg: light-dark(#1b1f24, #e6edf3);
  --iscore-bg: light-dark(#fff, #1e1e1e);
  --iscore-muted: light-dark(#57606a, #9da7b3);
  --iscore-line: light-dark(#d0d7de, #3d444d);
  --iscore-green: light-dark(#217b4f, #7ce963);
  --iscore-red: light-dark(#86130d, #dc7480);
  --iscore-blue: light-dark(#032ebb, #5094e5);
}
:host([theme=light]) { --iscore-scheme: light; }
:host([theme=dark]) { --iscore-scheme: dark; }
:host([hidden]) { display: none; }
section, ol { display: flex; flex-direction: column; min-block-size: calc(var(--rows, 12) * var(--iscore-row, 7em)); }
section:has(h2) {
  color-scheme: var(--iscore-scheme, light dark);
  padding: 1em;
  color: var(--iscore-fg);
  background: var(--iscore-bg);
  border: 1px solid var(--iscore-line);
  border-radius: 0.5em;
  line-height: 1.4;
}
li, [part=bar] { display: flex; gap: 0.75em; padding-block: 0.5em; }
li { flex: 1; border-block-start: 1px solid var(--iscore-line); }
[part=bar] { justify-content: space-between; align-items: center; }
h2 { margin: 0; font-size: 1.125em; }
ol { margin: 0; padding: 0; }
a { color: inherit; font-weight: 600; overflow-wrap: anywhere; }
[part=link] { display: block; text-decoration: none; }
[part=link]:hover { text-decoration: underline; }
[part=rank] { min-inline-size: 1.5em; }
[part=time] { min-inline-size: 5.5em; }
[part=facts] { display: flex; flex-wrap: wrap; gap: 0 0.75em; }
[part=facts], [part=age], [part=rank] { color: var(--iscore-muted); font-size: 0.875em; }
[part~=score] { font-weight: 600; }
[part~=top] { color: var(--iscore-green); border-radius: 50%; }
[part~=major] { color: var(--iscore-red); }
[part~=notable] { color: var(--iscore-blue); }
[part~=importance] { display: inline-block; margin-inline-end: 0.375em; padding: 0.45em; background: currentcolor; forced-color-adjust: none; }
[part^=notable] { clip-path: polygon(50% 0, 100% 100%, 0 100%); }
button {
  padding: 0.375em;
  color: inherit;
  background: none;
  border: 1px solid;
  border-radius: 0.5em;
  font: inherit;
}
[aria-pressed=true] { color: var(--iscore-bg); background: var(--iscore-fg); }
`;

const make = (tag, part, ...inside) => {
  const node = document.createElement(tag);
  node.part = part;
  node.append(...inside);
  return node;
};

// Something to see, and the words that are read out in its place.
const sign = (words, shown = '') => {
  const node = make('span', words, shown);
  node.role = 'img';
  node.ariaLabel = words;
  return node;
};

const words = (value) => value.trim().slice(0, 300);

const safe = (address, base) => {
  const url = new URL(address, base);
  if (!/^https?:/.test(url) || url.username) throw Error(url);
  return url;
};

// A page may include this twice; a browser that lacks something here goes on showing the list inside the element.
if (!customElements.get('iscore-top')) customElements.define('iscore-top', class extends HTMLElement {
  static observedAttributes = ['src', 'window', 'limit', 'refresh'];

  #heading = make('h2', 'heading');
  #pause = make('button', 'pause');
  #list = make('ol', 'list');
  #age = make('span', 'age');
  #update = make('button', 'update');
  #more = make('a', 'more');
  #root = make('section', 'root', make('slot', ''));
  #request;
  #timer;
  #near;
  #paused;
  // When to ask again, and after how many failures in a row; when the last good answer came, and the list that waits.
  #next = 0;
  #failures = 0;
  #good = 0;
  #waiting;
  #watcher = new IntersectionObserver((seen) => this.#beat((this.#near = seen.pop().isIntersecting)));

  constructor() {
    super();
    // An adopted sheet is the one kind of style that a strict Content-Security-Policy lets a script bring.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(LOOK);
    this.attachShadow({ mode: 'open' }).append(this.#root);
    this.shadowRoot.adoptedStyleSheets = [sheet];
    this.#pause.ariaPressed = false;
    // A click's detail counts presses of the pointer: 0 is the keyboard, which must not lose its place.
    this.#pause.onclick = ({ detail }) => {
      this.#pause.ariaPressed = this.#paused = !this.#paused;
      if (detail) this.#pause.blur();
      this.#beat();
    };
    this.#update.onclick = ({ detail }) => {
      this.#settle(true);
      if (!detail) this.#list.querySelector('a')?.focus();
    };
    const settle = () => setTimeout(this.#settle);
    this.#root.addEventListener('pointerleave', settle);
    this.#root.addEventListener('focusout', settle);
  }

  connectedCallback() {
    this.#watcher.observe(this);
  }

  disconnectedCallback() {
    this.#watcher.disconnect();
    this.#near = this.#request = this.#request?.abort();
    this.#next = 0;
    this.#beat();
  }

  attributeChangedCallback() {
    this.#root.style.setProperty('--rows', this.#limit + 2);
    this.#failures = this.#next = 0;
    this.#beat();
  }

  get #limit() {
    return Math.min(50, parseInt(this.#get('limit')) || 10);
  }

  get #locale() {
    try {
      return Intl.getCanonicalLocales(this.closest('[lang]')?.lang)[0];
    } catch {
      // "en_US" is no language tag; then it is the browser's.
    }
  }

  #get(name, otherwise) {
    return this.getAttribute(name) ?? otherwise;
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent('iscore-' + name, { detail, bubbles: true, composed: true }));
  }

  // The one timer. It runs while the element is on the screen, and tells the time even where nothing may be asked.
  #beat = () => {
    clearTimeout(this.#timer);
    if (!this.#near) return;
    this.#tellTime();
    this.#timer = setTimeout(this.#beat, 10000);
    if (navigator.onLine && !document.hidden && !this.#paused && Date.now() > this.#next) this.reload();
  };

  // Asks for the list now.
  async reload() {
    this.#request?.abort();
    const request = (this.#request = new AbortController());
    setTimeout(() => request.abort(), 8000);
    const refresh = +this.#get('refresh', 60);
    const every = Math.max(15, refresh) * 1000;
    this.#next = Infinity;
    let wait = 0;
    try {
      const url = safe(this.#get('src', '/v1/top'), document.baseURI);
      url.searchParams.set('window', this.#get('window', '1h'));
      url.searchParams.set('limit', this.#limit);
      const answer = await fetch(url, { credentials: 'omit', signal: request.signal });
      const after = answer.headers.get('Retry-After');
      wait = /404|410/.test(answer.status) ? Infinity : after * 1000 || new Date(after) - Date.now() || 0;
      if (answer.ok) this.#take(await answer.text(), url);
      else if (answer.status !== 304) throw Error(answer.status);
      this.#failures = 0;
      this.#good = Date.now();
      this.#tellTime();
    } catch ({ message }) {
      // Another request has taken its place, or the element has left the page.
      if (request !== this.#request) return;
      this.#failures++;
      this.#tell('error', message);
    }
    const pace = Math.max(every, Math.min(every * 2 ** this.#failures, 9e5)) * (0.8 + 0.4 * Math.random());
    this.#pause.hidden = !refresh;
    this.#next = refresh ? Date.now() + Math.max(pace, wait) : Infinity;
  }

  #take(text, url) {
    if (text.length > 65536) throw Error('too long');
    const { title, items } = JSON.parse(text);
    // Where nothing is known of before, all would be new.
    const moved = items.some((item) => item?.previous_rank);
    const rows = items.flatMap((item, at) => this.#row(item, at + 1, moved)).slice(0, this.#limit);
    const list = make('ol', 'list', ...rows);
    if (!rows.length) list.append(make('li', 'empty', 'No headlines in this window.'));
    // Safari forgets that a list without bullets is one.
    list.role = 'list';
    list.style.setProperty('--rows', rows.length);
    this.#heading.textContent = this.#get('heading', words(title));
    this.#pause.textContent = this.#get('pause-text', 'Pause');
    this.#update.textContent = this.#get('update-text', 'Show update');
    this.#more.textContent = this.#get('more-text', 'View more top news');
    this.#more.href = safe(this.#get('more-href', safe('/top', url)), document.baseURI);
    this.#tellTime();
    this.#waiting = !list.isEqualNode(this.#list) && list;
    this.#settle();
    this.#tell('load', rows.length);
  }

  // What is not of the right type makes an error, and then the row is left out.
  #row(item, rank, moved) {
    try {
      const { format: number } = new Intl.NumberFormat(this.#locale);
      const [band] = /^(top|major|notable)$/.exec(item.band) ?? [''];
      const [score] = /^(\d\d?|100)$/.exec(item.i_score);
      const [title] = /.+/.exec(words(item.title));
      const link = make('a', 'link', make('bdi', 'title', title));
      link.href = safe(item.url);
      link.onclick = () => this.#tell('select', item);
      const time = make('time', 'time');
      time.dateTime = words(item.published_at);
      time.textContent = this.#ago(time.dateTime);
      const up = item.previous_rank - rank;
      return make('li', 'row',
        make('span', 'rank', number(rank)),
        make('div', '',
          link,
          make('div', 'facts',
            make('span', 'score ' + band, band && sign(band + ' importance'),
              make('bdi', 'number', number(score) + ' / ' + number(100))),
            item.pinned ? make('span', 'pinned', 'pinned') : '',
            item.low_confidence ? make('span', 'uncertain', 'uncertain') : '',
            make('bdi', 'source', words(item.source)),
            item.story?.outlets > 1 ? make('span', 'outlets', number(item.story.outlets) + ' sources') : '',
            !moved || !up ? '' : item.previous_rank === null ? make('span', 'new', 'new') :
              up > 0 ? sign('up ' + number(up), '▲' + number(up)) : sign('down ' + number(-up), '▼' + number(-up)),
            time,
          ),
        ),
      );
    } catch {
      return [];
    }
  }

  // What waits is shown, unless somebody is about to use what stands there.
  #settle = (now) => {
    const held =
      this.querySelector('li:hover, :focus') ?? (this.#list.matches(':hover') || this.shadowRoot.activeElement);
    if (this.#waiting && (now || !held)) {
      this.#list = this.#waiting;
      this.#waiting = 0;
      this.#root.replaceChildren(
        make('div', 'bar', this.#heading, this.#pause),
        this.#list,
        make('div', 'bar', this.#age, this.#update),
        this.#more,
      );
    }
    this.#update.hidden = !this.#waiting;
  };

  #tellTime() {
    for (const time of this.#list.querySelectorAll('time')) time.textContent = this.#ago(time.dateTime);
    this.#age.textContent = this.#get('updated-text', 'Updated') + ' ' + this.#ago(this.#good);
  }

  #ago(time) {
    const minutes = Math.max(0, Date.now() - new Date(time)) / 60000;
    const [unit, size] = minutes < 60 ? ['minute', 1] : minutes < 1440 ? ['hour', 60] : ['day', 1440];
    return new Intl.RelativeTimeFormat(this.#locale, { numeric: 'auto', style: 'short' }).format(-Math.trunc(minutes / size), unit);
  }
});

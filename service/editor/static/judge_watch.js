// How long a judgement takes; what passes while the page is hidden does not count.

export class Stopwatch {
  #before = 0;
  #since = performance.now();

  constructor() {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#before += performance.now() - this.#since;
      else this.#since = performance.now();
    });
  }

  start() {
    this.#before = 0;
    this.#since = performance.now();
  }

  get seconds() {
    const shown = document.hidden ? 0 : performance.now() - this.#since;
    return Math.round((this.#before + shown) / 100) / 10;
  }
}

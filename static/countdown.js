// The time left, by the server's clock. The visitor's clock may be wrong or
// set back while the page waits, so only differences of performance.now()
// are used, anchored at the server's time each time the server says it.

export class Countdown {
  #deadline = 0;
  #serverAt = 0;
  #heardAt = 0;
  #timer = 0;
  #show;

  // show is called with the whole seconds left, at once and every second.
  constructor(show) {
    this.#show = show;
  }

  set(expiresAt, serverTime) {
    const deadline = Date.parse(expiresAt);
    const server = Date.parse(serverTime);
    if (Number.isNaN(deadline) || Number.isNaN(server)) return;
    this.#deadline = deadline;
    this.#serverAt = server;
    this.#heardAt = performance.now();
    this.#tick();
  }

  // left is in milliseconds, never below 0.
  left() {
    const serverNow = this.#serverAt + (performance.now() - this.#heardAt);
    return Math.max(0, this.#deadline - serverNow);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #tick() {
    clearTimeout(this.#timer);
    const left = this.left();
    this.#show(Math.ceil(left / 1000));
    // Just after the next whole second; past the end, once a second.
    this.#timer = setTimeout(() => this.#tick(), left > 0 ? (left % 1000) + 10 : 1000);
  }
}

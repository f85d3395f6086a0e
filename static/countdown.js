// The time left, by the server's clock. The visitor's clock may be wrong or
// set back while the page waits, so only differences of performance.now()
// are used, anchored at the server's time each time the server says it.

export class Countdown {
  /**
   * @param {(seconds: number) => void} show is called with the whole seconds
   * left, at once and every second
   */
  constructor(show) {
    this._show = show;
    this._deadline = 0;
    this._serverTime = 0;
    this._anchor = 0; // performance.now() when the server's time was heard
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._timer = undefined;
  }

  /**
   * set starts counting; what is no time is ignored.
   *
   * @param {string} expiresAt
   * @param {string} serverTime
   */
  set(expiresAt, serverTime) {
    const deadline = Date.parse(expiresAt);
    const server = Date.parse(serverTime);
    if (Number.isNaN(deadline) || Number.isNaN(server)) return;
    this._deadline = deadline;
    this._serverTime = server;
    this._anchor = performance.now();
    this._tick();
  }

  // left is in milliseconds, never below 0.
  left() {
    const serverNow = this._serverTime + (performance.now() - this._anchor);
    return Math.max(0, this._deadline - serverNow);
  }

  stop() {
    clearTimeout(this._timer);
  }

  _tick() {
    clearTimeout(this._timer);
    const left = this.left();
    this._show(Math.ceil(left / 1000));
    // Just after the next whole second; past the end, once a second.
    this._timer = setTimeout(() => this._tick(), left > 0 ? (left % 1000) + 10 : 1000);
  }
}

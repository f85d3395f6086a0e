// The presenter's clock: how long the story has taken.

export class Clock {
  /** @param {HTMLElement} face */
  constructor(face) {
    this._face = face;
    this._begun = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this._ticks = undefined;
  }

  toggle() {
    if (this._ticks) return this._stop();
    this._begun = performance.now();
    this._face.hidden = false;
    this._show();
    this._ticks = setInterval(() => this._show(), 200);
  }

  reset() {
    this._stop();
    this._face.hidden = true;
  }

  _stop() {
    clearInterval(this._ticks);
    this._ticks = undefined;
  }

  _show() {
    const seconds = Math.floor((performance.now() - this._begun) / 1000);
    this._face.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
}

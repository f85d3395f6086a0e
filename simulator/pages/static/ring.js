// What a phone does so that one looks at it: it vibrates and sounds. A browser lets
// a page do either only after somebody has touched it, so a ring before that is silent.

const MUTED = "phone-muted"; // kept for all phones of this browser
const CALL_AGAIN = 3000;
const NOTES = [[880, 0], [1175, 0.16]]; // hertz, seconds after the start

/** Ring rings, unless its button mutes it. */
export class Ring {
  /** @param {HTMLElement} button mutes; pressed means muted */
  constructor(button) {
    /** @type {AudioContext | undefined} */
    this._audio = undefined;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    this._calling = undefined;
    this._touched = false;
    this._button = button;
    this._show(kept() === "true");
    button.addEventListener("click", () => this._mute(!this._isMuted()));
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this._wake(), { once: true });
  }

  /** once rings for a request or a message. */
  once() {
    this._vibrate([180, 90, 180]);
    this._sound();
  }

  /** @param {boolean} on rings again and again while it is true */
  call(on) {
    if (on === Boolean(this._calling)) return;
    clearInterval(this._calling);
    this._calling = on ? setInterval(() => this.once(), CALL_AGAIN) : undefined;
    if (on) this.once();
    else this._vibrate(0);
  }

  /** @param {number | number[]} pattern */
  _vibrate(pattern) {
    if (this._touched) navigator.vibrate?.(pattern);
  }

  _isMuted() {
    return this._button.getAttribute("aria-pressed") === "true";
  }

  /** @param {boolean} muted */
  _mute(muted) {
    this._show(muted);
    try {
      localStorage.setItem(MUTED, String(muted));
    } catch {
      // Nothing can be kept in this browser; it holds for this page.
    }
  }

  /** @param {boolean} muted */
  _show(muted) {
    this._button.setAttribute("aria-pressed", String(muted));
  }

  _wake() {
    this._touched = true;
    if (typeof AudioContext === "undefined") return;
    this._audio = this._audio ?? new AudioContext();
    this._audio.resume();
  }

  _sound() {
    const audio = this._audio;
    if (!audio || audio.state !== "running" || this._isMuted()) return;
    for (const [pitch, after] of NOTES) {
      const begin = audio.currentTime + after;
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.12, begin);
      volume.gain.exponentialRampToValueAtTime(0.001, begin + 0.35);
      tone.connect(volume).connect(audio.destination);
      tone.start(begin);
      tone.stop(begin + 0.35);
    }
  }
}

function kept() {
  try {
    return localStorage.getItem(MUTED);
  } catch {
    return null;
  }
}

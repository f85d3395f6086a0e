// An incoming call: it rings until it is answered or hung up. A browser
// speaks only after a tap, and Answer is one; the words stand there as text
// as well. While it rings the keyboard stays in it: Tab goes round, and Escape
// hangs up.

import { say } from "./words.js";

/** @typedef {{at: string, text: string, code: string}} CallState */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const appName = () => document.body.dataset.appName ?? "";

/** Call shows state.call. */
export class Call {
  /**
   * @param {() => void} hangUp tells the simulator
   * @param {() => void} quiet ends the ringing
   * @param {(text: string) => void} announce
   */
  constructor(hangUp, quiet, announce) {
    this._quiet = quiet;
    this._announce = announce;
    /** @type {CallState | null} */
    this._call = null;
    /** @type {Element | null} */
    this._focusBefore = null;
    byId("call-answer").addEventListener("click", () => this._answer());
    byId("call-again").addEventListener("click", () => this._speak());
    byId("call-hangup").addEventListener("click", () => {
      this._quiet();
      this.show(null);
      hangUp();
    });
    document.addEventListener("keydown", (event) => this._key(event));
    addEventListener("pagehide", () => globalThis.speechSynthesis?.cancel());
  }

  /** @param {CallState | null} call */
  show(call) {
    if (call?.at === this._call?.at) return;
    if (!this._call) this._focusBefore = document.activeElement;
    const focusWasHere = byId("call").contains(document.activeElement);
    this._call = call;
    globalThis.speechSynthesis?.cancel();
    byId("call").hidden = !call;
    byId("call").classList.remove("answered");
    byId("call-code").hidden = byId("call-again").hidden = true;
    byId("call-answer").hidden = false;
    for (const part of document.querySelectorAll(".side, .screen > :not(.call)")) part.toggleAttribute("inert", Boolean(call));
    if (!call) {
      if (focusWasHere) this._giveBackFocus();
      this._announce(say("call.ended"));
      return;
    }
    byId("call-title").textContent = say("call.title", { app: appName() });
    byId("call-text").textContent = say("call.text");
    byId("call-answer").focus();
  }

  /** isUp says whether there is a call, rings whether nobody has answered it yet. */
  isUp() {
    return this._call !== null;
  }

  rings() {
    return this.isUp() && !byId("call").classList.contains("answered");
  }

  // What had the focus may be gone; then the open tab gets it, never nothing.
  _giveBackFocus() {
    const before = /** @type {HTMLElement | null} */ (this._focusBefore);
    before?.focus();
    if (document.activeElement === document.body) /** @type {HTMLElement | null} */ (document.querySelector("[role=tab][aria-selected=true]"))?.focus();
  }

  /** @param {KeyboardEvent} event */
  _key(event) {
    if (!this._call) return;
    if (event.key === "Escape") byId("call-hangup").click();
    else if (event.key === "Tab") this._goRound(event);
    else return;
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  _goRound(event) {
    const buttons = ["call-hangup", "call-answer", "call-again"].map(byId).filter((button) => !button.hidden);
    const now = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = event.shiftKey ? -1 : 1;
    const next = now < 0 ? 0 : now + step + buttons.length;
    buttons[next % buttons.length].focus();
  }

  _answer() {
    if (!this._call) return;
    this._quiet();
    byId("call").classList.add("answered");
    byId("call-title").textContent = appName();
    byId("call-text").textContent = this._call.text;
    byId("call-code").textContent = this._call.code;
    byId("call-code").hidden = byId("call-again").hidden = false;
    byId("call-answer").hidden = true;
    byId("call-again").focus();
    this._speak();
  }

  _speak() {
    const voice = globalThis.speechSynthesis;
    if (!voice || !this._call) return;
    voice.cancel();
    const words = new SpeechSynthesisUtterance(this._call.text);
    words.rate = 0.9;
    voice.speak(words);
  }
}

// An incoming call: it rings until it is answered or hung up, and what it says comes
// only with the answer. A browser speaks only after a tap, and Answer is one; the words
// stand there as text as well. While it rings the keyboard stays in it: Tab goes round, and Escape
// hangs up.

import { say } from "./words.js";

/** @typedef {{at: string, answered: boolean, text?: string, code?: string}} CallState text and code of an answered one */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const appName = () => document.body.dataset.appName ?? "";

/** Call shows state.call. */
export class Call {
  /**
   * @param {(path: string) => Promise<string>} post tells the simulator, and resolves
   * to a sentence that says what went wrong, "" if nothing did
   * @param {() => void} quiet ends the ringing
   * @param {(text: string) => void} announce
   */
  constructor(post, quiet, announce) {
    this._post = post;
    this._quiet = quiet;
    this._announce = announce;
    /** @type {CallState | null} */
    this._call = null;
    /** @type {Element | null} */
    this._focusBefore = null;
    this._taken = false; // answered on this page, which then speaks
    byId("call-answer").addEventListener("click", () => this._answer());
    byId("call-again").addEventListener("click", () => this._speak());
    byId("call-hangup").addEventListener("click", () => {
      this._quiet();
      this.show(null);
      this._post("/call/hangup");
    });
    document.addEventListener("keydown", (event) => this._key(event));
    addEventListener("pagehide", () => globalThis.speechSynthesis?.cancel());
  }

  /** @param {CallState | null} call */
  show(call) {
    const before = this._call;
    if (call?.at !== before?.at) this._begin(call);
    this._call = call;
    if (call?.answered && !(before?.answered && before.at === call.at)) this._read(call);
  }

  /** @param {CallState | null} call */
  _begin(call) {
    if (!this._call) this._focusBefore = document.activeElement;
    const focusWasHere = byId("call").contains(document.activeElement);
    this._taken = false;
    globalThis.speechSynthesis?.cancel();
    byId("call").hidden = !call;
    byId("call").classList.remove("answered");
    byId("call-answer").removeAttribute("aria-disabled");
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
    return this.isUp() && !this._taken && !this._call?.answered;
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

  async _answer() {
    if (!this._call || this._taken) return;
    this._taken = true;
    this._quiet();
    this._say(""); // some browsers speak only if they did so at the tap
    byId("call-answer").setAttribute("aria-disabled", "true");
    const problem = await this._post("/call/answer");
    if (!problem) return;
    this._taken = false;
    byId("call-answer").removeAttribute("aria-disabled");
    byId("call-text").textContent = problem;
    this._announce(problem);
  }

  // The next frame has what the voice says.
  /** @param {CallState} call */
  _read({ text = "", code = "" }) {
    this._quiet();
    byId("call").classList.add("answered");
    byId("call-title").textContent = appName();
    byId("call-text").textContent = text;
    byId("call-code").textContent = code;
    byId("call-code").hidden = byId("call-again").hidden = false;
    byId("call-answer").hidden = true;
    byId("call-again").focus();
    if (this._taken) this._speak();
  }

  _speak() {
    this._say(this._call?.text ?? "");
  }

  /** @param {string} text */
  _say(text) {
    const voice = globalThis.speechSynthesis;
    if (!voice) return;
    voice.cancel();
    const words = new SpeechSynthesisUtterance(text);
    words.rate = 0.9;
    voice.speak(words);
  }
}

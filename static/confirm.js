// The confirmation of an approved request. Sending the form is all that a page
// does; the server decides. The form may be sent again until its reply is here:
// a repeat by the browser that began it changes nothing.
//
// fetch does not show where a redirect leads. So after every answer the state is
// read, and only a browser that is signed in goes on.

import { ask, backOff, isAnswer, isTimeout, once, pause, reachable } from "./listen.js";

const TIMEOUT = 10000;
const NO_REPLY = 0;
const REFUSED = -1; // by the browser: nothing was sent although the server is there

/**
 * What the page does for its confirmation.
 *
 * @typedef {object} Page
 * @property {() => Promise<number>} check reads the state and shows it
 * @property {() => string} state the name of what is shown
 * @property {(message: "not-yet" | "no-answer" | "stuck" | "confirm-offline") => void} say
 * @property {string} selfUrl shows the sign-in as it is stored
 * @property {string} doneUrl for browsers that are signed in
 */

export class Confirmation {
  /**
   * @param {HTMLFormElement} form
   * @param {Page} page
   */
  constructor(form, page) {
    this._form = form;
    this._page = page;
    this.sending = false;
    // The answer under way brings the cookie of the new session: who leaves the
    // page for an event that is faster loses it.
    this.posting = false;
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    try {
      await this._sendUntilAnswered();
    } finally {
      this.sending = false;
    }
  }

  // It waits for a lost network or a restarting server, once the phone has said yes.
  async _sendUntilAnswered() {
    for (let tries = 0; ; tries++) {
      const asked = this._page.state();
      const code = await this._post();
      if (code === REFUSED) return this._submit();
      if (isAnswer(code) && await this._settle(code, asked)) return;
      const now = this._page.state();
      if (now !== asked && now !== "approved") return;
      if (now !== asked) continue; // approved while the form was on its way
      if (now !== "approved") return this._page.say("no-answer"); // the page hears the answer when it is back
      this._page.say("confirm-offline");
      await Promise.race([pause(backOff(tries)), once(window, "online")]);
    }
  }

  /**
   * _settle reads the state after an answer, for another tab may have been
   * faster. It reports whether that is the end of it.
   *
   * @param {number} code
   * @param {string} asked what was shown when the form was sent
   */
  async _settle(code, asked) {
    const known = await this._page.check();
    const now = this._page.state();
    if (known === 401) return true;
    if (now !== asked) return now !== "approved";
    if (code === 409) this._page.say(asked === "pending" ? "not-yet" : "stuck");
    else if (isAnswer(known)) this._startOver();
    else if (known === NO_REPLY && code < 400 && await reachable()) location.replace(this._page.doneUrl);
    else return false;
    return true;
  }

  /**
   * _startOver loads the sign-in again: another tab may have begun one of its
   * own, and then the form here belongs to the one before. Once only; after
   * that the browser sends the form itself and shows what the server says.
   */
  _startOver() {
    if (location.hash === "#again") this._submit();
    else location.replace(`${this._page.selfUrl}?${Date.now()}#again`);
  }

  _submit() {
    this.posting = true;
    this._form.submit();
  }

  /**
   * _post resolves to the status code of the answer, 303 for any redirect;
   * NO_REPLY or REFUSED without one.
   */
  async _post() {
    const body = new URLSearchParams(/** @type {any} */ (new FormData(this._form)));
    body.append("unpressed", "1"); // or the time from the tap to the browser would be that of a person
    this.posting = true;
    try {
      const reply = await ask(this._form.action, { method: "POST", body, redirect: "manual" }, TIMEOUT);
      return reply.type === "opaqueredirect" ? 303 : reply.status;
    } catch (error) {
      return !isTimeout(error) && await reachable() ? REFUSED : NO_REPLY;
    } finally {
      this.posting = false;
    }
  }
}

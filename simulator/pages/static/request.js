// The requests of a phone: those that wait, as cards; those that are
// answered, for a moment as cards that say so and then as lines of a list.

import { clockTime, timeLeft, withTimeHere } from "./time.js";
import { say } from "./words.js";

/**
 * @typedef {object} Request
 * @property {string} uuid
 * @property {string} message
 * @property {{label: string, value: string}[]} details_list
 * @property {string} logo
 * @property {string} status
 * @property {string} created_at
 * @property {string | null} expires_at
 * @property {string} [why] of a withdrawn one
 * @property {string} [delivery] of an answer
 */

/** @typedef {{card: HTMLElement, request: Request, since: number, doneAt: number}} Entry */

const ANSWERED_STAYS = 9000; // how long an answered card stays
const SETTLES = 700; // for how long a new card takes no tap: it was meant for what stood there
/** @type {Map<string, Entry>} */
const cards = new Map();

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const one = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const all = (within, selector) => /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);

/** @param {string} id */
function clone(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  return /** @type {HTMLElement} */ (copy.firstElementChild);
}

// Whose sentences there are, by status and, of a withdrawn one, by reason. What became
// of an answer in the browser, no phone knows: it says how far the answer has come.
const ends = ["expired", "cancelled", "replaced", "elsewhere", "withdrawn"];

/**
 * @param {Request} request
 * @returns {[title: string, sentence: string]}
 */
function outcomeOf({ status, why = "", delivery = "" }) {
  if (status === "approved" || status === "denied") return [say(`request.${status}`), delivery && say(`request.${delivery}`)];
  const end = [why, status].find((word) => ends.includes(word));
  return end ? [say(`request.${end}`), say(`request.${end}_text`)] : [status, ""];
}

/** Requests keeps #pending and #history as the state says. */
export class Requests {
  /**
   * @param {(path: string) => Promise<string>} post sends an answer and
   * resolves to a sentence that says what went wrong, "" if nothing did
   * @param {(text: string) => void} announce
   * @param {string} wanted the request that the page was opened for, "" without one
   */
  constructor(post, announce, wanted) {
    this._wanted = wanted;
    this._post = post;
    this._announce = announce;
    this._first = true;
    /** @type {Request[]} */
    this._requests = [];
    /** @type {string | undefined} */
    this._listed = undefined; // what #history shows
  }

  /**
   * show returns how many wait, and the card that is new, if any. Without the app
   * there is nothing to tap.
   *
   * @param {Request[]} requests newest first
   * @param {boolean} app whether the app is installed
   */
  show(requests, app) {
    const fresh = this._addAndUpdate([...requests].reverse());
    const known = new Set(requests.map((r) => r.uuid));
    for (const uuid of cards.keys()) if (!known.has(uuid)) this._remove(uuid);
    if (fresh) {
      // A new question takes the place of older answers.
      if (!this._first) for (const [uuid, { doneAt }] of cards) if (doneAt) this._remove(uuid);
      this._announce(say("request.new", { message: fresh.message }));
    }
    for (const { card, doneAt } of cards.values()) {
      const answer = one(card, ".answer");
      const hadFocus = answer.contains(document.activeElement);
      answer.hidden = !app || Boolean(doneAt);
      if (hadFocus && answer.hidden) card.focus();
      one(card, ".no-app").hidden = app || Boolean(doneAt);
    }
    this._list(requests);
    if (this._first) cards.get(this._wanted)?.card.focus();
    this._first = false;
    return { waiting: requests.filter((r) => r.status === "pending").length, fresh, card: fresh && cards.get(fresh.uuid)?.card };
  }

  /** answered says whether a card still shows an answer. */
  answered() {
    return [...cards.values()].some(({ doneAt }) => doneAt > 0);
  }

  // tick moves the countdowns, and answered cards to the list.
  tick() {
    for (const [uuid, entry] of cards) {
      if (entry.doneAt && performance.now() - entry.doneAt > ANSWERED_STAYS) this._remove(uuid);
      else if (!entry.doneAt && isLate(entry.request)) this._update(entry, { ...entry.request, status: "expired" });
      else if (!entry.doneAt) countdown(entry);
    }
    this._list(this._requests);
  }

  /**
   * @param {Request[]} requests oldest first
   * @returns {Request | null} the newest that had no card yet
   */
  _addAndUpdate(requests) {
    let fresh = null;
    for (const request of requests) {
      const entry = cards.get(request.uuid);
      if (entry) this._update(entry, request);
      else if (request.status === "pending") {
        this._add(request);
        fresh = request;
      } else if (this._first && request.uuid === this._wanted) {
        this._add({ ...request, status: "pending" });
        this._update(/** @type {Entry} */ (cards.get(request.uuid)), request);
      }
    }
    return fresh;
  }

  /** @param {Request} request */
  _add(request) {
    const card = clone("request-card");
    one(card, ".ask").textContent = request.message;
    showLogo(card, request);
    showDetails(card, request);
    for (const button of all(card, "[data-answer]")) {
      button.addEventListener("click", () => this._answer(request.uuid, button.dataset.answer ?? ""));
    }
    if (this._first) card.classList.add("still");
    const entry = { card, request, since: this._first ? -SETTLES : performance.now(), doneAt: 0 };
    cards.set(request.uuid, entry);
    byId("pending").prepend(card);
    countdown(entry);
  }

  /**
   * @param {Entry} entry
   * @param {Request} request
   */
  _update(entry, request) {
    const was = entry.request.status;
    entry.request = request;
    if (request.status === "pending") return;
    const { card } = entry;
    const [title, sentence] = outcomeOf(request);
    one(card, ".done-text").textContent = title;
    one(card, ".done-sub").textContent = sentence;
    if (was !== "pending") return;
    entry.doneAt = performance.now();
    const hadFocus = card.contains(document.activeElement);
    card.dataset.status = request.status;
    one(card, ".done").hidden = false;
    for (const part of all(card, ".compare, .details, .left, .answer, .trouble")) part.hidden = true;
    if (hadFocus) card.focus();
    this._announce(`${title}: ${request.message} ${request.status === "withdrawn" ? sentence : ""}`.trim());
  }

  // What had the focus is gone with the card; then the list has it, never nothing.
  /** @param {string} uuid */
  _remove(uuid) {
    const card = cards.get(uuid)?.card;
    const hadFocus = card?.contains(document.activeElement);
    card?.remove();
    cards.delete(uuid);
    if (hadFocus) byId("panel-requests").focus({ preventScroll: true });
  }

  /**
   * @param {string} uuid
   * @param {string} answer
   */
  async _answer(uuid, answer) {
    const entry = cards.get(uuid);
    if (!entry || performance.now() - entry.since < SETTLES) return;
    const { card } = entry;
    const buttons = all(card, "[data-answer]");
    if (buttons.some((button) => button.getAttribute("aria-disabled"))) return;
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    const problem = await this._post(`/requests/${encodeURIComponent(uuid)}/${answer}`);
    for (const button of buttons) button.removeAttribute("aria-disabled");
    const trouble = one(card, ".trouble");
    trouble.textContent = problem;
    trouble.hidden = !problem || Boolean(entry.doneAt);
  }

  /** @param {Request[]} requests */
  _list(requests) {
    this._requests = requests;
    const old = requests.filter((r) => r.status !== "pending" && !cards.has(r.uuid));
    const key = old.map((r) => r.uuid + r.status).join();
    byId("calm").hidden = cards.size > 0;
    if (key === this._listed) return;
    this._listed = key;
    byId("history-part").hidden = old.length === 0;
    byId("history").replaceChildren(...old.map(historyLine));
  }
}

/** @param {Request} request */
function historyLine(request) {
  const line = clone("history-line");
  one(line, ".history-what").textContent = request.message;
  const when = /** @type {HTMLTimeElement} */ (one(line, ".history-when"));
  when.textContent = clockTime(request.created_at, true);
  when.dateTime = request.created_at;
  const chip = one(line, ".chip");
  chip.textContent = outcomeOf(request)[0];
  chip.dataset.status = request.status;
  return line;
}

/**
 * @param {HTMLElement} card
 * @param {Request} request
 */
function showLogo(card, request) {
  const img = /** @type {HTMLImageElement} */ (one(card, "img.logo"));
  const letter = one(card, ".letter");
  letter.textContent = (document.body.dataset.appName ?? "").slice(0, 1);
  const away = document.body.classList.contains("alone"); // in a room, where nobody finds the application
  if (away || !/^https?:/.test(request.logo)) return;
  img.addEventListener("load", () => {
    img.hidden = false;
    letter.hidden = true;
  });
  img.src = request.logo;
}

/**
 * The number to compare is shown large: the detail called "Number", or one of two
 * digits that comes first, as in requests of other languages.
 *
 * @param {HTMLElement} card
 * @param {Request} request
 */
function showDetails(card, request) {
  const [first] = request.details_list;
  const number = request.details_list.find((d) => d.label === "Number") ?? (/^\d\d$/.test(first?.value) ? first : undefined);
  one(card, ".compare").hidden = !number;
  one(card, ".compare-number").textContent = number ? number.value : "";
  const rest = request.details_list.filter((d) => d !== number);
  one(card, ".details").replaceChildren(...rest.map(({ label, value }) => {
    const line = clone("detail-line");
    one(line, "dt").textContent = label;
    one(line, "bdi").textContent = withTimeHere(value, request.created_at);
    return line;
  }));
}

// A phone without a connection sees by its own clock that it is too late.
/** @param {Request} request */
const isLate = ({ expires_at: end }) => end !== null && timeLeft(end) === 0;

/** @param {Entry} entry */
function countdown({ card, request }) {
  const line = one(card, ".left");
  line.hidden = !request.expires_at;
  if (!request.expires_at) return;
  const left = timeLeft(request.expires_at);
  const seconds = Math.ceil(left / 1000);
  const bar = /** @type {HTMLProgressElement} */ (one(line, "progress"));
  bar.max = Date.parse(request.expires_at) - Date.parse(request.created_at);
  bar.value = left;
  one(line, ".left-text").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  line.classList.toggle("soon", seconds <= 20);
}

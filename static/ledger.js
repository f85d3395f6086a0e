// The ledger of transfers, live. Every event only makes it read the stored
// state; a transfer that is approved is sent by its own form, with what the
// phone has shown, and the server decides.
//
// A page that is seen listens also while nothing waits: another tab or another
// browser may ask for a transfer. Of one that this page does not show, it has
// neither the words nor the form, so it loads itself again.

import { focusOn } from "./form.js";
import { ask, backOff, isTimeout, reachable, socketURL } from "./listen.js";
import { writeUntil } from "./times.js";

const RECHECK_INTERVAL = 5000; // while a transfer waits and no event comes
const REST_INTERVAL = 25000; // while none does
const REPLY_TIMEOUT = 5000;
const RELEASE_AFTER = 15000; // without an answer a form may be sent again, or the page loaded
const OPEN = 1; // of a WebSocket
const SOCKET_TRIES = 3; // breaks in a row before a page on which nothing waits lets it rest
const REFUSALS = 3; // questions in a row that did not get out before the page is loaded again

const ledger = document.getElementById("transfers");
const { eventsUrl = "", statusUrl = "", pageUrl = "" } = ledger?.dataset ?? {};
const lines = /** @type {HTMLElement[]} */ ([...(ledger?.querySelectorAll("[data-transfer]") ?? [])]);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
/** @type {WebSocket | null} */
let socket = null;
let breaks = 0;
let refusals = 0;
let newest = 0; // revision of the newest state
let isStale = false; // there is a transfer that this page does not show

const waiting = () => lines.some((line) => line.dataset.status === "awaiting");
const isSeen = () => document.visibilityState === "visible";
const isWanted = () => waiting() || isSeen(); // what the server has to say

/** @param {HTMLElement} line */
const formOf = (line) => /** @type {HTMLFormElement | null} */ (line.querySelector("[data-execute]"));

/**
 * @param {HTMLElement} line
 * @param {string} status
 * @param {string} reason what is to be known of a transfer that waits
 * @param {string} [retryAt] when the phone may be asked again
 */
function show(line, status, reason, retryAt) {
  note(line, reason);
  const until = /** @type {HTMLElement | null} */ (line.querySelector("[data-until]"));
  if (until) writeUntil(until, retryAt);
  if (line.dataset.status === status) return;
  line.dataset.status = status;
  let words = status;
  for (const text of /** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("[data-state]"))) {
    text.hidden = text.dataset.state !== status;
    if (!text.hidden) words = text.textContent;
  }
  if (until && retryAt) words += `. ${until.textContent}`;
  const number = /** @type {HTMLElement | null} */ (line.querySelector("[data-number]"));
  if (number) number.hidden = status !== "awaiting";
  if (document.activeElement?.closest("[hidden]")) focusOn(line);
  announce(`${line.querySelector(".entry-what")?.textContent}: ${words}`);
  if (status === "approved") execute(line);
  else if (status !== "awaiting") takeForm(line);
}

/**
 * takeForm leaves the focus on the line.
 *
 * @param {HTMLElement} line
 */
function takeForm(line) {
  const form = formOf(line);
  if (form?.contains(document.activeElement)) focusOn(line);
  form?.remove();
}

/**
 * @param {HTMLElement} line
 * @param {string} reason
 */
function note(line, reason) {
  const text = /** @type {HTMLElement | null} */ (line.querySelector("[data-reason]"));
  if (!text || text.hidden === (text.dataset.reason !== reason)) return;
  text.hidden = !text.hidden;
  if (!text.hidden) announce(`${line.querySelector(".entry-what")?.textContent}: ${text.textContent}`);
}

/** @param {string} text */
function announce(text) {
  /** @type {HTMLElement} */ (document.getElementById("ledger-live")).textContent = text;
}

// ---- sending what is approved ----

let sending = false; // a form is on its way; a second one would cut off its answer

function holdOthers() {
  sending = true;
  setTimeout(() => (sending = false), RELEASE_AFTER);
}

/** @param {HTMLElement} line */
function execute(line) {
  const form = formOf(line);
  if (!form || sending) return;
  holdOthers();
  leave(); // what became of it is for the next page to show: a press on this one would be lost
  form.submit();
}

let isLeaving = false; // some form of the page is on its way, or the page itself is being loaded

function leave() {
  isLeaving = true;
  setTimeout(() => (isLeaving = false), RELEASE_AFTER);
}

for (const line of lines) {
  formOf(line)?.addEventListener("submit", (event) => {
    if (sending) event.preventDefault();
    else holdOthers();
  });
}

// ---- the stored state ----

async function read() {
  // The next page says how things stand; a session that it ends is no news.
  if (isLeaving) return rest();
  clearTimeout(timer);
  let reply, state;
  try {
    reply = await ask(statusUrl, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
    if (reply.ok) state = await reply.json();
    refusals = 0;
  } catch (error) {
    if (isTimeout(error)) refusals = 0;
    else if (++refusals >= REFUSALS && waiting() && await reachable() && !isInUse()) openAgain();
  }
  if (reply?.status === 401) openAgain();
  if (state) showAll(state);
  if (isStale && !isInUse()) openAgain();
  rest();
}

// rest is what happens until the next event. A page that nobody sees, and on
// which nothing waits, hears and asks nothing.
function rest() {
  clearTimeout(timer);
  if (isWanted()) timer = setTimeout(read, waiting() || isStale || isLeaving ? RECHECK_INTERVAL : REST_INTERVAL);
  else closeSocket();
}

// Not a reload: this page may be the answer to a form, which a reload sends
// again. Nor twice: the second time would begin anew.
function openAgain() {
  if (isLeaving) return;
  leave();
  location.replace(pageUrl);
}

// isInUse says that loading the page again would lose something: what is being
// typed, the answer to a form.
function isInUse() {
  const fields = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll("input:not([type=hidden])")]);
  return sending || isLeaving || /^(INPUT|SELECT)$/.test(document.activeElement?.tagName ?? "") ||
    fields.some(isFilled);
}

// Browsers fill in passwords of forms that nobody has opened.
/** @param {HTMLInputElement} field */
const isFilled = (field) => field.value !== "" && !field.closest("details:not([open])");

/**
 * An answer that was overtaken by a newer one is dropped.
 *
 * @param {{revision?: number, transfers: {id: string, status: string, reason?: string, retry_at?: string}[]}} state
 */
function showAll({ revision = 0, transfers }) {
  if (revision < newest) return;
  newest = revision;
  isStale = false;
  for (const { id, status, reason = "", retry_at: retryAt } of transfers) {
    const line = lines.find((one) => one.dataset.transfer === id);
    if (line) show(line, status, reason, retryAt);
    else isStale = true;
  }
}

// A socket that is still opening is closed once it is open: browsers report
// an interrupted handshake as an error.
function closeSocket() {
  if (socket?.readyState === OPEN) socket.close();
}

function listen() {
  clearTimeout(retry);
  if (!eventsUrl || socket || !isWanted()) return;
  try {
    socket = new WebSocket(socketURL(eventsUrl));
  } catch {
    return; // the browser lacks or refuses sockets; the state is read all the same
  }
  socket.onopen = () => isWanted() || closeSocket();
  socket.onmessage = () => {
    breaks = 0;
    read();
  };
  socket.onclose = () => {
    socket = null;
    retry = setTimeout(listen, breaks < SOCKET_TRIES || waiting() ? backOff(breaks++) : REST_INTERVAL);
  };
}

// wake is for a page that may have missed something.
function wake() {
  if (!isWanted()) return rest();
  breaks = 0;
  listen();
  read();
}

// After a form of the ledger its newest line is read, once the browser itself has gone to
// the section, which it does before it paints. The section takes no focus: that alone
// would give the keys to a frame.
addEventListener("load", () => window.requestAnimationFrame(() => setTimeout(() => {
  if (location.hash === "#transfers" && document.activeElement === document.body) focusOn(lines[0]);
})));

function begin() {
  const approved = lines.find((line) => line.dataset.status === "approved" && formOf(line));
  if (approved) execute(approved);
  else if (waiting()) wake();
  else {
    listen(); // the first event is how things stand
    rest();
  }
  document.addEventListener("submit", (event) => event.defaultPrevented || leave());
  document.addEventListener("visibilitychange", () => isSeen() ? wake() : rest());
  addEventListener("online", wake);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sending = isLeaving = false;
    wake();
  });
}

if (statusUrl) begin();

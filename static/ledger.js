// The ledger of transfers, live. Every event only makes it read the stored
// state; a transfer that is approved is sent by its own form, with what the
// phone has shown, and the server decides.

import "./form.js";
import { ask, backOff, isTimeout, reachable, socketURL } from "./listen.js";

const RECHECK_INTERVAL = 5000; // while a transfer waits and no event comes
const REPLY_TIMEOUT = 5000;
const RELEASE_AFTER = 15000; // without an answer a form may be sent again
const OPEN = 1; // of a WebSocket
const REFUSALS = 3; // questions in a row that did not get out before the page is loaded again

const ledger = document.getElementById("transfers");
const { eventsUrl = "", statusUrl = "", pageUrl = "" } = ledger?.dataset ?? {};
const lines = /** @type {HTMLElement[]} */ ([...(ledger?.querySelectorAll("[data-transfer]") ?? [])]);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {WebSocket | null} */
let socket = null;
let breaks = 0;
let refusals = 0;
let newest = 0; // revision of the newest state

const waiting = () => lines.some((line) => line.dataset.status === "awaiting");

/** @param {HTMLElement} line */
const formOf = (line) => /** @type {HTMLFormElement | null} */ (line.querySelector("[data-execute]"));

/**
 * @param {HTMLElement} line
 * @param {string} status
 * @param {string} reason what is to be known of a transfer that waits
 */
function show(line, status, reason) {
  note(line, reason);
  if (line.dataset.status === status) return;
  line.dataset.status = status;
  let words = status;
  for (const text of /** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("[data-state]"))) {
    text.hidden = text.dataset.state !== status;
    if (!text.hidden) words = text.textContent;
  }
  announce(`${line.querySelector(".entry-what")?.textContent}: ${words}`);
  if (status === "approved") execute(line);
  else if (status !== "awaiting") formOf(line)?.remove();
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
  form.submit();
}

for (const line of lines) {
  formOf(line)?.addEventListener("submit", (event) => {
    if (sending) event.preventDefault();
    else holdOthers();
  });
}

// ---- the stored state ----

async function read() {
  clearTimeout(timer);
  let reply, state;
  try {
    reply = await ask(statusUrl, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
    if (reply.ok) state = await reply.json();
    refusals = 0;
  } catch (error) {
    if (isTimeout(error)) refusals = 0;
    else if (++refusals >= REFUSALS && await reachable() && !isTyping()) openAgain();
  }
  if (reply?.status === 401) openAgain();
  if (state) showAll(state);
  if (waiting()) timer = setTimeout(read, RECHECK_INTERVAL);
  else closeSocket();
}

// Not a reload: this page may be the answer to a form, which a reload sends
// again.
function openAgain() {
  location.replace(pageUrl);
}

// What is being typed would be lost by loading the page again.
function isTyping() {
  return /^(INPUT|SELECT)$/.test(document.activeElement?.tagName ?? "");
}

/**
 * An answer that was overtaken by a newer one is dropped.
 *
 * @param {{revision?: number, transfers: {id: string, status: string, reason?: string}[]}} state
 */
function showAll({ revision = 0, transfers }) {
  if (revision < newest) return;
  newest = revision;
  for (const { id, status, reason = "" } of transfers) {
    const line = lines.find((one) => one.dataset.transfer === id);
    if (line) show(line, status, reason);
  }
}

// A socket that is still opening is closed once it is open: browsers report
// an interrupted handshake as an error.
function closeSocket() {
  if (socket?.readyState === OPEN) socket.close();
}

function listen() {
  if (!eventsUrl || !waiting()) return;
  try {
    socket = new WebSocket(socketURL(eventsUrl));
  } catch {
    return; // the browser lacks or refuses sockets; the state is read all the same
  }
  socket.onopen = () => waiting() || closeSocket();
  socket.onmessage = () => {
    breaks = 0;
    read();
  };
  socket.onclose = () => setTimeout(listen, backOff(breaks++));
}

function begin() {
  const approved = lines.find((line) => line.dataset.status === "approved" && formOf(line));
  if (approved) execute(approved);
  else if (waiting()) {
    listen();
    read();
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && waiting() && read());
  addEventListener("online", () => waiting() && read());
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    sending = false;
    if (waiting()) read();
  });
}

if (statusUrl) begin();

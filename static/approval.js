// The waiting page. Its states are the names in data-state of approval.html:
//
//   pending  → listens, counts down, offers help after a while
//   approved → sends #confirm-form by itself; the server decides
//   signed_in → goes where the other tab went
//   denied, expired, cancelled-…, signed_out-… → says so, and stays
//
// An end is left again only if the server says "pending", which happens when
// the request was sent again from another tab.

import { Listener, abortAfter, backOff } from "./listen.js";
import { Countdown } from "./countdown.js";

const HELP_AFTER = 15000;
const RUNNING_OUT = 20; // seconds left when the ring changes its colour
const CONFIRM_TIMEOUT = 10000;
const ACCEPTED = 302; // the server answers a good form by a redirect
const MAX_HIDDEN = 60000; // a page hidden for longer cannot trust its connection

/** @typedef {import("./listen.js").State} State */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const all = (within, selector) => /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);

const page = byId("approval");
const { doneUrl = "", loginUrl = "", selfUrl = "", statusUrl = "", streamUrl = "", eventsUrl = "" } = page.dataset;
const appName = document.title.slice(document.title.lastIndexOf("·"));

let current = page.dataset.now ?? "";
let request = page.dataset.expiresAt; // the deadline tells one request from the next
let confirming = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let helpTimer;

// ---- what the page shows ----

/**
 * @param {HTMLElement} element
 * @param {string} state
 */
function matches(element, state) {
  return (element.dataset.state ?? "").split(" ").some((name) =>
    name.endsWith("*") ? state.startsWith(name.slice(0, -1)) : name === state);
}

/**
 * nameOf finds the most exact state that this page has words for.
 *
 * @param {State} state
 */
function nameOf({ status, reason }) {
  const exact = reason ? `${status}-${reason}` : status;
  const known = all(page, "h1 [data-state]").some((e) => e.dataset.state === exact);
  return known ? exact : status;
}

/** @param {string} state */
function show(state) {
  const hadFocus = page.contains(document.activeElement);
  for (const element of all(page, "[data-state]")) {
    element.hidden = !matches(element, state) || element.hasAttribute("data-help");
  }
  for (const element of all(page, "[data-message]")) element.hidden = true;
  const heading = byId("state-heading").innerText.trim();
  const sentence = all(page, "[data-sentence]").find((e) => e.offsetParent !== null);
  document.title = `${heading} ${appName}`;
  byId("state-live").textContent = `${heading}. ${sentence ? sentence.innerText : ""}`;
  // What had the focus may just have been hidden.
  if (hadFocus && document.activeElement === document.body) byId("state-heading").focus();
  page.dataset.now = current = state;
  offerHelp();
}

function offerHelp() {
  clearTimeout(helpTimer);
  if (current !== "pending") return;
  helpTimer = setTimeout(() => {
    for (const help of all(page, "[data-help]")) help.hidden = current !== "pending";
  }, HELP_AFTER);
}

/** @param {string} name */
function message(name, shown = true) {
  for (const element of all(page, `[data-message="${name}"]`)) element.hidden = !shown;
}

/** @param {string} transport */
function showTransport(transport) {
  byId("badge").dataset.way = transport;
  for (const text of all(byId("badge"), ".way")) text.hidden = text.dataset.way !== transport;
}

/** @param {string} number */
function showNumber(number) {
  byId("number").textContent = number;
  byId("number-again").textContent = number;
}

const countdown = new Countdown((seconds) => {
  const total = Number(page.dataset.ttl) || seconds;
  byId("countdown").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  byId("ring-bar").setAttribute("stroke-dasharray", `${Math.min(seconds, total)} ${total}`);
  byId("ring").classList.toggle("soon", seconds <= RUNNING_OUT);
  // Only the server ends a sign-in, so at zero the page asks it.
  if (seconds === 0 && current === "pending") listener.check();
});

// ---- what the server says ----

/** @param {State} state */
function apply(state) {
  if (state.status === "pending") return wait(state);
  const name = nameOf(state);
  if (name === current && current !== "approved") return;
  stopWaiting();
  show(name);
  if (state.status === "approved") confirm();
  if (state.status === "signed_in") location.replace(doneUrl);
}

/**
 * wait goes on waiting, perhaps for a new request with another number.
 *
 * @param {State} state
 */
function wait({ number, reason, expires_at: expiresAt, server_time: serverTime = "" }) {
  const another = expiresAt && expiresAt !== request;
  if (another) {
    request = expiresAt;
    page.dataset.ttl = String(Math.round((Date.parse(expiresAt) - Date.parse(serverTime)) / 1000));
  }
  if (number) showNumber(number);
  byId("unconfirmed").hidden = reason !== "unconfirmed";
  if (expiresAt) countdown.set(expiresAt, serverTime);
  if (current !== "pending" || another) show("pending");
  listener.start();
}

function stopWaiting() {
  listener.stop();
  countdown.stop();
}

/** @param {string} path */
const absolute = (path) => new URL(path, location.href);

/** @param {string} path */
function socketURL(path) {
  const url = absolute(path);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

const listener = new Listener(
  { events: socketURL(eventsUrl), stream: absolute(streamUrl).href, status: absolute(statusUrl).href },
  { state: apply, transport: showTransport, gone: () => location.replace(loginUrl) },
);

// ---- the confirmation ----

async function confirm() {
  if (confirming) return;
  confirming = true;
  try {
    await sendUntilAnswered(/** @type {HTMLFormElement} */ (byId("confirm-form")));
  } finally {
    confirming = false;
  }
}

/**
 * sendUntilAnswered sends the form and, once it is accepted, goes to the page
 * behind it. It waits for a lost network or a restarting server. A refusal
 * may mean that another tab was faster, so the state is read.
 *
 * @param {HTMLFormElement} form
 */
async function sendUntilAnswered(form) {
  for (let tries = 0; ; tries++) {
    const code = await send(form);
    if (code === ACCEPTED) return location.replace(doneUrl);
    const asked = current;
    if (code === 409) {
      await listener.check();
      if (current === asked) message(current === "pending" ? "not-yet" : "stuck");
      return;
    }
    if (code !== 0 && code !== 429 && code < 500) {
      const known = await listener.check();
      if (known === 401 || current !== asked) return;
      if (known === 200) return startOver(form);
    }
    if (current === "approved") message("confirm-offline");
    await Promise.race([pause(backOff(tries)), once(window, "online")]);
  }
}

/**
 * startOver loads the page again: another tab may have begun a sign-in of its
 * own, and then the form here belongs to the one before. Once only; if the
 * form is refused again, the server's own page says why.
 *
 * @param {HTMLFormElement} form
 */
function startOver(form) {
  if (location.hash === "#again") form.submit();
  else location.replace(`${selfUrl}?${Date.now()}#again`);
}

/**
 * send resolves to ACCEPTED, or to the status code of a refusal, 0 without a
 * network.
 *
 * @param {HTMLFormElement} form
 */
async function send(form) {
  try {
    const reply = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(/** @type {any} */ (new FormData(form))),
      redirect: "manual",
      signal: abortAfter(CONFIRM_TIMEOUT),
    });
    return reply.type === "opaqueredirect" ? ACCEPTED : reply.status;
  } catch {
    return 0;
  }
}

/** @param {number} ms */
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * @param {EventTarget} target
 * @param {string} event
 */
const once = (target, event) => new Promise((done) => target.addEventListener(event, done, { once: true }));

byId("confirm-form").addEventListener("submit", (event) => {
  event.preventDefault();
  message("not-yet", false);
  confirm();
});

// ---- waking up ----

let hiddenSince = 0;

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    hiddenSince = Date.now();
    return;
  }
  listener.wake(Date.now() - hiddenSince > MAX_HIDDEN);
});
addEventListener("online", () => listener.wake(true));
addEventListener("offline", () => current === "pending" && showTransport("lost"));
addEventListener("pagehide", () => listener.stop());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (current === "pending") listener.start();
  listener.wake(true);
});

// ---- begin ----

if (current === "pending") {
  countdown.set(page.dataset.expiresAt ?? "", page.dataset.serverNow ?? "");
  listener.start();
  offerHelp();
} else if (current === "approved") {
  confirm();
}

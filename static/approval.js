// The waiting page. Its states are the names in data-state of approval.html:
//
//   pending  → listens, counts down, offers help after a while
//   approved → sends #confirm-form by itself; the server decides
//   signed_in → goes where the other tab went
//   denied, expired, cancelled-…, signed_out-… → says so, and stays
//
// An end is left again only if the server says "pending", which happens when
// the request was sent again from another tab. Where this script cannot do its
// work, the page without scripts takes over (boot.js).

import { notify, showIcon } from "./background.js";
import { Confirmation } from "./confirm.js";
import { Countdown } from "./countdown.js";
import { focusOn } from "./form.js";
import { Listener, mark, since } from "./listen.js";
import { writeUntil } from "./times.js";

const HELP_AFTER = 15000;
const RUNNING_OUT = 20; // seconds left when the ring changes its colour
const MAX_HIDDEN = 60000; // a page hidden for longer cannot trust its connection
const LOST_FOR = 10000; // without a connection, before the page without scripts is offered

/** @typedef {import("./listen.js").State} State */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const all = (within, selector) => /** @type {HTMLElement[]} */ ([...within.querySelectorAll(selector)]);

const page = byId("approval");
const { doneUrl = "", loginUrl = "", selfUrl = "", plainUrl = "", statusUrl = "", streamUrl = "", eventsUrl = "" } = page.dataset;
const appName = document.title.slice(document.title.lastIndexOf("·"));

let current = page.dataset.now ?? "";
let request = page.dataset.expiresAt; // the deadline tells one request from the next
let isLost = false; // the connection, as was said
let isSoon = false; // the end of the time, as was said
/** @type {ReturnType<typeof setTimeout> | undefined} */
let helpTimer;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let lostTimer;

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
  const focused = document.activeElement;
  for (const element of all(page, "[data-state]")) {
    element.hidden = !matches(element, state) || element.hasAttribute("data-help");
  }
  for (const element of all(page, "[data-message]")) element.hidden = true;
  // What was said of a request ends with it; its place stays, so that nothing moves.
  document.querySelector("main > .notice")?.classList.add("past");
  const heading = byId("state-heading").innerText.trim();
  const sentence = all(page, "[data-sentence]").find((e) => e.offsetParent !== null);
  document.title = `${heading} ${appName}`;
  page.dataset.now = current = state;
  tell(heading, sentence ? sentence.innerText.trim() : "", focused);
  offerHelp();
}

/**
 * tell says what is shown now, to whoever does not see it.
 *
 * @param {string} heading
 * @param {string} sentence
 * @param {Element | null} focused what had the focus before
 */
function tell(heading, sentence, focused) {
  // Where nothing had it, a ring around the heading would tell nobody anything.
  const isRead = focused?.closest("[hidden]") && focusOn(byId("state-heading"));
  say(isRead ? sentence : `${heading}. ${sentence}`);
  showIcon(outcome());
  if (current !== "pending") notify(heading, sentence);
}

const outcome = () => current === "pending" ? "wait" : /^(approved|signed_in)$/.test(current) ? "yes" : "no";

/** @param {string} text */
function say(text) {
  byId("state-live").textContent = text;
}

function offerHelp() {
  clearTimeout(helpTimer);
  delete page.dataset.helped;
  if (current !== "pending") return;
  helpTimer = setTimeout(() => {
    if (current !== "pending") return;
    for (const help of all(page, "[data-help]")) help.hidden = false;
    page.dataset.helped = "";
    say(byId("help-heading").innerText);
  }, HELP_AFTER);
}

/** @param {string} name */
function message(name, shown = true) {
  for (const element of all(page, `[data-message="${name}"]`)) element.hidden = !shown;
}

/** @param {string} transport */
function showTransport(transport) {
  byId("badge").dataset.way = page.dataset.way = transport;
  for (const text of all(byId("badge"), ".way")) text.hidden = text.dataset.way !== transport;
  clearTimeout(lostTimer);
  if (transport === "lost") {
    lostTimer = setTimeout(() => message("no-script"), LOST_FOR);
    if (!isLost) say(byId("badge").innerText.trim());
    isLost = true;
    return;
  }
  message("no-script", false);
  if (transport === "connecting") return;
  message("no-answer", false);
  if (isLost) say(page.dataset.back ?? "");
  isLost = false;
}

const countdown = new Countdown((seconds) => {
  const total = Number(page.dataset.ttl) || seconds;
  byId("countdown").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  byId("ring-bar").setAttribute("stroke-dasharray", `${Math.min(seconds, total)} ${total}`);
  byId("ring").classList.toggle("soon", seconds <= RUNNING_OUT);
  if (seconds > 0 && seconds <= RUNNING_OUT && !isSoon) say(page.dataset.soon ?? "");
  isSoon = seconds <= RUNNING_OUT;
  // Only the server ends a sign-in, so at zero the page asks it.
  if (seconds === 0 && current === "pending") listener.check();
});

// ---- what the server says ----

/** @param {State} state */
function apply(state) {
  if (state.status === "pending") return wait(state);
  const name = nameOf(state);
  if (name === current && current !== "approved") return;
  if (name === "signed_in" && confirmation.posting) return; // asked again after the answer
  stopWaiting();
  if (name === "signed_in" && confirmation.sending) {
    // By this tab, so there is no other one to speak of.
    current = name;
    return location.replace(doneUrl);
  }
  sayUntil(state.retry_at);
  show(name);
  if (state.status === "approved") confirmation.send();
  if (state.status === "signed_in") location.replace(doneUrl);
}

/**
 * sayUntil says when the phone may be asked again, where that is known.
 *
 * @param {string} [retryAt]
 */
function sayUntil(retryAt) {
  for (const sentence of all(page, "[data-until]")) {
    writeUntil(sentence, retryAt);
    /** @type {HTMLElement} */ (sentence.previousElementSibling).hidden = !sentence.hidden;
  }
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
  if (number) byId("number").textContent = number;
  byId("unconfirmed").hidden = reason !== "unconfirmed";
  if (expiresAt) countdown.set(expiresAt, serverTime);
  if (current !== "pending" || another) show("pending");
  listener.start();
}

function stopWaiting() {
  listener.stop();
  countdown.stop();
}

const listener = new Listener({ events: eventsUrl, stream: streamUrl, status: statusUrl }, {
  state: apply,
  transport: showTransport,
  gone: () => location.replace(loginUrl),
  blocked: () => location.replace(plainUrl),
});

// ---- the confirmation ----

const confirmation = new Confirmation(/** @type {HTMLFormElement} */ (byId("confirm-form")), {
  check: () => listener.check(),
  state: () => current,
  say: message,
  selfUrl,
  doneUrl,
});

byId("confirm-form").addEventListener("submit", (event) => {
  event.preventDefault();
  message("not-yet", false);
  message("no-answer", false);
  confirmation.send();
});

// Without a connection the browser's own page would take the place of this one.
document.getElementById("cancel-form")?.addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  message("no-answer");
});

// ---- waking up ----

let hiddenSince = mark();

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    hiddenSince = mark();
    return;
  }
  listener.wake(since(hiddenSince) > MAX_HIDDEN);
});
addEventListener("online", () => listener.wake(true));
addEventListener("offline", () => listener.offline());
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
  confirmation.send();
}
showIcon(outcome());
message("no-script", false);
document.documentElement.dataset.script = "running"; // for boot.js

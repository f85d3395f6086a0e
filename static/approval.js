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
const SOON = 20; // seconds left when the ring changes its colour
const CONFIRM_PATIENCE = 10000;

const page = document.getElementById("approval");
const { doneUrl, loginUrl, selfUrl, statusUrl, streamUrl, eventsUrl } = page.dataset;
const appName = document.title.slice(document.title.lastIndexOf("·"));
const byId = (id) => document.getElementById(id);

let current = page.dataset.now;
let request = page.dataset.expiresAt; // the deadline tells one request from the next
let confirming = false;
let helpTimer = 0;

// ---- what is seen ----

function matches(element, state) {
  return element.dataset.state.split(" ").some((name) =>
    name.endsWith("*") ? state.startsWith(name.slice(0, -1)) : name === state);
}

// nameOf finds the most exact state that this page has words for.
function nameOf(status, reason) {
  const exact = reason ? `${status}-${reason}` : status;
  const known = [...page.querySelectorAll("h1 [data-state]")].some((e) => e.dataset.state === exact);
  return known ? exact : status;
}

function show(state) {
  const lostFocus = page.contains(document.activeElement);
  for (const element of page.querySelectorAll("[data-state]")) {
    element.hidden = !matches(element, state) || element.hasAttribute("data-help");
  }
  for (const message of page.querySelectorAll("[data-message]")) message.hidden = true;
  const heading = byId("state-heading").innerText.trim();
  const sentence = [...page.querySelectorAll("[data-sentence]")].find((e) => e.offsetParent !== null);
  document.title = `${heading} ${appName}`;
  byId("state-live").textContent = `${heading}. ${sentence ? sentence.innerText : ""}`;
  // What had the focus may just have been hidden.
  if (lostFocus && document.activeElement === document.body) byId("state-heading").focus();
  page.dataset.now = current = state;
  offerHelp();
}

function offerHelp() {
  clearTimeout(helpTimer);
  if (current !== "pending") return;
  helpTimer = setTimeout(() => {
    page.querySelector("[data-help]").hidden = current !== "pending";
  }, HELP_AFTER);
}

function message(name, shown = true) {
  page.querySelector(`[data-message="${name}"]`).hidden = !shown;
}

function showWay(way) {
  byId("badge").dataset.way = way;
  for (const text of byId("badge").querySelectorAll(".way")) text.hidden = text.dataset.way !== way;
}

function showNumber(number) {
  byId("number").textContent = number;
  byId("number-again").textContent = number;
}

const countdown = new Countdown((seconds) => {
  const total = Number(page.dataset.ttl) || seconds;
  byId("countdown").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  byId("ring-bar").setAttribute("stroke-dasharray", `${Math.min(seconds, total)} ${total}`);
  byId("ring").classList.toggle("soon", seconds <= SOON);
  // The server ends the attempt, not this clock: so it is asked.
  if (seconds === 0 && current === "pending") listener.check();
});

// ---- what is heard ----

function apply(heard) {
  if (heard.status === "pending") return wait(heard);
  const state = nameOf(heard.status, heard.reason);
  if (state === current && current !== "approved") return;
  halt();
  show(state);
  if (heard.status === "approved") confirm();
  if (heard.status === "signed_in") location.replace(doneUrl);
}

// wait goes on waiting, perhaps for a new request with another number.
function wait(heard) {
  const another = heard.expires_at && heard.expires_at !== request;
  if (another) {
    request = heard.expires_at;
    page.dataset.ttl = Math.round((Date.parse(heard.expires_at) - Date.parse(heard.server_time)) / 1000);
  }
  if (heard.number) showNumber(heard.number);
  if (heard.expires_at) countdown.set(heard.expires_at, heard.server_time);
  if (current !== "pending" || another) show("pending");
  listener.start();
}

function halt() {
  listener.stop();
  countdown.stop();
}

const absolute = (path) => new URL(path, location.href);

function socketURL(path) {
  const url = absolute(path);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

const listener = new Listener(
  { events: socketURL(eventsUrl), stream: absolute(streamUrl).href, status: absolute(statusUrl).href },
  { state: apply, way: showWay, gone: () => location.replace(loginUrl) },
);

// ---- the door ----

// confirm sends the form and goes in. A lost network or a restarting server
// is waited for. A refusal may mean that another tab was faster, so the state
// is read.
async function confirm() {
  if (confirming) return;
  confirming = true;
  try {
    await knock(byId("confirm-form"));
  } finally {
    confirming = false;
  }
}

async function knock(form) {
  for (let tries = 0; ; tries++) {
    const code = await send(form);
    if (code === "in") return location.replace(doneUrl);
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

// startOver loads the page again: another tab may have begun a sign-in of its
// own, and then the form here is of the one before. Once; what is refused
// again the server explains itself.
function startOver(form) {
  if (location.hash === "#again") form.submit();
  else location.replace(`${selfUrl}?${Date.now()}#again`);
}

// send resolves to "in" after the redirect that a good form is answered by,
// else to the status code, 0 without a network.
async function send(form) {
  try {
    const reply = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      redirect: "manual",
      signal: abortAfter(CONFIRM_PATIENCE),
    });
    return reply.type === "opaqueredirect" ? "in" : reply.status;
  } catch {
    return 0;
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const once = (target, event) => new Promise((done) => target.addEventListener(event, done, { once: true }));

byId("confirm-form").addEventListener("submit", (event) => {
  event.preventDefault();
  message("not-yet", false);
  confirm();
});

// ---- waking up ----

// A page that slept longer than this cannot trust its connection.
const NAP = 60000;
let hiddenSince = 0;

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") {
    hiddenSince = Date.now();
    return;
  }
  listener.wake(Date.now() - hiddenSince > NAP);
});
addEventListener("online", () => listener.wake(true));
addEventListener("offline", () => current === "pending" && showWay("lost"));
addEventListener("pagehide", () => listener.stop());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (current === "pending") listener.start();
  listener.wake(true);
});

// ---- begin ----

if (current === "pending") {
  countdown.set(page.dataset.expiresAt, page.dataset.serverNow);
  listener.start();
  offerHelp();
} else if (current === "approved") {
  confirm();
}

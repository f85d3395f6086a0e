// A phone. Every frame of its socket is the whole state; the page shows it.
// What a person taps is a POST, and the next frame says what became of it.

import { Call } from "./call.js";
import { faultsForm } from "./faults.js";
import { Requests } from "./request.js";
import { clockTime, setServerTime } from "./time.js";

const BANNER = 7000;
const byId = (id) => document.getElementById(id);
const { authyId, eventsUrl } = document.body.dataset;
const home = `/phones/${encodeURIComponent(authyId)}`;
const title = document.title;

let seen = null; // time of the newest message that was looked at, null before the first frame
let newest = "";
let bannerTimer = 0;

async function post(path, body = {}) {
  try {
    const reply = await fetch(home + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    if (reply.ok) return "";
    return reply.status === 409 ? "This request was answered already, or its time is over." : (await reply.json()).error;
  } catch {
    return "The phone has no connection. Please try again.";
  }
}

const announce = (text) => (byId("announce").textContent = text);
const requests = new Requests(post, announce);
const call = new Call(() => post("/call/hangup"));

// ---- tabs ----

const tabs = [...document.querySelectorAll("[role=tab]")];

function open(name) {
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !chosen;
  }
  if (name === "messages") readMessages();
}

const isOpen = (name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true";

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => open(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    open(next.id.slice(4));
    next.focus();
  });
});

// ---- parts ----

function count(name, n) {
  byId(`count-${name}`).hidden = n === 0;
  byId(`count-${name}`).textContent = String(n);
}

function showRequests(list) {
  const { waiting, fresh } = requests.show(list);
  count("requests", waiting);
  document.title = waiting ? `(${waiting}) ${list.find((r) => r.status === "pending").message} · ${title}` : title;
  if (fresh) open("requests");
}

function showToken(name, token, period) {
  byId(name).hidden = !token;
  if (!token) return;
  const text = token.token;
  byId(`${name}-digits`).textContent = `${text.slice(0, 3)} ${text.slice(3)}`;
  byId(`${name}-digits`).dataset.ends = String(performance.now() + token.expires_in * 1000);
  byId(`${name}-bar`).max = period;
  tickToken(name);
}

function tickToken(name) {
  if (byId(name).hidden) return;
  const left = Math.max(0, (Number(byId(`${name}-digits`).dataset.ends) - performance.now()) / 1000);
  byId(`${name}-bar`).value = left;
  byId(`${name}-left`).textContent = `${Math.ceil(left)} s`;
}

function messageLine({ via, text, at }) {
  const line = byId("message-line").content.cloneNode(true).firstElementChild;
  const kinds = { sms: "SMS", call: "Call", email: "E-mail" };
  line.querySelector(".message-from").textContent = `${kinds[via] ?? via} · ${clockTime(at, true)}`;
  line.querySelector(".message-text").textContent = text;
  return line;
}

function showMessages(messages) {
  const latest = messages[0]?.at ?? "";
  if (seen === null) seen = latest;
  if (latest !== newest) {
    byId("messages").replaceChildren(...messages.map(messageLine));
    if (latest > seen && messages[0].via === "sms" && !isOpen("messages")) showBanner(messages[0].text);
  }
  newest = latest;
  byId("no-messages").hidden = messages.length > 0;
  if (isOpen("messages")) seen = newest;
  count("messages", messages.filter((m) => m.at > seen).length);
}

function readMessages() {
  seen = newest;
  count("messages", 0);
  byId("banner").hidden = true;
}

function showBanner(text) {
  byId("banner-text").textContent = text;
  byId("banner").hidden = false;
  announce(`SMS: ${text}`);
  clearTimeout(bannerTimer);
  bannerTimer = setTimeout(() => (byId("banner").hidden = true), BANNER);
}

byId("banner").addEventListener("click", () => {
  open("messages");
  byId("tab-messages").focus();
});

function showPhone(phone) {
  byId("devices").textContent = phone.devices.join(", ") || "none with the app";
  byId("app-switch").setAttribute("aria-checked", String(phone.app_installed));
  byId("calm-text").textContent = phone.app_installed ? "Nothing to approve." : "The app is not on this phone.";
  byId("calm-hint").hidden = !phone.app_installed;
}

function show(state) {
  setServerTime(state.server_time);
  showPhone(state.phone);
  showRequests(state.requests);
  showToken("token", state.token, 10);
  showToken("generic", state.generic, 30);
  byId("no-codes").hidden = Boolean(state.token || state.generic);
  showMessages(state.messages);
  call.show(state.call);
}

byId("app-switch").addEventListener("click", async () => {
  const on = byId("app-switch").getAttribute("aria-checked") !== "true";
  byId("switch-said").textContent = await post("", { app_installed: on });
});

// ---- the line ----

let socket = null;
let redial = 0;
let tries = 0;

function connect() {
  clearTimeout(redial);
  const url = new URL(eventsUrl, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const mine = (socket = new WebSocket(url));
  mine.onmessage = (event) => {
    tries = 0;
    byId("line-note").hidden = true;
    show(JSON.parse(event.data));
  };
  mine.onclose = () => {
    if (socket !== mine) return;
    // A moment without a line is not worth a word.
    if (tries++ > 1) byId("line-note").hidden = false;
    redial = setTimeout(connect, Math.min(4000, 200 * 2 ** tries) * (0.5 + Math.random() / 2));
  };
}

function wake() {
  if (document.visibilityState === "visible" && socket.readyState !== WebSocket.OPEN) connect();
}

document.addEventListener("visibilitychange", wake);
addEventListener("online", connect);
addEventListener("pageshow", (event) => event.persisted && connect());

function tick() {
  byId("clock").textContent = clockTime();
  requests.tick();
  tickToken("token");
  tickToken("generic");
}

connect();
tick();
setInterval(tick, 500);
faultsForm(Number(authyId));

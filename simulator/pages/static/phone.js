// A phone. Every frame of its socket is the whole state; the page shows it.
// What a person taps is a POST, and the next frame says what became of it.

import { Call } from "./call.js";
import { faultsForm, showInForce } from "./faults.js";
import { Notifier } from "./notify.js";
import { Requests } from "./request.js";
import { Ring } from "./ring.js";
import { clockTime, setServerTime } from "./time.js";
import { ownersOf, say } from "./words.js";

/**
 * @typedef {object} State what every frame says
 * @property {string} server_time
 * @property {{owners: string[], devices: string[], app_installed: boolean}} phone
 * @property {import("./request.js").Request[]} requests newest first
 * @property {Message[]} messages newest first
 * @property {Token | null} token
 * @property {Token | null} generic
 * @property {string[]} faults in force, in words
 * @property {string | null} codes_from when the next SMS or call may come, null for now
 * @property {{name: string, token: string}[]} apps
 * @property {import("./call.js").CallState | null} call
 */

/** @typedef {{via: string, text: string, at: string}} Message of a missed call without a text */
/** @typedef {{token: string, expires_in: number}} Token */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const one = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

const BANNER_STAYS = 7000;
const TICK = 500;
const REMOVED = 1000; // how the simulator closes the socket of a phone that was removed
const { authyId = "", eventsUrl = "" } = document.body.dataset;
const home = eventsUrl.replace(/\/events$/, "");
const appName = document.body.dataset.appName ?? "";
let title = document.title;

/** @type {string | null} */
let seen = null; // time of the newest message that was looked at, null before the first frame
let newest = "";
let listed = ""; // what #messages shows
/** @type {ReturnType<typeof setTimeout> | undefined} */
let bannerTimer;
/** @type {ReturnType<typeof setInterval> | undefined} */
let ticking;

/**
 * post resolves to a sentence that says what went wrong, "" if nothing did.
 *
 * @param {string} path
 * @param {object} [body]
 * @param {Record<number, string>} [sentences] keys of what a status means here
 */
async function post(path, body = {}, sentences = {}) {
  try {
    const { ok, status } = await fetch(home + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return ok ? "" : say(sentences[status] ?? "trouble.other", { status });
  } catch {
    return say("trouble.offline");
  }
}

/** @param {string} text */
function announce(text) {
  byId("announce").textContent = text;
}

/** @param {string} path */
const answer = (path) => post(path, {}, { 409: "request.too_late", 404: "request.too_late" });

const requests = new Requests(answer, announce, location.hash.slice(1));
const ring = new Ring(byId("mute"));
const notifier = new Notifier(byId("notify"));
const call = new Call(post, () => ring.call(false), announce);

// ---- tabs ----

const tabs = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[role=tab]")]);

/** @param {string} name */
function open(name) {
  for (const tab of tabs) {
    const chosen = tab.id === `tab-${name}`;
    tab.setAttribute("aria-selected", String(chosen));
    tab.tabIndex = chosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls") ?? "").hidden = !chosen;
  }
  if (name === "messages") readMessages();
  closeBanner(name);
}

/** @param {string} name */
const isOpen = (name) => byId(`tab-${name}`).getAttribute("aria-selected") === "true";

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => open(tab.id.slice(4)));
  tab.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowRight" && event.key !== "ArrowLeft") return;
    const step = event.key === "ArrowRight" ? 1 : -1;
    const next = tabs[(i + step + tabs.length) % tabs.length];
    open(next.id.slice(4));
    next.focus();
  });
});

// ---- parts ----

/**
 * @param {string} name
 * @param {number} n
 */
function count(name, n) {
  byId(`count-${name}`).hidden = n === 0;
  byId(`count-${name}`).textContent = String(n);
}

// A new request never takes away what one reads: on another tab, or further down, it
// is announced on top.
/** @param {State} state */
function showRequests({ requests: list, phone }) {
  const { waiting, fresh, card } = requests.show(list, phone.app_installed);
  count("requests", waiting);
  notifier.count(waiting);
  const first = list.find((r) => r.status === "pending");
  document.title = first ? `(${waiting}) ${first.message} · ${title}` : title;
  if (fresh) tell(fresh.message);
  if (fresh && !(isOpen("requests") && card && isSeen(card))) showBanner("requests", fresh.message);
  /** @type {HTMLLinkElement} */ (byId("icon")).href = waiting || call.isUp() ? "/static/phone-rings.svg" : "/static/phone.svg";
  if (!waiting) closeBanner("requests");
}

/** @param {string} text */
function tell(text) {
  ring.once();
  notifier.tell(title, text);
}

/** @param {HTMLElement} card */
function isSeen(card) {
  const { top, bottom } = byId("panel-requests").getBoundingClientRect();
  return card.getBoundingClientRect().bottom >= Math.max(top, 0) && card.getBoundingClientRect().top <= Math.min(bottom, window.innerHeight);
}

/**
 * @param {string} name
 * @param {Token | null} token
 * @param {number} period
 */
function showToken(name, token, period) {
  byId(name).hidden = !token;
  if (!token) return;
  const text = token.token;
  byId(`${name}-digits`).textContent = `${text.slice(0, 3)} ${text.slice(3)}`;
  byId(`${name}-digits`).dataset.ends = String(performance.now() + token.expires_in * 1000);
  progress(name).max = period;
  tickToken(name);
}

/** @param {string} name */
const progress = (name) => /** @type {HTMLProgressElement} */ (byId(`${name}-bar`));

/** @param {string} name */
function tickToken(name) {
  if (byId(name).hidden) return;
  const left = Math.max(0, (Number(byId(`${name}-digits`).dataset.ends) - performance.now()) / 1000);
  progress(name).value = left;
  byId(`${name}-left`).textContent = `${Math.ceil(left)} s`;
}

/** @param {{name: string, token: string}} app */
function appEntry({ name, token }) {
  const template = /** @type {HTMLTemplateElement} */ (byId("app-entry"));
  const entry = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  one(entry, ".app-name").textContent = name;
  one(entry, ".digits").textContent = `${token.slice(0, 3)} ${token.slice(3)}`;
  return entry;
}

/** @param {Message} message */
function messageLine({ via, text, at }) {
  const template = /** @type {HTMLTemplateElement} */ (byId("message-line"));
  const line = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  one(line, ".message-from").textContent = `${say(`messages.${via}`)} · ${clockTime(at, true)}`;
  one(line, ".message-text").textContent = text || say("messages.missed");
  return line;
}

/** @param {Message[]} messages */
function showMessages(messages) {
  const latest = messages[0]?.at ?? "";
  const before = seen ?? latest;
  const list = JSON.stringify(messages);
  if (list !== listed) byId("messages").replaceChildren(...messages.map(messageLine));
  listed = list;
  if (latest !== newest && latest > before && messages[0].via === "sms" && !isOpen("messages")) {
    showBanner("messages", messages[0].text);
    announce(say("messages.new", { text: messages[0].text }));
    tell(messages[0].text);
  }
  newest = latest;
  byId("no-messages").hidden = messages.length > 0;
  const read = isOpen("messages") ? newest : before;
  count("messages", messages.filter((m) => m.at > read).length);
  seen = read;
}

/** @param {string | null} from */
function showCodesFrom(from) {
  byId("codes-from").hidden = !from;
  byId("codes-from").textContent = from && say("messages.codes_from", { time: clockTime(from, true) });
}

function readMessages() {
  seen = newest;
  count("messages", 0);
}

/**
 * showBanner shows on top what came for a tab that is not open. A request stays
 * there as long as it waits.
 *
 * @param {string} tab
 * @param {string} text
 */
function showBanner(tab, text) {
  const banner = byId("banner");
  banner.dataset.tab = tab;
  byId("banner-from").textContent = say(tab === "messages" ? "messages.from" : "request.from", { app: appName });
  byId("banner-text").textContent = text;
  banner.hidden = false;
  clearTimeout(bannerTimer);
  if (tab === "messages") bannerTimer = setTimeout(() => closeBanner(tab), BANNER_STAYS);
}

/** @param {string} tab */
function closeBanner(tab) {
  const banner = byId("banner");
  if (banner.dataset.tab !== tab) return;
  const hadFocus = document.activeElement === banner;
  banner.hidden = true;
  if (hadFocus) tabs.find((chosen) => chosen.tabIndex === 0)?.focus();
}

byId("banner").addEventListener("click", () => {
  const tab = byId("banner").dataset.tab ?? "";
  open(tab);
  byId(`panel-${tab}`).scrollTo?.(0, 0);
  byId(`tab-${tab}`).focus();
});

/** @param {State["phone"]} phone */
function showPhone(phone) {
  const owner = ownersOf(phone);
  title = say("phone.title", { owner });
  byId("owner").textContent = owner;
  byId("owner").setAttribute("aria-label", title);
  if (beside) {
    byId("devices").textContent = phone.devices.join(", ") || say("side.no_device");
    beside.setAttribute("aria-checked", String(phone.app_installed));
  }
  byId("calm-text").textContent = say(phone.app_installed ? "phone.nothing" : "phone.without_app");
  byId("calm-hint").textContent = say(phone.app_installed ? "phone.nothing_hint" : "phone.without_app_hint");
  document.getElementById("calm-link")?.toggleAttribute("hidden", !phone.app_installed);
}

/** @param {State} state */
function show(state) {
  setServerTime(state.server_time);
  showPhone(state.phone);
  call.show(state.call);
  ring.call(call.rings());
  showRequests(state);
  showToken("token", state.token, 10);
  showToken("generic", state.generic, 30);
  byId("apps").replaceChildren(...state.apps.map(appEntry));
  byId("no-codes").hidden = Boolean(state.token || state.generic || state.apps.length);
  showMessages(state.messages);
  showCodesFrom(state.codes_from);
  showInForce(byId("in-force"), state.faults);
  tick();
  ticking = ticking || setInterval(tick, TICK); // before that nobody knows the time
}

// In a room nothing stands beside a phone, and it scans nothing.
const beside = document.getElementById("app-switch");

document.getElementById("scan-form")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = /** @type {HTMLInputElement} */ (byId("scan"));
  const problem = await post("/apps", { scan: field.value }, { 400: "codes.scan_wrong", 409: "codes.scan_full" });
  byId("scan-said").textContent = problem || say("codes.added");
  byId("scan-said").classList.toggle("trouble", problem !== "");
  field.setAttribute("aria-invalid", String(problem !== ""));
  if (problem === "") field.value = "";
  else field.focus();
});

beside?.addEventListener("click", async () => {
  const on = beside.getAttribute("aria-checked") !== "true";
  byId("switch-said").textContent = await post("", { app_installed: on });
});

// ---- the socket ----

/** @type {WebSocket | null} */
let socket = null;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry;
let tries = 0;

function connect() {
  clearTimeout(retry);
  const url = new URL(eventsUrl, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const before = socket;
  const mine = (socket = new WebSocket(url));
  before?.close(); // it may be open still, and then shows the same twice
  mine.onmessage = (event) => {
    tries = 0;
    if (!byId("line-note").hidden) announce(say("phone.online"));
    byId("line-note").hidden = true;
    show(JSON.parse(event.data));
  };
  mine.onclose = ({ code }) => {
    if (socket !== mine) return;
    if (code === REMOVED) {
      removed();
      return;
    }
    // A moment without a connection is not worth a word.
    if (tries++ > 1) {
      if (byId("line-note").hidden) announce(say("phone.offline"));
      byId("line-note").hidden = false;
      askIfGone();
    }
    retry = setTimeout(connect, Math.min(4000, 200 * 2 ** tries) * (0.5 + Math.random() / 2));
  };
}

// A socket that is refused gives no reason: the phone may have been removed meanwhile.
async function askIfGone() {
  try {
    const reply = await fetch(home, { headers: { Accept: "application/json" } });
    if (reply.status === 404) removed();
  } catch {
    // The simulator is away.
  }
}

// The page that follows says that the phone is gone: not in the place of an answer that
// was given just now, which may have been what ended its account.
function removed() {
  if (!requests.answered()) return location.reload();
  clearTimeout(retry);
  byId("line-note").textContent = say("phone.removed");
  byId("line-note").hidden = false;
  announce(say("phone.removed"));
}

function wake() {
  if (document.visibilityState === "visible" && socket?.readyState !== WebSocket.OPEN) connect();
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
if (beside) faultsForm(Number(authyId));

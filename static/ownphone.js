// The page that is a phone of one's own. It keeps two keys: the device key in
// IndexedDB, which nothing can read out, and the passkey, which the system
// keeps and which asks for the finger, face or PIN.
//
//   enrol    a code from the browser, a name, both keys
//   waiting  until the browser has confirmed this phone
//   ready    what is asked, live; an answer is signed here, over what is shown
//   revoked  the keys are forgotten
//
// The server decides what becomes of an answer. An event only makes the page
// read what is stored.

import { Countdown } from "./countdown.js";
import { ask, Listener } from "./listen.js";
import { keepPushes } from "./push.js";
import { assertion, base64, base64url } from "./webauthn.js";

const REPLY_TIMEOUT = 15000;
const DATABASE = "nod-phone";

/** @typedef {{pair: CryptoKeyPair, credential: ArrayBuffer}} Keys */
/** @typedef {{status: string, name?: string, challenge?: string, origin: string}} PhoneState */
/**
 * @typedef {object} Shown
 * @property {string} kind
 * @property {string} email
 * @property {string} browser
 * @property {string} address
 * @property {string} place
 * @property {string} resets
 * @property {string} change
 * @property {string} payee
 * @property {string} amount
 * @property {string} currency
 * @property {string} asked
 * @property {string} expires
 */
/**
 * @typedef {object} Asked
 * @property {string} id
 * @property {string} status
 * @property {string} reason
 * @property {string} server_nonce
 * @property {Shown} shown
 * @property {string} expires_at
 * @property {number} tries_left
 * @property {string} phone
 * @property {boolean} mine
 * @property {string} why
 */

const page = /** @type {HTMLElement} */ (document.getElementById("ownphone"));
const form = /** @type {HTMLFormElement} */ (document.getElementById("enrol-form"));
const list = /** @type {HTMLElement} */ (document.getElementById("requests"));
const model = /** @type {HTMLTemplateElement} */ (document.getElementById("request"));
const live = /** @type {HTMLElement} */ (document.getElementById("ownphone-live"));

// ---- bytes ----

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/**
 * digest is SHA-256 over texts, each with its length in bytes before it
 * (phone/signed.go).
 *
 * @param {string[]} texts
 */
async function digest(...texts) {
  const encoder = new TextEncoder();
  let all = "";
  for (const text of texts) all += `${encoder.encode(text).length}:${text},`;
  return crypto.subtle.digest("SHA-256", encoder.encode(all));
}

// ---- keys ----

/** @returns {Promise<IDBDatabase>} */
function database() {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
}

/**
 * inStore does something with the one store and resolves once it is kept.
 *
 * @template T
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest<T>} act
 * @returns {Promise<T>}
 */
async function inStore(mode, act) {
  const db = await database();
  try {
    return await new Promise((resolve, reject) => {
      const work = db.transaction("keys", mode);
      const request = act(work.objectStore("keys"));
      work.oncomplete = () => resolve(request.result);
      work.onabort = work.onerror = () => reject(work.error);
    });
  } finally {
    db.close();
  }
}

/** @returns {Promise<Keys | undefined>} */
const readKeys = () => inStore("readonly", (store) => store.get("phone"));
/** @param {Keys} keys */
const keepKeys = (keys) => inStore("readwrite", (store) => store.put(keys, "phone"));
const forgetKeys = () => inStore("readwrite", (store) => store.delete("phone"));

/**
 * @param {CryptoKeyPair} pair
 * @param {ArrayBuffer} what
 */
async function sign(pair, what) {
  return base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, what));
}

// ---- the server ----

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<{status: number, body: any}>} status 0 without a network
 */
async function send(path, body) {
  try {
    const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
    const reply = await ask(path, options, REPLY_TIMEOUT);
    return { status: reply.status, body: await reply.json().catch(() => ({})) };
  } catch {
    return { status: 0, body: {} };
  }
}

/**
 * @param {string} path
 * @returns {Promise<any>} null where there is no answer
 */
async function read(path) {
  try {
    const reply = await ask(path, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
    return reply.ok || reply.status === 401 ? await reply.json() : null;
  } catch {
    return null;
  }
}

// ---- what the page shows ----

/** @param {string} name */
function show(name) {
  const before = page.dataset.now;
  page.dataset.now = name;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-phone]"))) {
    part.hidden = part.dataset.phone !== name;
  }
  if (before && before !== name) live.textContent = document.getElementById("ownphone-heading")?.innerText ?? "";
}

/** @param {string} word of a sentence on this page; "" for none */
function complain(word) {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-error]"))) {
    line.hidden = line.dataset.error !== word;
  }
  for (const name of ["code", "name"]) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    field.toggleAttribute("aria-invalid", false);
    if (word === name) {
      field.setAttribute("aria-invalid", "true");
      field.focus();
    }
  }
}

/** @param {number} status */
const wordOf = (status) => status === 0 ? "offline" : status === 429 ? "often" : "failed";

// ---- a new phone ----

/** @type {PhoneState} */
let phone = { status: "none", origin: location.origin };
/** @type {Keys | undefined} */
let keys;

async function enrol() {
  const code = /** @type {HTMLInputElement} */ (form.elements.namedItem("code")).value;
  const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name")).value.trim();
  if (!name) return complain("name");
  const begun = await send("/phone/enrol", { code });
  if (begun.status !== 200) return complain(begun.body.error === "code" ? "code" : wordOf(begun.status));
  const made = await makeKeys(begun.body);
  if (!made) return complain("passkey");
  const { origin, challenge } = begun.body;
  const passkey = JSON.stringify(made.passkey);
  // Before the server knows them: a reply may be lost.
  await keepKeys(made.keys);
  const finished = await send("/phone/enrol/finish", {
    code, name, device_key: base64(made.deviceKey), passkey: base64(new TextEncoder().encode(passkey)),
    signature: await sign(made.keys.pair, await digest("nod phone 1", origin, challenge, name, passkey)),
  });
  if (finished.status !== 200) return complain(finished.body.error ?? wordOf(finished.status));
  history.replaceState(null, "", location.pathname); // the code in it is used up
  return start();
}

/**
 * makeKeys makes both keys; null where the person or the browser refuses.
 *
 * @param {any} options of the server
 */
async function makeKeys(options) {
  try {
    const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]));
    const deviceKey = await crypto.subtle.exportKey("spki", pair.publicKey);
    const made = /** @type {PublicKeyCredential | null} */ (await navigator.credentials.create({
      publicKey: {
        rp: { id: options.site, name: options.site_name },
        user: { id: fromBase64(options.owner), name: options.email, displayName: options.email },
        challenge: await digest("nod passkey 1", options.origin, options.challenge, base64url(deviceKey)),
        pubKeyCredParams: options.keys.map((/** @type {number} */ alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    }));
    if (!made) return null;
    const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
    return {
      keys: { pair, credential: made.rawId }, deviceKey,
      passkey: {
        id: made.id, rawId: base64url(made.rawId), type: made.type, clientExtensionResults: {},
        response: { clientDataJSON: base64url(response.clientDataJSON), attestationObject: base64url(response.attestationObject) },
      },
    };
  } catch {
    return null;
  }
}

// ---- what is asked ----

/** @type {Map<string, {card: HTMLElement, asked: Asked, countdown: Countdown}>} */
const cards = new Map();

async function readRequests() {
  const news = await read("/phone/requests");
  if (!news) return;
  if (!news.requests) {
    await start();
    return;
  }
  const waiting = new Set();
  for (const asked of /** @type {Asked[]} */ (news.requests)) {
    waiting.add(asked.id);
    update(asked, news.server_time);
  }
  for (const [id, { card }] of cards) {
    if (waiting.has(id)) continue;
    card.remove();
    cards.delete(id);
  }
  tellNews(news.news);
  const empty = /** @type {HTMLElement} */ (document.getElementById("ownphone-empty"));
  empty.hidden = [...cards.values()].some(({ asked }) => asked.status === "pending");
}

/**
 * tellNews lists what the owner has not read yet.
 *
 * @param {{text: string, at: string}[]} news
 */
function tellNews(news) {
  const items = news.map(({ text, at }) => {
    const item = document.createElement("li");
    const words = document.createElement("div");
    const when = document.createElement("p");
    words.textContent = text;
    when.className = "hint";
    when.textContent = moment(at);
    words.append(when);
    item.append(words);
    return item;
  });
  document.getElementById("news-list")?.replaceChildren(...items);
  const section = /** @type {HTMLElement} */ (document.getElementById("news"));
  section.hidden = items.length === 0;
}

/** @param {string} time */
function moment(time) {
  return new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short", dateStyle: "medium" }).format(new Date(time));
}

/**
 * update shows a request as it is, without taking the number that is being typed.
 *
 * @param {Asked} asked
 * @param {string} serverTime
 */
function update(asked, serverTime) {
  let known = cards.get(asked.id);
  if (!known) {
    known = newCard(asked);
    cards.set(asked.id, known);
    // The newest comes first; the answer gives them in that order.
    list.append(known.card);
    if (asked.status === "pending") list.prepend(known.card);
    if (asked.status === "pending") live.textContent = known.card.querySelector("h2")?.innerText ?? "";
  }
  known.asked = asked;
  const { card, countdown } = known;
  const pending = asked.status === "pending";
  card.dataset.status = asked.status;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-if]"))) {
    part.hidden = part.dataset.if !== stateOf(asked);
  }
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-pending]"))) part.hidden = !pending;
  fill(card, "phone", asked.phone);
  if (pending) countdown.set(asked.expires_at, serverTime);
  else countdown.stop();
}

/** @param {Asked} asked */
function stateOf({ status, reason, mine, phone: by, why }) {
  if (status === "denied" && mine) return `denied-${why || "why"}`;
  if ((status === "approved" || status === "denied") && by && !mine) return `${status}-elsewhere`;
  return status === "cancelled" && reason === "wrong_number" ? "cancelled-wrong_number" : status;
}

/**
 * @param {HTMLElement} card
 * @param {string} slot
 * @param {string} text
 */
function fill(card, slot, text) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(`[data-slot="${slot}"]`))) {
    place.textContent = text;
    const line = /** @type {HTMLElement | null} */ (place.closest("[data-line]"));
    if (line) line.hidden = !text;
  }
}

/** @param {Asked} asked */
function newCard(asked) {
  const card = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (model.content.cloneNode(true)).firstElementChild);
  const { shown } = asked;
  const kind = shown.kind === "login" && shown.resets ? "reset" : shown.kind;
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-kind]"))) words.hidden = words.dataset.kind !== kind;
  for (const slot of /** @type {const} */ (["email", "browser", "address", "place", "change", "payee"])) fill(card, slot, shown[slot]);
  fill(card, "amount", shown.amount && `${shown.amount} ${shown.currency}`);
  fill(card, "asked", moment(shown.asked));
  const left = /** @type {HTMLElement} */ (card.querySelector("[data-left]"));
  const countdown = new Countdown((seconds) => {
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (seconds === 0) void readRequests();
  });
  const number = /** @type {HTMLInputElement} */ (card.querySelector("input"));
  number.id = `number-${asked.id}`;
  for (const label of card.querySelectorAll("label")) label.htmlFor = number.id;
  const hint = /** @type {HTMLElement} */ (card.querySelector("[data-hint]"));
  hint.id = `hint-${asked.id}`;
  const said = /** @type {HTMLElement} */ (card.querySelector("[data-said]"));
  said.id = `said-${asked.id}`;
  number.setAttribute("aria-describedby", `${hint.id} ${said.id}`);
  const answerForm = /** @type {HTMLFormElement} */ (card.querySelector("form"));
  answerForm.addEventListener("submit", (event) => {
    event.preventDefault();
    void once(card, () => approve(asked.id, number));
  });
  card.querySelector("[data-deny]")?.addEventListener("click", () => void once(card, () => deny(asked.id)));
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-why]"))) {
    button.addEventListener("click", () => void once(card, () => explain(asked.id, button.dataset.why ?? "")));
  }
  return { card, asked, countdown };
}

/**
 * once does one thing at a time with a card.
 *
 * @param {HTMLElement} card
 * @param {() => Promise<void>} act
 */
async function once(card, act) {
  if (card.dataset.busy) return;
  card.dataset.busy = "yes";
  try {
    await act();
  } finally {
    delete card.dataset.busy;
  }
}

/**
 * @param {string} id
 * @param {string} word of a sentence on the card; "" for none
 */
function tell(id, word, left = 0) {
  const card = cards.get(id)?.card;
  if (!card) return;
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-error]"))) line.hidden = line.dataset.error !== word;
  fill(card, "left", String(left));
  const number = /** @type {HTMLInputElement} */ (card.querySelector("input"));
  if (word === "number" || word === "digits") {
    number.setAttribute("aria-invalid", "true");
    number.select();
    number.focus();
  } else number.removeAttribute("aria-invalid");
}

/**
 * messageOf is what an answer signs: what this page shows, in this order
 * (phone/signed.go).
 *
 * @param {Asked} asked
 * @param {string} decision
 * @param {string} number
 */
function messageOf({ id, server_nonce: nonce, shown: s }, decision, number) {
  return digest("nod answer 1", phone.origin, id, decision, nonce, number, s.kind, s.email, s.browser, s.address, s.place,
    s.resets, s.change, s.payee, s.amount, s.currency, s.asked, s.expires);
}

/**
 * @param {string} id
 * @param {HTMLInputElement} field
 */
async function approve(id, field) {
  const known = cards.get(id);
  const number = field.value.replace(/\D/g, "");
  if (!known || !keys) return;
  if (number.length !== 6) return tell(id, "digits");
  tell(id, "");
  const message = await messageOf(known.asked, "approved", number);
  const passkey = await assertion(message, {}, [{ type: "public-key", id: keys.credential }]);
  if (!passkey) return tell(id, "passkey");
  return answer(id, { decision: "approved", number, passkey, signature: await sign(keys.pair, message) });
}

/** @param {string} id */
async function deny(id) {
  const known = cards.get(id);
  if (!known || !keys) return;
  tell(id, "");
  const message = await messageOf(known.asked, "denied", "");
  return answer(id, { decision: "denied", signature: await sign(keys.pair, message) });
}

/**
 * explain says of a denial whether it was a mistake.
 *
 * @param {string} id
 * @param {string} why
 */
async function explain(id, why) {
  const known = cards.get(id);
  if (!known || !keys) return;
  tell(id, "");
  const message = await digest("nod why 1", phone.origin, id, known.asked.server_nonce, why);
  return answer(id, { answer: why, signature: await sign(keys.pair, message) }, "/why");
}

/**
 * @param {string} id
 * @param {unknown} body
 */
async function answer(id, body, what = "") {
  const sent = await send(`/phone/requests/${id}${what}`, body);
  if (sent.status === 200) live.textContent = page.dataset.sent ?? "";
  else tell(id, sent.body.error === "number" || sent.body.error === "refused" ? sent.body.error : wordOf(sent.status), sent.body.left);
  await readRequests();
}

// ---- how this phone stands ----

const listener = new Listener({ events: "/phone/events", stream: "/phone/stream", status: "/phone/poll" }, {
  state: () => void (page.dataset.now === "ready" ? readRequests() : start()),
  transport(name) {
    for (const way of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".way"))) way.hidden = way.dataset.way !== name;
    for (const badge of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".badge"))) badge.dataset.way = name;
  },
  gone: () => void start(),
  blocked: () => {},
});

let starting = false;

// start finds out how the phone stands, and shows that.
async function start() {
  if (starting) return;
  starting = true;
  try {
    await stand();
  } finally {
    starting = false;
  }
}

async function stand() {
  const now = /** @type {PhoneState | null} */ (await read("/phone/state"));
  if (!now) {
    if (!page.dataset.now) show("offline");
    setTimeout(() => void start(), 3000);
    return;
  }
  phone = now;
  keys = await readKeys();
  fill(page, "name", now.name ?? "");
  if (now.status === "revoked") {
    await forgetKeys();
    keys = undefined;
  }
  if (now.status === "renew" && keys && !(await renew(keys))) return;
  const here = phone.status === "ready" || phone.status === "waiting";
  show(here && !keys ? "lost" : phone.status === "renew" ? "lost" : phone.status);
  if (here && keys) listener.start();
  else listener.stop();
  if (phone.status !== "ready" || !keys) return;
  await readRequests();
  void keepPushes();
}

/**
 * renew signs the challenge; false where it has to be tried again.
 *
 * @param {Keys} own
 */
async function renew({ pair }) {
  const signature = await sign(pair, await digest("nod renewal 1", phone.origin, phone.challenge ?? ""));
  const renewed = await send("/phone/renew", { signature });
  if (renewed.status === 200) {
    phone = renewed.body;
    return true;
  }
  if (renewed.status === 403) return true; // other keys than this phone's
  setTimeout(() => void start(), 1000);
  return false;
}

// ---- the beginning ----

function guessName() {
  const agent = navigator.userAgent;
  if (/iPhone/.test(agent)) return "iPhone";
  if (/iPad/.test(agent)) return "iPad";
  return /Android/.test(agent) ? page.dataset.android ?? "" : page.dataset.computer ?? "";
}

document.documentElement.dataset.script = "running"; // or the way it hears is hidden
const able = "subtle" in crypto && "credentials" in navigator && "PublicKeyCredential" in window && "indexedDB" in window;
if (!able) show("unable");
else {
  const code = /** @type {HTMLInputElement} */ (form.elements.namedItem("code"));
  const name = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
  if (location.hash.length > 1) code.value = location.hash.slice(1).toUpperCase();
  if (!name.value) name.value = guessName();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complain("");
    void once(form, enrol);
  });
  for (const again of page.querySelectorAll("[data-again]")) {
    again.addEventListener("click", () => void forgetKeys().then(() => show("none")));
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void listener.wake());
  addEventListener("online", () => void listener.wake(true));
  addEventListener("offline", () => listener.offline());
  addEventListener("pageshow", (event) => event.persisted && void start());
  void start();
}

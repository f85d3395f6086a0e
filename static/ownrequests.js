// What a phone of one's own is asked, as cards, and what it answers. An answer is signed
// here, over what is shown; the server decides what becomes of it.

import { Countdown } from "./countdown.js";
import { entitle, fill, live, once, own, page, read, refill, send, wordOf } from "./ownpage.js";
import { clearNotifications } from "./push.js";
import { assertion } from "./webauthn.js";

const list = /** @type {HTMLElement} */ (document.getElementById("requests"));
const model = /** @type {HTMLTemplateElement} */ (document.getElementById("request"));

/** @type {Map<string, {card: HTMLElement, asked: AskedOfPhone, countdown: Countdown}>} */
const cards = new Map();

let turns = 0; // how often the server was asked
let newest = 0; // which of its answers stands on the page
const waitingCard = () => /** @type {HTMLElement | null} */ (list.querySelector("[data-status=pending]"));

export async function readRequests() {
  const turn = ++turns;
  const news = await read("/phone/requests");
  if (!news || turn < newest) return; // or it was overtaken
  newest = turn;
  if (!news.requests) {
    await own.again();
    return;
  }
  tellClock(news.server_time);
  const before = cards.size === 0 || waitingCard();
  showRequests(news.requests, news.server_time);
  tellNews(news.news);
  const waiting = waitingCard();
  const empty = /** @type {HTMLElement} */ (document.getElementById("ownphone-empty"));
  empty.hidden = Boolean(waiting);
  if (page.dataset.now === "ready") entitle(/** @type {HTMLElement} */ ((waiting ?? page).querySelector("h1, h2")).innerText);
  if (before && !waiting) void clearNotifications(news.requests);
}

/**
 * @param {AskedOfPhone[]} requests
 * @param {string} serverTime
 */
function showRequests(requests, serverTime) {
  for (const asked of requests) update(asked, serverTime);
  for (const [id, { card }] of cards) {
    if (requests.some((asked) => asked.id === id)) continue;
    card.remove();
    cards.delete(id);
  }
}

const CLOCK_OFF = 120000; // a phone's clock may be off by so much without a word

/** tellClock says so where this phone's clock is off: the time left is the server's. @param {string} serverTime */
function tellClock(serverTime) {
  const off = Math.abs(Date.now() - Date.parse(serverTime));
  const note = /** @type {HTMLElement} */ (document.getElementById("clock-off"));
  note.hidden = !(off > CLOCK_OFF);
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
 * @param {AskedOfPhone} asked
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
  // A phone may hear of a request before the browser that it is has its new session.
  /** @type {HTMLElement} */ (card.querySelector("[data-here]")).hidden = !asked.here;
  if (pending) countdown.set(asked.expires_at, serverTime);
  else countdown.stop();
}

/** @param {AskedOfPhone} asked */
function stateOf({ status, reason, mine, phone: by, why }) {
  if (status === "denied" && mine) return `denied-${why || "why"}`;
  // The phone with the number has no name here.
  if ((status === "approved" || status === "denied") && !mine) return `${status}-${by ? "elsewhere" : "number"}`;
  return status === "cancelled" && reason === "wrong_number" ? "cancelled-wrong_number" : status;
}

/** @param {AskedOfPhone} asked */
function newCard(asked) {
  const card = /** @type {HTMLElement} */ (/** @type {DocumentFragment} */ (model.content.cloneNode(true)).firstElementChild);
  const { shown } = asked;
  const kind = shown.kind === "login" && shown.resets ? "reset" : shown.kind;
  for (const words of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll("[data-kind]"))) words.hidden = !words.dataset.kind?.split(" ").includes(kind);
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
  refill(number);
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

/** value is what a digit of any script counts: each has ten in a row. @param {string} digit */
function value(digit) {
  let below = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint((digit.codePointAt(0) ?? 0) - below - 1))) below++;
  return String(below % 10);
}

/**
 * @param {string} id
 * @param {HTMLInputElement} field
 */
async function approve(id, field) {
  const known = cards.get(id);
  const number = field.value.normalize("NFKC").replace(/\p{Nd}/gu, value).replace(/\D/g, "");
  const { phone, keys } = own;
  if (!known || !keys) return;
  if (number.length !== 6) return tell(id, "digits");
  tell(id, "");
  const message = await phoneKeys.messageOf(phone.origin, known.asked, "approved", number);
  const passkey = await assertion(message, {}, [{ type: "public-key", id: keys.credential }]);
  if (!passkey) return tell(id, "passkey");
  return answer(id, { decision: "approved", number, passkey, signature: await phoneKeys.sign(keys.pair, message) });
}

/** @param {string} id */
async function deny(id) {
  const known = cards.get(id);
  const { phone, keys } = own;
  if (!known || !keys) return;
  tell(id, "");
  const message = await phoneKeys.messageOf(phone.origin, known.asked, "denied", "");
  return answer(id, { decision: "denied", signature: await phoneKeys.sign(keys.pair, message) });
}

/**
 * explain says of a denial whether it was a mistake.
 *
 * @param {string} id
 * @param {string} why
 */
async function explain(id, why) {
  const known = cards.get(id);
  const { phone, keys } = own;
  if (!known || !keys) return;
  tell(id, "");
  const message = await phoneKeys.digest("nod why 1", phone.origin, id, known.asked.server_nonce, why);
  return answer(id, { answer: why, signature: await phoneKeys.sign(keys.pair, message) }, "/why");
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

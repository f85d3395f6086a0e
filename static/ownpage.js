// What the scripts of a phone's page share: how this phone stands, what they ask the
// server, and where they write.

import { ask } from "./listen.js";

const REPLY_TIMEOUT = 15000;
const TYPED = "nod-typed";

/** @type {{phone: StateOfPhone, keys: KeysOfPhone | undefined, again: () => Promise<void>}} again finds out how it stands */
export const own = { phone: { status: "none", origin: location.origin }, keys: undefined, again: async () => {} };

export const page = /** @type {HTMLElement} */ (document.getElementById("ownphone"));
export const live = /** @type {HTMLElement} */ (document.getElementById("ownphone-live"));

const appName = document.title.slice(document.title.lastIndexOf("·"));

/** entitle gives the page the title of what it shows. @param {string} words */
export function entitle(words) {
  document.title = `${words.trim()} ${appName}`;
}

/** keepTyped has what is typed outlive the next loading of this page. */
export function keepTyped() {
  const typed = [...page.querySelectorAll("input")].map(({ id, value }) => [id, value]);
  try {
    sessionStorage.setItem(TYPED, JSON.stringify(Object.fromEntries(typed)));
  } catch {
    // A browser that keeps nothing: it is typed again.
  }
}

/** @returns {Record<string, string>} */
function takeTyped() {
  try {
    const typed = sessionStorage.getItem(TYPED);
    sessionStorage.removeItem(TYPED);
    return JSON.parse(typed ?? "{}");
  } catch {
    return {};
  }
}

const typedBefore = takeTyped();

/** refill gives a field what it had when the page was loaded anew. @param {HTMLInputElement} field */
export function refill(field) {
  field.value = typedBefore[field.id] ?? field.value;
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<{status: number, body: any}>} status 0 without a network
 */
export async function send(path, body) {
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
export async function read(path) {
  try {
    const reply = await ask(path, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
    return reply.ok || reply.status === 401 ? await reply.json() : null;
  } catch {
    return null;
  }
}

/** wordOf is the word of a sentence on the page. @param {number} status */
export const wordOf = (status) => status === 0 ? "offline" : status === 429 ? "often" : "failed";

/**
 * @param {HTMLElement} card
 * @param {string} slot
 * @param {string} text
 */
export function fill(card, slot, text) {
  for (const place of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(`[data-slot="${slot}"]`))) {
    place.textContent = text;
    const line = /** @type {HTMLElement | null} */ (place.closest("[data-line]"));
    if (line) line.hidden = !text;
  }
}

/**
 * once does one thing at a time with a card.
 *
 * @param {HTMLElement} card
 * @param {() => Promise<void>} act
 */
export async function once(card, act) {
  if (card.dataset.busy) return;
  card.dataset.busy = "yes";
  try {
    await act();
  } finally {
    delete card.dataset.busy;
  }
}

// The list of phones, newest first. It is read again and again: a phone that is
// registered while the page is open appears by itself, and one that rings says so.

import { faultsForm, showInForce } from "./faults.js";
import { ownersOf, say } from "./words.js";

/**
 * @typedef {object} Phone
 * @property {number} authy_id
 * @property {string[]} owners
 * @property {number} country_code
 * @property {string} phone_number
 * @property {boolean} app_installed
 * @property {number} waiting requests that can be answered
 * @property {boolean} calling
 * @property {string[]} faults of this phone alone
 */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * @param {ParentNode} within
 * @param {string} selector
 */
const one = (within, selector) => /** @type {HTMLElement} */ (within.querySelector(selector));

const POLL_INTERVAL = 2000;
const list = byId("phones");
const search = /** @type {HTMLInputElement} */ (byId("q"));
const template = /** @type {HTMLTemplateElement} */ (document.getElementById("phone-line"));
const title = document.title;
const lines = () => /** @type {HTMLElement[]} */ ([...list.children]);
const ringing = new Set(lines().filter((line) => line.classList.contains("rings")).map((line) => line.dataset.authyId));

/** @param {Phone} phone */
function lineOf(phone) {
  const id = String(phone.authy_id);
  return lines().find((line) => line.dataset.authyId === id) ?? newLine(id, phone);
}

/**
 * @param {string} id
 * @param {Phone} phone
 */
function newLine(id, phone) {
  const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
  const line = /** @type {HTMLElement} */ (copy.firstElementChild);
  line.dataset.authyId = id;
  line.classList.add("new");
  one(line, "a").setAttribute("href", `/phones/${encodeURIComponent(id)}`);
  one(line, "form").setAttribute("action", `/phones/${encodeURIComponent(id)}/forget`);
  one(line, "[data-number]").textContent = `+${phone.country_code} ${phone.phone_number}`;
  if (search.value === "") announce(say("list.new", { owner: ownersOf(phone) }));
  return line;
}

/** @param {string} text */
function announce(text) {
  byId("announce").textContent = text;
}

/** @param {Phone} phone */
const rings = ({ calling, waiting }) => calling || waiting > 0;

/** @param {Phone} phone */
function stateOf({ calling, waiting, app_installed: app }) {
  if (calling) return say("list.calling");
  if (waiting) return say("list.waiting");
  return say(app ? "list.app" : "list.no_app");
}

/**
 * @param {HTMLElement} line
 * @param {Phone} phone
 */
function showState(line, phone) {
  const id = String(phone.authy_id);
  const owner = ownersOf(phone);
  one(line, "[data-owners]").textContent = owner;
  one(line, "summary").setAttribute("aria-label", say("list.forget_whose", { owner }));
  one(line, ".app-state").textContent = stateOf(phone);
  line.classList.toggle("rings", rings(phone));
  if (!rings(phone)) ringing.delete(id);
  else if (!ringing.has(id)) {
    ringing.add(id);
    announce(say("list.rings", { owner }));
  }
  showInForce(one(line, ".in-force"), phone.faults);
}

/**
 * place puts the lines in their order. A line that stays where it is keeps the focus;
 * where the one with the focus goes, the list has it.
 *
 * @param {HTMLElement[]} wanted
 */
function place(wanted) {
  for (const line of lines().filter((shown) => !wanted.includes(shown))) {
    const hadFocus = line.contains(document.activeElement);
    line.remove();
    if (hadFocus) byId("main").focus({ preventScroll: true });
  }
  wanted.forEach((line, i) => {
    if (list.children[i] !== line) list.insertBefore(line, list.children[i] ?? null);
  });
}

/** @param {{phones: Phone[], faults: string[]}} all */
function show({ phones, faults }) {
  const wanted = phones.map((phone) => {
    const line = lineOf(phone);
    showState(line, phone);
    return line;
  });
  place(wanted);
  byId("no-phones").hidden = phones.length > 0 || search.value !== "";
  byId("no-match").hidden = phones.length > 0 || search.value === "";
  showInForce(byId("faults-all"), faults);
  const count = phones.filter(rings).length;
  document.title = count ? `(${count}) ${title}` : title;
}

async function read() {
  const wanted = search.value;
  try {
    const reply = await fetch(`/?q=${encodeURIComponent(wanted)}`, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (reply.ok && wanted === search.value) show(await reply.json());
  } catch {
    // The simulator is away; asked again later.
  }
}

async function poll() {
  if (document.visibilityState === "visible") await read();
  setTimeout(poll, POLL_INTERVAL);
}

search.addEventListener("input", read);
byId("search").addEventListener("submit", (event) => event.preventDefault());
poll();
faultsForm(0, read);

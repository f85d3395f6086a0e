// The list of phones: a phone that is registered while the page is open
// appears by itself.

import { faultsForm } from "./faults.js";

/**
 * @typedef {object} Phone
 * @property {number} authy_id
 * @property {string} email
 * @property {number} country_code
 * @property {string} phone_number
 * @property {boolean} app_installed
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
const template = /** @type {HTMLTemplateElement} */ (document.getElementById("phone-line"));

/** @param {Phone} phone */
function lineOf(phone) {
  const id = String(phone.authy_id);
  const lines = /** @type {HTMLElement[]} */ ([...list.children]);
  return lines.find((line) => line.dataset.authyId === id) ?? newLine(id, phone);
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
  one(line, "[data-email]").textContent = phone.email;
  one(line, "[data-number]").textContent = `+${phone.country_code} ${phone.phone_number}`;
  byId("announce").textContent = `New phone: ${phone.email}`;
  return line;
}

/** @param {Phone[]} phones */
function show(phones) {
  const lines = phones.map((phone) => {
    const line = lineOf(phone);
    one(line, ".app-state").textContent = phone.app_installed ? "app installed" : "no app";
    return line;
  });
  const same = lines.length === list.children.length && lines.every((line, i) => line === list.children[i]);
  if (!same) list.replaceChildren(...lines);
  byId("no-phones").hidden = lines.length > 0;
}

async function poll() {
  if (document.visibilityState === "visible") {
    try {
      const reply = await fetch("/phones", { headers: { Accept: "application/json" }, cache: "no-store" });
      if (reply.ok) show(await reply.json());
    } catch {
      // The simulator is away; asked again below.
    }
  }
  setTimeout(poll, POLL_INTERVAL);
}

poll();
faultsForm(0);

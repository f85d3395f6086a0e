// Who signs in, and their phones.

import { opened } from "./focus.js";
import { all, byId } from "./page.js";
import { post, read } from "./server.js";

/** @typedef {{name: string, email: string, way: string, login: string, phone: string}} Person */

export const handset = /** @type {HTMLIFrameElement} */ (byId("handset"));

/** @type {Person[]} */
let people = [];
let chosen = 0;

export const current = () => people[chosen];

/** @param {string} name */
const first = (name) => name.split(" ")[0];

/** load asks who is ready, with which phones. */
export async function load() {
  people = await read("/stage/people");
  choose(chosen);
}

/** @param {number} i */
export function choose(i) {
  chosen = i % people.length;
  const person = people[chosen];
  for (const button of all("[data-person]")) {
    button.setAttribute("aria-pressed", String(button.dataset.person === String(chosen)));
  }
  byId("whose").textContent = person.name;
  handset.title = `Phone of ${person.name}`;
  if (handset.getAttribute("src") !== person.phone) handset.src = person.phone;
}

export function next() {
  choose(chosen + 1);
  return `${first(current().name)} is next.`;
}

/** leave closes the phone, which goes with a reset and comes again: its page would miss it. */
export async function leave() {
  chosen = 0;
  await opened(handset, "about:blank");
}

/**
 * tap sends what the phone's page sends.
 *
 * @param {"approve" | "deny"} answer
 */
export async function tap(answer) {
  const { name, phone } = current();
  const requests = await read(`${phone}/requests`);
  const open = requests.find((/** @type {{status: string}} */ { status }) => status === "pending");
  if (!open) throw new Error(`${first(name)}’s phone shows no request.`);
  await post(`${phone}/requests/${open.uuid}/${answer}`);
  return answer === "approve" ? `${first(name)} approved.` : `${first(name)} denied.`;
}

/** phoneId is Authy's id of the phone of whoever signs in. */
export const phoneId = () => current().phone.split("/").pop() ?? "";

// The phone is of the same origin: what stands beside it on its page is cut off here.
handset.addEventListener("load", () => {
  handset.contentDocument?.body.classList.add("on-stage");
});

// The code page: counts down to the next sending, and goes on when the sign-in
// is finished or ended in another way, by a tap for one.

import "./form.js";
import { Confirmation } from "./confirm.js";
import { Listener } from "./listen.js";

// Ends after which no code counts; the waiting page has the words for them.
const OVER = ["denied", "cancelled-by_user", "cancelled-superseded", "cancelled-signed_out", "cancelled-other_method"];

/** @typedef {import("./listen.js").State} State */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const { doneUrl = "", loginUrl = "", selfUrl = "", statusUrl = "", streamUrl = "", eventsUrl = "" } = byId("token-form").dataset;
// Both are there where a code can be sent, or the phone be asked again.
const row = /** @type {HTMLElement | null} */ (document.querySelector("[data-next-send]"));
const note = document.getElementById("next-send");
const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-send]")]);

// ---- the next code ----

/** @param {number} until by performance.now() */
function waitForSending(until) {
  const left = Math.ceil((until - performance.now()) / 1000);
  for (const button of buttons) {
    if (left > 0) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
  if (note) note.hidden = left <= 0;
  const timeLeft = note?.querySelector("[data-left]");
  if (timeLeft) timeLeft.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  if (left > 0) setTimeout(() => waitForSending(until), 1000);
}

for (const button of buttons) {
  button.form?.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) event.preventDefault();
  });
}

const seconds = Number(row?.dataset.nextSend ?? 0);
if (seconds > 0) waitForSending(performance.now() + seconds * 1000);

// ---- the sign-in, as it stands ----

const RELEASE_AFTER = 15000; // without an answer to a form the page listens again

let current = "pending";

/** @param {State} state */
function apply({ status, reason }) {
  if (status === current && status === "signed_in") return;
  if (status === "signed_in" && confirmation.posting) return; // asked again after the answer
  current = status;
  if (status === "pending") return listener.start();
  listener.stop();
  if (status === "approved") confirmation.send();
  else if (status === "signed_in") location.replace(doneUrl);
  else if (status === "signed_out") location.replace(loginUrl);
  else if (OVER.includes(reason ? `${status}-${reason}` : status)) location.replace(selfUrl);
}

/** @param {string} name */
function say(name) {
  for (const element of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-message]"))) {
    element.hidden = element.dataset.message !== name;
  }
}

const listener = new Listener({ events: eventsUrl, stream: streamUrl, status: statusUrl }, {
  state: apply,
  transport: () => {},
  gone: () => location.replace(loginUrl),
  blocked: () => {}, // the forms of this page work without it
});

const confirmation = new Confirmation(/** @type {HTMLFormElement} */ (byId("confirm-form")), {
  check: () => listener.check(),
  state: () => current,
  say,
  selfUrl,
  doneUrl,
});

// The answer to a form leads on, and may bring the cookie of a new session: the
// page must not leave for an event that is faster.
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  listener.stop();
  setTimeout(() => listener.start(), RELEASE_AFTER);
});

document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && listener.wake());
addEventListener("online", () => listener.wake(true));
addEventListener("pagehide", () => listener.stop());
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (current === "pending") listener.start();
  listener.wake(true);
});

listener.start();

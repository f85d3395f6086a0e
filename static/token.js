// The code page: counts down to the next sending, and notices when the
// sign-in was finished or ended elsewhere.

import "./form.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("token-form"));
const row = /** @type {HTMLElement} */ (document.querySelector("[data-next-send]"));
const note = /** @type {HTMLElement} */ (document.getElementById("next-send"));
const secondsLeft = /** @type {HTMLElement} */ (note.querySelector("[data-seconds]"));
const buttons = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("[data-send]")]);

/** @param {number} until by performance.now() */
function waitForSending(until) {
  const left = Math.ceil((until - performance.now()) / 1000);
  for (const button of buttons) {
    if (left > 0) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
  note.hidden = left <= 0;
  secondsLeft.textContent = String(Math.max(0, left));
  if (left > 0) setTimeout(() => waitForSending(until), 1000);
}

for (const button of buttons) {
  button.form?.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) event.preventDefault();
  });
}

const seconds = Number(row.dataset.nextSend);
if (seconds > 0) waitForSending(performance.now() + seconds * 1000);

async function checkStatus() {
  if (document.visibilityState !== "visible") return;
  const { statusUrl = "", loginUrl = "", doneUrl = "" } = form.dataset;
  try {
    const reply = await fetch(statusUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (reply.status === 401) location.replace(loginUrl);
    else if (reply.ok && (await reply.json()).status === "signed_in") location.replace(doneUrl);
  } catch {
    // No network: the form says so when it is sent.
  }
}

document.addEventListener("visibilitychange", checkStatus);
addEventListener("pageshow", (event) => event.persisted && checkStatus());

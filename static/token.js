// The code page: counts down to the next sending, and notices when the
// sign-in was finished or ended elsewhere.

import "./form.js";

const form = document.getElementById("token-form");
const row = document.querySelector("[data-next-send]");
const note = document.getElementById("next-send");
const buttons = [...document.querySelectorAll("[data-send]")];

function waitForSending(until) {
  const left = Math.ceil((until - performance.now()) / 1000);
  for (const button of buttons) {
    if (left > 0) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }
  note.hidden = left <= 0;
  note.querySelector("[data-seconds]").textContent = String(Math.max(0, left));
  if (left > 0) setTimeout(() => waitForSending(until), 1000);
}

for (const button of buttons) {
  button.form.addEventListener("submit", (event) => {
    if (button.getAttribute("aria-disabled")) event.preventDefault();
  });
}

const seconds = Number(row.dataset.nextSend);
if (seconds > 0) waitForSending(performance.now() + seconds * 1000);

async function look() {
  if (document.visibilityState !== "visible") return;
  try {
    const reply = await fetch(form.dataset.statusUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (reply.status === 401) location.replace(form.dataset.loginUrl);
    else if (reply.ok && (await reply.json()).status === "signed_in") location.replace(form.dataset.doneUrl);
  } catch {
    // No network: the form says so when it is sent.
  }
}

document.addEventListener("visibilitychange", look);
addEventListener("pageshow", (event) => event.persisted && look());

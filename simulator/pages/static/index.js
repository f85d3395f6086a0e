// The list of phones: a phone that is registered while the page is open
// appears by itself.

import { faultsForm } from "./faults.js";

const LOOK = 2000;
const list = document.getElementById("phones");
const lineTemplate = document.getElementById("phone-line");

function lineOf(phone) {
  const id = String(phone.authy_id);
  const known = [...list.children].find((line) => line.dataset.authyId === id);
  if (known) return known;
  const line = lineTemplate.content.cloneNode(true).firstElementChild;
  line.dataset.authyId = id;
  line.classList.add("new");
  line.querySelector("a").href = `/phones/${encodeURIComponent(id)}`;
  line.querySelector("[data-email]").textContent = phone.email;
  line.querySelector("[data-number]").textContent = `+${phone.country_code} ${phone.phone_number}`;
  document.getElementById("announce").textContent = `New phone: ${phone.email}`;
  return line;
}

function show(phones) {
  const lines = phones.map((phone) => {
    const line = lineOf(phone);
    line.querySelector(".app-state").textContent = phone.app_installed ?? phone.devices.length > 0 ? "app installed" : "no app";
    return line;
  });
  const same = lines.length === list.children.length && lines.every((line, i) => line === list.children[i]);
  if (!same) list.replaceChildren(...lines);
  document.getElementById("no-phones").hidden = lines.length > 0;
}

async function look() {
  if (document.visibilityState === "visible") {
    try {
      const reply = await fetch("/phones", { headers: { Accept: "application/json" }, cache: "no-store" });
      if (reply.ok) show(await reply.json());
    } catch {
      // The simulator is away; asked again below.
    }
  }
  setTimeout(look, LOOK);
}

look();
faultsForm(0);

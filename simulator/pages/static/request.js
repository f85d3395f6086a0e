// The requests of a phone: those that wait, as cards; those that are
// answered, for a moment as cards that say so and then as lines of a list.

import { clockTime, timeLeft } from "./time.js";

const STAYS = 9000; // how long an answered card stays
const cards = new Map(); // uuid → {card, request, doneAt}

const byId = (id) => document.getElementById(id);
const clone = (id) => byId(id).content.cloneNode(true).firstElementChild;

const ends = {
  approved: ["Approved", "The browser that asked is let in."],
  denied: ["Denied", "Nobody is let in."],
  expired: ["Too late", "The time to answer is over."],
};

// Requests keeps #pending and #history as the state says. post(path) sends an
// answer and resolves to a sentence of what went wrong, "" if nothing did.
export class Requests {
  #post;
  #announce;
  #first = true;

  constructor(post, announce) {
    this.#post = post;
    this.#announce = announce;
  }

  // show returns how many wait, and whether one of them is new.
  show(requests) {
    let fresh = null;
    for (const request of [...requests].reverse()) {
      if (request.status === "pending" && !cards.has(request.uuid)) {
        this.#add(request);
        fresh = request;
      } else if (cards.has(request.uuid)) this.#update(request);
    }
    const told = new Set(requests.map((r) => r.uuid));
    for (const uuid of cards.keys()) if (!told.has(uuid)) this.#remove(uuid);
    if (fresh) {
      // A new question takes the place of older answers.
      for (const [uuid, { doneAt }] of cards) if (doneAt) this.#remove(uuid);
      this.#announce(`New request: ${fresh.message}`);
    }
    this.#list(requests);
    this.#first = false;
    return { waiting: requests.filter((r) => r.status === "pending").length, fresh };
  }

  // tick moves the countdowns, and answered cards to the list.
  tick() {
    for (const [uuid, entry] of cards) {
      if (entry.doneAt && performance.now() - entry.doneAt > STAYS) this.#remove(uuid);
      else if (!entry.doneAt) countdown(entry);
    }
    this.#list(this.last ?? []);
  }

  #add(request) {
    const card = clone("request-card");
    card.querySelector(".ask").textContent = request.message;
    showLogo(card, request);
    showDetails(card, request);
    for (const button of card.querySelectorAll("[data-answer]")) {
      button.addEventListener("click", () => this.#answer(request.uuid, button.dataset.answer));
    }
    if (this.#first) card.classList.add("still");
    const entry = { card, request, doneAt: 0 };
    cards.set(request.uuid, entry);
    byId("pending").prepend(card);
    countdown(entry);
  }

  #update(request) {
    const entry = cards.get(request.uuid);
    const was = entry.request.status;
    entry.request = request;
    if (was !== "pending" || request.status === "pending") return;
    entry.doneAt = performance.now();
    const { card } = entry;
    const focused = card.contains(document.activeElement);
    const [title, sentence] = ends[request.status] ?? [request.status, ""];
    card.dataset.status = request.status;
    card.querySelector(".done-text").textContent = title;
    card.querySelector(".done-sub").textContent = sentence;
    card.querySelector(".done").hidden = false;
    for (const part of card.querySelectorAll(".compare, .details, .left, .answer, .trouble")) part.hidden = true;
    if (focused) card.focus();
    this.#announce(`${title}: ${request.message}`);
  }

  #remove(uuid) {
    cards.get(uuid).card.remove();
    cards.delete(uuid);
  }

  async #answer(uuid, answer) {
    const { card } = cards.get(uuid);
    const trouble = card.querySelector(".trouble");
    const buttons = card.querySelectorAll("[data-answer]");
    if (buttons[0].getAttribute("aria-disabled")) return;
    for (const button of buttons) button.setAttribute("aria-disabled", "true");
    const wrong = await this.#post(`/requests/${encodeURIComponent(uuid)}/${answer}`);
    for (const button of buttons) button.removeAttribute("aria-disabled");
    trouble.textContent = wrong;
    trouble.hidden = !wrong || cards.get(uuid)?.doneAt > 0;
  }

  #list(requests) {
    this.last = requests;
    const old = requests.filter((r) => r.status !== "pending" && !cards.has(r.uuid));
    const key = old.map((r) => r.uuid + r.status).join();
    byId("calm").hidden = cards.size > 0;
    if (key === this.listed) return;
    this.listed = key;
    byId("history-part").hidden = old.length === 0;
    byId("history").replaceChildren(...old.map(historyLine));
  }
}

function historyLine(request) {
  const line = clone("history-line");
  line.querySelector(".history-what").textContent = request.message;
  line.querySelector(".history-when").textContent = clockTime(request.created_at, true);
  const chip = line.querySelector(".chip");
  chip.textContent = (ends[request.status] ?? [request.status])[0];
  chip.dataset.status = request.status;
  return line;
}

function showLogo(card, request) {
  const img = card.querySelector("img.logo");
  const letter = card.querySelector(".letter");
  letter.textContent = document.body.dataset.appName.slice(0, 1);
  if (!/^https?:/.test(request.logo)) return;
  img.addEventListener("load", () => ((img.hidden = false), (letter.hidden = true)));
  img.src = request.logo;
}

// A detail called "Number" is the one to compare: it is shown large.
function showDetails(card, request) {
  const number = request.details_list.find((d) => d.label === "Number");
  card.querySelector(".compare").hidden = !number;
  card.querySelector(".compare-number").textContent = number ? number.value : "";
  const rest = request.details_list.filter((d) => d !== number);
  card.querySelector(".details").replaceChildren(...rest.map(({ label, value }) => {
    const line = clone("detail-line");
    line.querySelector("dt").textContent = label;
    line.querySelector("dd").textContent = value;
    return line;
  }));
}

function countdown({ card, request }) {
  const line = card.querySelector(".left");
  line.hidden = !request.expires_at;
  if (!request.expires_at) return;
  const whole = Date.parse(request.expires_at) - Date.parse(request.created_at);
  const left = timeLeft(request.expires_at);
  const seconds = Math.ceil(left / 1000);
  const bar = line.querySelector("progress");
  bar.max = whole;
  bar.value = left;
  line.querySelector(".left-text").textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  line.classList.toggle("soon", seconds <= 20);
}


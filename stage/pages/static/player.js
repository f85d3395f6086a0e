// Plays a recorded sign-in from the disk: what the wire told, when, and what browser
// and phone showed. It has no server to ask.

import { Diagram } from "./diagram.js";
import { showFlips } from "./flip.js";
import { showHop } from "./hop.js";
import { byId } from "./page.js";

/** @typedef {{title: string, number?: string, lines?: string[], tone?: string}} Screen */
/** @typedef {import("./diagram.js").Step & {at: number, hop: import("./hop.js").Hop, browser?: Screen, phone?: Screen}} Step */

/** @type {{began: string, steps: Step[], flips: import("./flip.js").Flip[] | null}} */
const { began, steps, flips } = JSON.parse(byId("recording").textContent ?? "");

const LONGEST = 1500; // milliseconds that nothing happens: people take their time

let shown = 0; // steps
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

const diagram = new Diagram(byId("hops"), (id) => {
  const one = steps.find((candidate) => candidate.id === id);
  if (one) showHop(one.text, one.hop);
});

/**
 * @param {HTMLElement} view
 * @param {Screen | undefined} screen
 */
function showScreen(view, screen) {
  const { title = "", number = "", lines = [], tone = "" } = screen ?? {};
  view.className = `screen ${tone}`;
  view.replaceChildren(...[["h3", title], ["strong", number], ...lines.map((line) => ["p", line])].filter(([, text]) => text).map(([tag, text]) => {
    const element = document.createElement(tag);
    element.textContent = text;
    return element;
  }));
}

/** @param {"browser" | "phone"} of */
function screenNow(of) {
  for (let i = shown - 1; i >= 0; i--) if (steps[i][of]) return steps[i][of];
  return undefined;
}

/** @param {number} count */
function show(count) {
  shown = Math.min(steps.length, Math.max(0, count));
  diagram.show(steps.slice(0, shown));
  showScreen(byId("browser-screen"), screenNow("browser"));
  showScreen(byId("phone-screen"), screenNow("phone"));
  const last = steps[shown - 1];
  showFlips((flips ?? []).filter(({ seen }) => last && seen <= last.id));
  byId("said").textContent = last ? `${shown} of ${steps.length}: ${last.text}` : "Press the space bar to play it.";
}

function pause() {
  clearTimeout(timer);
  timer = undefined;
  byId("play").textContent = "Play";
}

/** forward shows the next step, and the one after it when it came. */
function forward() {
  show(shown + 1);
  if (shown === steps.length) return pause();
  timer = setTimeout(forward, Math.min(LONGEST, steps[shown].at - steps[shown - 1].at));
}

function play() {
  if (timer) return pause();
  if (shown === steps.length) show(0);
  byId("play").textContent = "Pause";
  forward();
}

/** @param {number} by */
function step(by) {
  pause();
  show(shown + by);
}

/** @type {Record<string, () => void>} */
const keys = { " ": play, ArrowRight: () => step(1), ArrowLeft: () => step(-1), Home: () => step(-shown), End: () => step(steps.length) };

addEventListener("keydown", (event) => {
  const busy = document.querySelector("dialog[open]") || event.target instanceof Element && event.target.closest("button, [role=button]");
  const act = keys[event.key];
  if (!act || busy && event.key === " " || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});
byId("play").addEventListener("click", play);
byId("next").addEventListener("click", () => step(1));
byId("back").addEventListener("click", () => step(-1));
byId("began").textContent = new Date(began).toLocaleString();
byId("began").setAttribute("datetime", began);
show(0);

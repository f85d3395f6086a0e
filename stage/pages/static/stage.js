// The stage: what a presenter does, by keys and buttons. It decides nothing: the frame
// is the application, the phone is the phone, and the rest is asked of the server.

import { fitFrames } from "./frames.js";
import { openCallback, play } from "./callback.js";
import { Clock } from "./clock.js";
import { Diagram } from "./diagram.js";
import { showFlips } from "./flip.js";
import { follow } from "./live.js";
import { scenes, told } from "./scenes.js";

/** @typedef {{name: string, email: string, way: string, login: string, phone: string}} Person */

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} selector */
const all = (selector) => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(selector)]);

const app = /** @type {HTMLIFrameElement} */ (byId("app"));
const handset = /** @type {HTMLIFrameElement} */ (byId("handset"));
const keys = /** @type {HTMLDialogElement} */ (byId("keys"));

/** @type {Person[]} */
let people = [];
let chosen = 0;

// ---- what the server is asked ----

/**
 * @param {string} path
 * @param {Record<string, string>} form
 */
async function post(path, form = {}) {
  const reply = await fetch(path, { method: "POST", body: new URLSearchParams(form) });
  if (!reply.ok) throw new Error((await reply.text()).trim() || `${path}: ${reply.status}`);
  return reply;
}

/**
 * @param {string} text
 * @param {boolean} wrong
 */
function say(text, wrong = false) {
  byId("said").textContent = text;
  byId("said").classList.toggle("wrong", wrong);
}

/**
 * attempt does something and says what became of it.
 *
 * @param {() => Promise<string>} what
 */
async function attempt(what) {
  try {
    say(await what());
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), true);
  }
}

async function load() {
  people = await (await fetch("/stage/people", { cache: "no-store" })).json();
  choose(chosen);
}

// ---- people ----

/** @param {number} i */
function choose(i) {
  chosen = i % people.length;
  const person = people[chosen];
  for (const button of all("[data-person]")) {
    button.setAttribute("aria-pressed", String(button.dataset.person === String(chosen)));
  }
  byId("whose").textContent = person.name;
  handset.title = `Phone of ${person.name}`;
  if (handset.getAttribute("src") !== person.phone) handset.src = person.phone;
}

// A page in a frame may take the keys by itself, for its heading or a field. They come
// back to the stage at once, but from the form that is about to be sent, and where the
// presenter has gone into the frame by pointer or Tab.
let formComes = false;
let lent = false;

addEventListener("keydown", ({ key }) => {
  if (key === "Tab") lend();
}, true);

function lend() {
  lent = true;
  setTimeout(() => (lent = false), 300);
}

addEventListener("blur", () => setTimeout(takeBack));

function takeBack() {
  const frame = document.activeElement;
  if (!(frame instanceof HTMLIFrameElement) || lent || frame.matches(":hover")) return;
  frame.blur();
  window.focus();
}

function signIn() {
  formComes = true;
  app.src = people[chosen].login;
  return Promise.resolve("Now press Enter.");
}

app.addEventListener("load", () => {
  if (formComes) {
    lend();
    app.focus();
  } else {
    lent = false; // also where the form was sent within a moment
    takeBack();
  }
  formComes = false;
});

// The phone is of the same origin: what stands beside it on its page is cut off here.
handset.addEventListener("load", () => {
  handset.contentDocument?.body.classList.add("on-stage");
});

/** @param {string} name */
const firstName = (name) => name.split(" ")[0];

/**
 * tap sends what the phone's page sends.
 *
 * @param {"approve" | "deny"} answer
 */
async function tap(answer) {
  const { name, phone } = people[chosen];
  const who = firstName(name);
  const requests = await (await fetch(`${phone}/requests`, { cache: "no-store" })).json();
  const open = requests.find((/** @type {{status: string}} */ { status }) => status === "pending");
  if (!open) throw new Error(`${who}’s phone shows no request.`);
  await post(`${phone}/requests/${open.uuid}/${answer}`);
  return answer === "approve" ? `${who} approved.` : `${who} denied.`;
}

/** @param {string} how */
async function trick(how) {
  byId("callback-said").textContent = "";
  try {
    await play(how, people[chosen].phone.split("/").pop() ?? "");
  } catch (error) {
    byId("callback-said").textContent = error instanceof Error ? error.message : String(error);
    throw error;
  }
  return "";
}

/**
 * opened is when the browser shows a page: one that is asked for next would else be
 * taken for this one.
 *
 * @param {string} page
 */
function opened(page) {
  return new Promise((done) => {
    app.addEventListener("load", done, { once: true });
    app.src = page;
  });
}

async function reset() {
  handset.src = "about:blank"; // its phone goes, and comes again
  await post("/stage/reset");
  chosen = 0;
  await load();
  await opened(`${document.body.dataset.app}/login`);
  clock.reset();
  return "As at the start.";
}

// ---- scenes ----

let scene = -1;

/** @param {number} to before the first there is none */
async function goTo(to) {
  scene = Math.min(scenes.length - 1, Math.max(-1, to));
  byId("scene").hidden = scene < 0;
  const said = await reset();
  if (scene < 0) return said;
  const { title, text, person, faults } = scenes[scene];
  byId("scene-title").textContent = `${scene + 1} of ${scenes.length}: ${title}`;
  byId("scene-text").textContent = text;
  choose(person);
  if (faults) await post("/faults", faults);
  checkScene();
  return said;
}

function checkScene() {
  const asTold = scene >= 0 && told(scenes[scene], steps.map((step) => step.text));
  byId("scene").classList.toggle("as-told", asTold);
  byId("scene-check").textContent = asTold ? "✓ as told" : "";
}

// ---- acts ----

/** @type {Record<string, () => Promise<string>>} */
const acts = {
  signin: signIn,
  approve: () => tap("approve"),
  deny: () => tap("deny"),
  next: async () => { choose(chosen + 1); return `${firstName(people[chosen].name)} is next.`; },
  reset: () => scene < 0 ? reset() : goTo(scene),
  onwards: () => goTo(scene + 1),
  back: () => goTo(scene - 1),
  callback: async () => { await openCallback(); return ""; },
  replay: () => trick("replay"),
  change: () => trick("change"),
  late: () => trick("late"),
  unsigned: () => trick("unsigned"),
  browser: async () => toggle("browser"),
  phone: async () => toggle("phone"),
  wire: async () => toggle("wire"),
  larger: async () => type(1),
  smaller: async () => type(-1),
  clock: async () => { clock.toggle(); return ""; },
  screen: async () => {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
    return "";
  },
  keys: async () => { keys.showModal(); return ""; },
};

/** @type {Record<string, string>} */
const byKey = {
  s: "signin", a: "approve", d: "deny", n: "next", x: "reset", c: "callback", r: "replay", b: "change", l: "late", u: "unsigned", 1: "browser", 2: "phone", 3: "wire",
  arrowright: "onwards", arrowleft: "back", "+": "larger", "=": "larger", "-": "smaller", t: "clock", f: "screen", "?": "keys",
};

addEventListener("keydown", (event) => {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement;
  if (typing || document.querySelector("dialog[open]:not(#callback)") || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const name = byKey[event.key.toLowerCase()];
  if (!name) return;
  event.preventDefault();
  attempt(acts[name]);
});

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-do], [data-person], [data-trick]")) : null;
  if (!button) return;
  if (button.dataset.trick) attempt(acts[button.dataset.trick]);
  else if (button.dataset.do) attempt(acts[button.dataset.do]);
  else choose(Number(button.dataset.person));
});

/** @param {string} id */
function toggle(id) {
  byId(id).hidden = !byId(id).hidden;
  const shown = all(".pane").filter((pane) => !pane.hidden).length;
  byId("panes").dataset.shown = String(shown);
  return "";
}

const types = ["", "large", "huge"];

/** @param {number} step */
function type(step) {
  const now = types.indexOf(document.documentElement.dataset.type ?? "");
  document.documentElement.dataset.type = types[Math.min(types.length - 1, Math.max(0, now + step))];
  return "";
}

// ---- the wire ----

/** @param {number} id */
async function openHop(id) {
  const hop = await (await fetch(`/stage/hops/${id}`)).json();
  byId("hop-title").textContent = steps.find((step) => step.id === id)?.text ?? "A hop";
  byId("hop-facts").textContent = `${hop.from} → ${hop.to}, ${hop.size} bytes, at ${new Date(hop.at).toLocaleTimeString()}${hop.note ? `, ${hop.note}` : ""}`;
  byId("hop-head").textContent = hop.head ?? "";
  byId("hop-body").textContent = hop.body ?? "";
  /** @type {HTMLDialogElement} */ (byId("hop")).showModal();
}

/** @type {import("./diagram.js").Step[]} */
let steps = [];
const diagram = new Diagram(byId("hops"), (id) => attempt(async () => { await openHop(id); return ""; }));

follow("/stage/events", (/** @type {{steps: typeof steps | null, flips: import("./flip.js").Flip[] | null}} */ state) => {
  steps = state.steps ?? [];
  diagram.show(steps);
  checkScene();
  showFlips(state.flips ?? []);
});

const clock = new Clock(byId("clock"));

fitFrames();
attempt(async () => { await load(); return ""; });

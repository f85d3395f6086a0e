// The stage: what a presenter does, by keys and buttons. It decides nothing: the frame
// is the application, the phone is the phone, and the rest is asked of the server.

import { openCallback, play } from "./callback.js";
import { check } from "./check.js";
import { Clock } from "./clock.js";
import { Diagram } from "./diagram.js";
import { showFlips } from "./flip.js";
import { lend, opened, takeBack, watchKeys } from "./focus.js";
import { fitFrames } from "./frames.js";
import { showHop } from "./hop.js";
import { follow } from "./live.js";
import { byId, dialog } from "./page.js";
import { choose, current, handset, leave, load, next, phoneId, tap } from "./people.js";
import { scenes, told } from "./scenes.js";
import { post, read, wordsOf } from "./server.js";
import { Wall } from "./wall.js";

const app = /** @type {HTMLIFrameElement} */ (byId("app"));

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
 * @param {() => Promise<string | void>} what
 */
async function attempt(what) {
  try {
    say(await what() ?? "");
  } catch (error) {
    say(wordsOf(error), true);
  }
}

// ---- reset and scenes ----

async function reset() {
  takeBack(app);
  await leave();
  await post("/stage/reset");
  await Promise.all([load(), opened(app, `${document.body.dataset.app}/login`)]);
  clock.reset();
  return "As at the start.";
}

let scene = -1;
let walks = 0;
/** @type {Promise<void>} */
let opening = Promise.resolve(); // of the opening state, which the next one and the sign-in form wait for

/** @param {number} to before the first there is none */
async function goTo(to) {
  const walk = ++walks;
  scene = Math.max(-1, to);
  byId("scene").hidden = scene < 0;
  if (scene >= 0) {
    byId("scene-title").textContent = `${scene + 1} of ${scenes.length}: ${scenes[scene].title}`;
    byId("scene-text").textContent = scenes[scene].text;
  }
  await opening;
  return walk === walks ? setUp(walk) : undefined; // who walks on meanwhile sets up another one
}

/** @param {number} walk */
async function setUp(walk) {
  const said = await reset();
  if (scene < 0 || walk !== walks) return said;
  const { person, faults, rival } = scenes[scene];
  choose(person);
  if (faults) await post("/faults", faults);
  if (rival) await post("/stage/rival", { how: rival });
  checkScene();
  return said;
}

function checkScene() {
  const asTold = scene >= 0 && told(scenes[scene], steps.map((step) => step.text));
  byId("scene").classList.toggle("as-told", asTold);
  byId("scene-check").textContent = asTold ? "✓ as told" : "";
}

// ---- acts ----

const PRESS_ENTER = "Now press Enter.";
const FORM_SENT = "The browser sends e-mail and password";

/** @type {Record<string, () => Promise<string | void>>} */
const acts = {
  signin: async () => {
    await opening;
    await lend(app, current().login);
    return PRESS_ENTER;
  },
  approve: () => tap("approve"),
  deny: () => tap("deny"),
  next: async () => next(),
  reset: () => goTo(scene),
  onwards: async () => scene + 1 < scenes.length ? goTo(scene + 1) : "That was the last scene.",
  back: () => goTo(scene - 1),
  callback: openCallback,
  replay: () => play("replay", phoneId()),
  change: () => play("change", phoneId()),
  late: () => play("late", phoneId()),
  old: () => play("old", phoneId()),
  unsigned: () => play("unsigned", phoneId()),
  check,
  export: async () => openExport(),
  browser: async () => toggle("browser"),
  phone: async () => toggle("phone"),
  wire: async () => toggle("wire"),
  larger: async () => type(1),
  smaller: async () => type(-1),
  wall: async () => showWall(!wall.isShown),
  everybody: async () => {
    showWall(true);
    const { asked } = await (await post("/stage/everybody")).json();
    return asked ? `${asked} sign in.` : "Nobody is there to ask.";
  },
  clock: async () => clock.toggle(),
  screen: () => document.fullscreenElement ? document.exitFullscreen() : document.documentElement.requestFullscreen(),
  real: async () => dialog("real").showModal(),
  keys: async () => dialog("keys").showModal(),
};

/** @type {Record<string, string>} */
const byKey = {
  s: "signin", a: "approve", d: "deny", n: "next", x: "reset",
  c: "callback", r: "replay", b: "change", l: "late", o: "old", u: "unsigned",
  k: "check", e: "export", p: "real", w: "wall", g: "everybody", 1: "browser", 2: "phone", 3: "wire",
  arrowright: "onwards", arrowleft: "back", "+": "larger", "=": "larger", "-": "smaller", t: "clock", f: "screen", "?": "keys",
};

const begins = ["reset", "onwards", "back"];

/** @param {string} name */
function run(name) {
  const done = attempt(acts[name]);
  if (begins.includes(name)) opening = done;
}

/** @param {KeyboardEvent} event */
function act(event) {
  const typing = /** @type {Element} */ (event.target).closest("input, textarea, select, [role=tab]");
  if (typing || document.querySelector("dialog[open]:not(#callback)") || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const name = byKey[event.key.toLowerCase()];
  if (!name) return;
  event.preventDefault();
  run(name);
}

// The phone is of the same origin: after a click on it the keys still mean the same.
addEventListener("keydown", act);
handset.addEventListener("load", () => handset.contentWindow?.addEventListener("keydown", act));

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-do], [data-person]")) : null;
  if (!button) return;
  if (button.dataset.do) run(button.dataset.do);
  else choose(Number(button.dataset.person));
});

/** @param {string} id */
function toggle(id) {
  byId(id).hidden = !byId(id).hidden;
}

const types = ["", "large", "huge"];

/** @param {number} step */
function type(step) {
  const now = types.indexOf(document.documentElement.dataset.type ?? "");
  document.documentElement.dataset.type = types[Math.min(types.length - 1, Math.max(0, now + step))];
}

// ---- the room ----

const wall = new Wall();

/** @param {boolean} shown */
function showWall(shown) {
  if (!document.body.dataset.lan) throw new Error("There is no room: nod demo --lan opens one.");
  wall.show(shown);
}

// ---- the wire ----

/** @param {number} id */
async function openHop(id) {
  showHop(steps.find((step) => step.id === id)?.text ?? "A hop", await read(`/stage/hops/${id}`));
}

function openExport() {
  byId("export-none").hidden = steps.length > 0;
  byId("export-some").hidden = steps.length === 0;
  dialog("export").showModal();
}

/**
 * @param {string} text
 * @param {string} tone
 */
function showOther(text, tone) {
  byId("other").hidden = !text;
  byId("other").className = `other ${tone}`;
  byId("other-text").textContent = text;
}

/** @type {import("./diagram.js").Step[]} */
let steps = [];
const diagram = new Diagram(byId("hops"), (id) => attempt(() => openHop(id)));

/** @typedef {{steps: typeof steps | null, flips: import("./flip.js").Flip[] | null, other: {text: string, tone: string}}} State */

follow("/stage/events", (/** @type {State} */ state) => {
  const begun = steps[0]?.id;
  steps = state.steps ?? [];
  if (steps[0]?.id !== begun && steps[0]?.text === FORM_SENT) {
    takeBack(app);
    if (byId("said").textContent === PRESS_ENTER) say("");
  }
  byId("wire-empty").hidden = steps.length > 0;
  byId("hops").hidden = steps.length === 0;
  diagram.show(steps);
  showFlips(state.flips ?? [], "No browser has seen a tap yet: press A once the phone asks.");
  showOther(state.other.text, state.other.tone);
  checkScene();
});

const clock = new Clock(byId("clock"));

watchKeys(app);
fitFrames();
attempt(load);

// The stage check: what is tried before one goes on, by the server and by this browser.

import { byId, dialog } from "./page.js";
import { post, wordsOf } from "./server.js";

/** @typedef {{ok: boolean, said: string, do?: string}} Tried */

/**
 * needs are what the stage uses of a browser, and since when there is such a thing.
 *
 * @type {[string, () => boolean][]}
 */
const needs = [
  ["dialogs", () => "showModal" in HTMLDialogElement.prototype],
  ["watching sizes", () => "ResizeObserver" in window],
  ["WebSockets", () => "WebSocket" in window],
  ["full screen", () => "requestFullscreen" in document.documentElement],
  ["heights that follow the window", () => CSS.supports("height", "100dvh")],
];

/** @returns {Tried} */
export function tryBrowser() {
  const lacking = needs.filter(([, has]) => !has()).map(([what]) => what);
  return lacking.length === 0
    ? { ok: true, said: "It has all that the stage uses." }
    : { ok: false, said: `It lacks ${lacking.join(", ")}.`, do: "Use Chrome 109, Firefox 115, Safari 16.4, or later." };
}

/** @type {[string, string][]} */
const checks = [
  ["callback", "Callback"], ["socket", "WebSocket"], ["clock", "Clock"], ["ports", "Ports"], ["network", "Network"], ["browser", "Browser"],
];

/** @param {string} what */
async function attempt(what) {
  if (what === "browser") return tryBrowser();
  try {
    return await (await post("/stage/check", { what, now: String(Date.now()) })).json();
  } catch (error) {
    return { ok: false, said: wordsOf(error), do: "Start nod demo anew." };
  }
}

/**
 * @param {string} tag
 * @param {string} text
 * @param {string} name
 */
function element(tag, text, name = "") {
  const made = document.createElement(tag);
  made.textContent = text;
  made.className = name;
  return made;
}

/** @param {string} name */
function line(name) {
  const row = element("li", "", "trying");
  const mark = element("span", "…", "mark");
  const words = element("p", "");
  words.append(element("strong", name), " ", element("span", "is being tried"));
  row.append(mark, words);
  return row;
}

/**
 * @param {HTMLElement} row
 * @param {string} name
 * @param {Tried} tried
 */
function show(row, name, tried) {
  row.className = tried.ok ? "yes" : "no";
  const mark = element("span", tried.ok ? "✓" : "✗", "mark");
  mark.setAttribute("role", "img");
  mark.setAttribute("aria-label", tried.ok ? "in order" : "wrong");
  const words = element("p", "");
  words.append(element("strong", name), " ", element("span", tried.said));
  if (tried.do) words.append(" ", element("span", tried.do, "do"));
  row.replaceChildren(mark, words);
}

/** check tries everything, and shows each as soon as it is known. */
export async function check() {
  const rows = checks.map(([, name]) => line(name));
  byId("check-list").replaceChildren(...rows);
  byId("check-said").textContent = "";
  if (!dialog("check").open) dialog("check").showModal();
  const all = await Promise.all(checks.map(async ([what, name], i) => {
    const tried = await attempt(what);
    show(rows[i], name, tried);
    return tried.ok;
  }));
  const wrong = all.filter((ok) => !ok).length;
  byId("check-said").textContent = wrong === 0 ? "All is in order: go on." : `${wrong} of ${all.length} to mend first.`;
  byId("check-said").className = wrong === 0 ? "met" : "refused";
}

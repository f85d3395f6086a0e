// Makes an app of the phone's page: how that is done in this browser, while it is none,
// and the worker, which has a page for when there is no network.

import { keepTyped } from "./ownpage.js";

const steps = /** @type {HTMLDetailsElement | null} */ (document.getElementById("install"));
const button = document.getElementById("install-now");
const updated = document.getElementById("updated");

/** @typedef {Event & {prompt: () => Promise<unknown>}} InstallEvent */

// An app has no bar with an address; iOS says it in a way of its own.
const installed = () => matchMedia("(display-mode: standalone)").matches || Boolean(/** @type {{standalone?: boolean}} */ (navigator).standalone);

/** browser is the name of the drawn steps; "" where there are none, on a computer. */
function browser() {
  const { userAgent, maxTouchPoints } = navigator;
  if (/iPhone|iPad/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1)) return "ios";
  if (!/Android/.test(userAgent)) return "";
  return /Firefox/.test(userAgent) ? "firefox" : "android";
}

/**
 * showSteps shows how this page becomes an app, where it is none yet: to a phone, and
 * before it is one. On iOS that comes before all else: an app keeps nothing in common
 * with the browser.
 *
 * @param {string} state of the page
 */
export function showSteps(state) {
  if (!steps) return;
  const before = state === "none";
  if (!before) document.getElementById("ownphone")?.append(steps); // behind what is asked
  const name = browser();
  steps.hidden = installed() || name === "" || !(before || state === "ready");
  if (before && name === "ios" && !steps.hidden) steps.open = true;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (steps.querySelectorAll("[data-steps]"))) part.hidden = part.dataset.steps !== name;
}

// A browser that offers to install does so by the button, too.
addEventListener("beforeinstallprompt", (event) => {
  if (!button) return;
  event.preventDefault();
  button.hidden = false;
  button.onclick = () => void /** @type {InstallEvent} */ (event).prompt();
});
addEventListener("appinstalled", () => steps && (steps.hidden = true));

/** @type {ServiceWorkerRegistration | null} */
let registration = null;
let kept = false;

/**
 * keepWorker has the browser keep the worker. Once a newer one has taken its place, this
 * page is of an older version, and says so.
 */
export async function keepWorker() {
  if (kept || !("serviceWorker" in navigator)) return;
  kept = true;
  const { serviceWorker } = navigator;
  let { controller } = serviceWorker;
  serviceWorker.addEventListener("controllerchange", () => {
    if (controller && updated) updated.hidden = false;
    ({ controller } = serviceWorker); // none before the first one
  });
  document.getElementById("reload")?.addEventListener("click", () => {
    keepTyped();
    location.reload();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && lookForUpdate());
  registration = await serviceWorker.register("/phone/worker.js", { scope: "/phone" }).catch(() => null);
}

/** lookForUpdate has the browser ask for a newer worker. */
export function lookForUpdate() {
  void registration?.update().catch(() => {});
}

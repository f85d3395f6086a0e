// Lets a phone of one's own be woken while its page is closed: the page subscribes to
// pushes, and tells the server where they go. Each opening compares the two. The page
// works without: then it hears only while it is open, and says so.

import { ask } from "./listen.js";

const LIMIT = 8000; // where its push service is out of reach, a browser says neither yes nor no
const REPLY_TIMEOUT = 15000;

const section = document.getElementById("push");
const said = document.getElementById("push-said");
const button = document.getElementById("push-on");

/** @typedef {{key: string, known: boolean, outcome: string}} Pushes how the server wakes this phone */

/** show says in words how the phone hears. @param {string} state */
function show(state) {
  if (!section || !said || !button) return;
  section.dataset.push = state;
  section.hidden = false;
  said.textContent = said.dataset[state] ?? "";
  button.hidden = state !== "off" && state !== "unreachable";
}

/** @param {string} text base64url */
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));

/**
 * @param {ArrayBuffer | null} a
 * @param {Uint8Array} b
 */
const same = (a, b) => a !== null && String(new Uint8Array(a)) === String(b);

/**
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T>}
 */
const inTime = (promise) => Promise.race([promise, new Promise((_, fail) => void setTimeout(() => fail(new Error("no answer")), LIMIT))]);

/**
 * subscription is the one that there is, or a new one: where it takes messages of
 * another key, where the push service has refused ours, and where the server has
 * forgotten it, as it does with one that is gone.
 *
 * @param {ServiceWorkerRegistration} registration
 * @param {Pushes} pushes
 */
async function subscription({ pushManager }, { key, known, outcome }) {
  const applicationServerKey = bytes(key);
  const before = await pushManager.getSubscription();
  if (before && known && outcome !== "key_refused" && same(before.options.applicationServerKey, applicationServerKey)) return before;
  await before?.unsubscribe();
  return inTime(pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
}

/** tell says to the server where pushes go. @param {PushSubscriptionJSON} to nowhere without an endpoint */
async function tell(to) {
  const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(to) };
  const { ok, status } = await ask("/phone/push", options, REPLY_TIMEOUT);
  if (!ok) throw new Error(`the server says ${status}`);
}

/** live subscribes, and says whether that has worked. @param {Pushes} pushes */
async function live(pushes) {
  try {
    await navigator.serviceWorker.register("/phone/worker.js", { scope: "/phone" });
    const registration = await inTime(navigator.serviceWorker.ready);
    await tell((await subscription(registration, pushes)).toJSON());
    show("live");
  } catch {
    show("unreachable");
  }
}

/** permission is what the person has said. */
const permission = () => window.Notification.permission;

/** @param {Pushes} pushes */
async function turnOn(pushes) {
  if ((await window.Notification.requestPermission()) === "granted") return live(pushes);
  return show(permission() === "denied" ? "denied" : "off");
}

let begun = false;

/** endPushes is for a page that is no phone any more: the one that it becomes begins anew. */
export function endPushes() {
  begun = false;
  if (section) section.hidden = true;
}

/** keepPushes is done once at each opening of the page of a phone that counts. */
export async function keepPushes() {
  if (begun || !section) return;
  begun = true;
  const reply = await ask("/phone/push", { headers: { Accept: "application/json" } }, REPLY_TIMEOUT).catch(() => null);
  const pushes = /** @type {Pushes | null} */ (reply?.ok ? await reply.json() : null);
  begun = pushes !== null; // or the next time finds out
  if (!pushes?.key) return; // this site wakes no phones
  if (!("serviceWorker" in navigator && "PushManager" in window && "Notification" in window)) {
    // On iOS only an app on the Home Screen has them; its browser says that it is none.
    show("standalone" in navigator ? "install" : "lacking");
    return;
  }
  if (button) button.onclick = () => void turnOn(pushes);
  if (permission() === "granted") {
    await live(pushes);
  } else {
    show(permission() === "denied" ? "denied" : "off");
    if (pushes.known) await tell({}).catch(() => {}); // the next opening tells it again
  }
}

/**
 * clearNotifications takes away those of requests that have ended, as when another phone
 * has answered. It is not for while one waits: Chromium forgets what it is about to show
 * when it is asked what it shows.
 *
 * @param {AskedOfPhone[]} requests
 */
export async function clearNotifications(requests) {
  const ended = requests.filter(({ status }) => status !== "pending").map(({ shown }) => shown.asked);
  const registration = await navigator.serviceWorker?.getRegistration("/phone").catch(() => undefined);
  const notifications = await registration?.getNotifications?.().catch(() => []) ?? [];
  for (const notification of notifications) {
    if (ended.includes(notification.data?.denial?.asked)) notification.close();
  }
}

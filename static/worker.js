// The service worker of the phone's page: it shows what is pushed, and opens the page
// with a tap. It denies, which takes the device key alone; it approves nothing. It keeps
// one page, for when there is no network.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

importScripts("/static/phonekeys.js");

// ---- pushes ----

/** @typedef {{asked: string, deny: string, denied: string, ended: string, failed: string}} Denial when the request was asked, and words */
/** @typedef {{title: string, body?: string, tag?: string, lang?: string, navigate?: string}} Message */
/** @typedef {{page: string, denial?: Denial, note: {tag: string, lang?: string}}} Kept of a notification */

/**
 * message reads what was pushed. Browsers that know declarative pushes show the same
 * without asking. Whatever it is, something is shown: after a push that shows nothing
 * a browser takes the subscription away.
 *
 * @param {PushMessageData | null} data
 * @returns {{notification: Message, worker?: Denial}}
 */
const message = (data) => {
  try {
    const { notification, worker: denial } = data?.json() ?? {};
    if (typeof notification.title === "string") return { notification, worker: denial };
  } catch {
    // It is none of ours, or of a version to come.
  }
  return { notification: { title: "Nod" } };
};

/**
 * ours is where a tap leads: within the phone's pages, whatever a message says.
 *
 * @param {string | undefined} address
 */
const ours = (address = "") => {
  const page = new URL("/phone", worker.location.origin);
  try {
    const wanted = new URL(address, page);
    if (wanted.origin === page.origin && /^\/phone(\/|$)/.test(wanted.pathname)) return wanted.href;
  } catch {
    // It is no address.
  }
  return page.href;
};

/** bring shows the phone's page, opened if it is not. @param {string} address */
const bring = async (address) => {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const page = windows.find((client) => ours(client.url) === client.url);
  if (!page) return worker.clients.openWindow(address);
  return page.focus();
};

worker.addEventListener("push", (event) => {
  const { notification: { title, body, tag = "nod", lang, navigate }, worker: denial } = message(event.data);
  // A later one of the same tag takes the place of the first, and rings again.
  const options = {
    body, tag, lang, renotify: true, requireInteraction: true, icon: "/static/phone-192.png",
    data: { page: ours(navigate), denial, note: { tag, lang } },
    ...(denial && { actions: [{ action: "deny", title: denial.deny }] }),
  };
  event.waitUntil(worker.registration.showNotification(title, options));
});

worker.addEventListener("notificationclick", (event) => {
  const { page, denial, note } = /** @type {Kept} */ (event.notification.data);
  event.notification.close();
  event.waitUntil(event.action === "deny" && denial ? denyAndTell(denial, page, note) : bring(page));
});

// ---- a denial ----

/** denyAndTell says what became of it in the place of the notification. @param {Denial} denial @param {string} page @param {Kept["note"]} note */
const denyAndTell = async (denial, page, note) => {
  const word = await deny(denial.asked).catch(() => /** @type {const} */ ("failed"));
  await worker.registration.showNotification(denial[word], { ...note, icon: "/static/phone-192.png", data: { page, note } });
};

/**
 * deny denies the request that was asked at a time, and no other one that may have taken
 * its place.
 *
 * @param {string} asked
 * @returns {Promise<"denied" | "ended" | "failed">} what became of it
 */
const deny = async (asked) => {
  const keys = await phoneKeys.read();
  if (!keys) return "failed";
  const { status, origin, challenge = "" } = /** @type {StateOfPhone} */ (await call("/phone/state"));
  if (status === "renew") {
    const signature = await phoneKeys.sign(keys.pair, await phoneKeys.renewalOf(origin, challenge));
    await call("/phone/renew", { signature });
  }
  const { requests } = /** @type {{requests: AskedOfPhone[]}} */ (await call("/phone/requests"));
  const request = requests.find(({ shown }) => shown.asked === asked);
  if (request?.status !== "pending") return "ended";
  const signature = await phoneKeys.sign(keys.pair, await phoneKeys.messageOf(origin, request, "denied", ""));
  const { applied } = await call(`/phone/requests/${request.id}`, { decision: "denied", signature });
  return applied ? "denied" : "ended";
};

/**
 * call asks the server, and fails unless it agrees.
 *
 * @param {string} path
 * @param {unknown} [body]
 */
const call = async (path, body) => {
  const send = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const reply = await fetch(path, body ? send : {});
  if (!reply.ok) throw new Error(`the server says ${reply.status}`);
  return reply.json();
};

// ---- without a network ----

const CACHE = "nod-phone";
const OFFLINE = "/phone/offline";
const KEPT = [OFFLINE, "/static/tokens/tokens.css", "/static/app.css", "/static/offline.js"];

// Each is kept as it is now; where one cannot be had, the browser's own page has to do.
const keep = async () => {
  const cache = await worker.caches.open(CACHE);
  await cache.addAll(KEPT.map((path) => new Request(path, { cache: "reload" })));
};

/** kept is what stands in for a path. @param {string} path */
const kept = async (path) => (await worker.caches.match(path, { ignoreVary: true })) ?? Response.error();

worker.addEventListener("install", (event) => {
  void worker.skipWaiting();
  event.waitUntil(keep().catch(() => {}));
});
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const path = request.mode === "navigate" ? OFFLINE : new URL(request.url).pathname;
  if (KEPT.includes(path)) event.respondWith(fetch(request).catch(() => kept(path)));
});

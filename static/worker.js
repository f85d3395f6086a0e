// The service worker of the phone's page: it shows what is pushed, and opens the page
// with a tap. It keeps nothing, answers nothing and approves nothing.

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/**
 * message reads what was pushed. Browsers that know declarative pushes show the same
 * without asking. Whatever it is, something is shown: after a push that shows nothing
 * a browser takes the subscription away.
 *
 * @param {PushMessageData | null} data
 * @returns {{ title: string, body?: string, tag?: string, lang?: string, navigate?: string }}
 */
const message = (data) => {
  try {
    const { notification } = data?.json() ?? {};
    if (typeof notification.title === "string") return notification;
  } catch {
    // It is none of ours, or of a version to come.
  }
  return { title: "Nod" };
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

worker.addEventListener("install", () => void worker.skipWaiting());
worker.addEventListener("activate", (event) => event.waitUntil(worker.clients.claim()));

worker.addEventListener("push", (event) => {
  const { title, body, tag = "nod", lang, navigate } = message(event.data);
  // A later one of the same tag takes the place of the first, and rings again.
  const options = { body, tag, lang, renotify: true, requireInteraction: true, icon: "/static/phone-192.png", data: ours(navigate) };
  event.waitUntil(worker.registration.showNotification(title, options));
});

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(bring(event.notification.data));
});

import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";

const code = readFileSync(new URL("../../static/worker.js", import.meta.url), "utf8");
const page = "https://nod.example/phone";

/** start runs the worker, with windows that are open already. */
function start(...windows) {
  const handlers = {};
  const worker = { shown: [], opened: [], focused: [], skipped: 0, claimed: 0 };
  const self = {
    location: new URL("/phone/worker.js", page),
    addEventListener: (name, handle) => (handlers[name] = handle),
    skipWaiting: async () => worker.skipped++,
    registration: { showNotification: async (title, options) => worker.shown.push({ title, ...options }) },
    clients: {
      claim: async () => worker.claimed++,
      matchAll: async () => windows.map((url) => ({ url, focus: async () => worker.focused.push(url) })),
      openWindow: async (url) => worker.opened.push(url),
    },
  };
  vm.runInNewContext(code, { self, URL });
  /** on tells the worker of an event, and waits for what that holds up. */
  worker.on = async (name, event = {}) => {
    const held = [];
    handlers[name]({ waitUntil: (promise) => held.push(promise), ...event });
    await Promise.all(held);
    return held.length;
  };
  return worker;
}

const pushed = (text) => ({ data: { json: () => JSON.parse(text) } });
const request = { title: "Sign in to Nod?", body: "Tap to see who is asking.", tag: "topic", lang: "en", navigate: page };

describe("what is pushed", () => {
  test("is shown as it says, and rings again in the place of the one before", async () => {
    const worker = start();
    assert.equal(await worker.on("push", pushed(JSON.stringify({ web_push: 8030, notification: request }))), 1);
    const [{ title, body, tag, lang, data, renotify, silent, actions }] = worker.shown;
    assert.deepEqual({ title, body, tag, lang, navigate: data }, request);
    assert.equal(renotify, true);
    assert.equal(silent, undefined);
    assert.equal(actions, undefined); // a button can ask for no number
  });

  for (const [what, event] of [
    ["nothing", { data: null }], ["no JSON", pushed("no JSON")], ["another format", pushed("[1]")], ["no title", pushed('{"notification":{}}')],
    ["null", pushed("null")],
  ]) {
    test(`${what} is shown, too`, async () => {
      const worker = start();
      await worker.on("push", event);
      assert.deepEqual(worker.shown.map(({ title, data }) => ({ title, data })), [{ title: "Nod", data: page }]);
    });
  }

  for (const navigate of ["https://evil.example/phone", "/protected", "/phonebook", "javascript:alert(1)", "http://", undefined]) {
    test(`leads to the phone's page, not to ${navigate}`, async () => {
      const worker = start();
      await worker.on("push", pushed(JSON.stringify({ notification: { title: "x", navigate } })));
      assert.equal(worker.shown[0].data, page);
    });
  }
});

describe("a tap", () => {
  const tap = () => {
    const note = { closed: false, data: page, close: () => (note.closed = true) };
    return note;
  };

  test("opens the page", async () => {
    const worker = start("https://nod.example/protected");
    const notification = tap();
    await worker.on("notificationclick", { notification });
    assert.deepEqual([worker.opened, worker.focused, notification.closed], [[page], [], true]);
  });

  test("shows the one that is open", async () => {
    const worker = start("https://nod.example/protected", `${page}#ABCD`);
    await worker.on("notificationclick", { notification: tap() });
    assert.deepEqual([worker.opened, worker.focused], [[], [`${page}#ABCD`]]);
  });
});

test("a new worker takes over at once", async () => {
  const worker = start();
  await worker.on("install");
  await worker.on("activate");
  assert.deepEqual([worker.skipped, worker.claimed], [1, 1]);
});

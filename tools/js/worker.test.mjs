import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import vm from "node:vm";
import { webcrypto } from "node:crypto";

const source = (name) => readFileSync(new URL(`../../static/${name}`, import.meta.url), "utf8");
const code = source("worker.js");
const page = "https://nod.example/phone";
const settle = () => new Promise((done) => setImmediate(done));

/** memory is a database with one value: the keys of the worker. */
const memory = (worker) => ({
  open: () => later({ result: { close() {}, transaction: () => {
    const work = { objectStore: () => ({ get: () => ({ result: worker.keys }) }) };
    setImmediate(() => work.oncomplete());
    return work;
  } } }),
});

const later = (request) => {
  setImmediate(() => request.onsuccess());
  return request;
};

/** start runs the worker, with windows that are open already. */
function start(...windows) {
  const handlers = {};
  const worker = { shown: [], opened: [], focused: [], skipped: 0, claimed: 0, kept: new Map(), fetched: [], answer: () => { throw new TypeError("no network"); } };
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
  self.caches = {
    open: async () => ({ addAll: async (requests) => {
      for (const { url, cache } of requests) worker.kept.set(url, { page: url, cache, reply: await worker.fetch(url) });
    } }),
    match: async (path) => worker.kept.get(path),
  };
  worker.fetch = async (request, options = {}) => {
    const url = request.url ?? request;
    worker.fetched.push({ url, body: options.body && JSON.parse(options.body) });
    return worker.answer(url, options);
  };
  const context = vm.createContext({ self, URL, TextEncoder, btoa, indexedDB: memory(worker), crypto: webcrypto, fetch: worker.fetch, Response: { error: () => "an error" },
    Request: class { constructor(url, { cache }) { Object.assign(this, { url, cache }); } },
    importScripts: (path) => vm.runInContext(source(path.replace("/static/", "")), context) });
  vm.runInContext(code, context);
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
    assert.deepEqual({ title, body, tag, lang, navigate: data.page }, request);
    assert.equal(renotify, true);
    assert.equal(silent, undefined);
    assert.equal(actions, undefined);
  });

  for (const [what, event] of [
    ["nothing", { data: null }], ["no JSON", pushed("no JSON")], ["another format", pushed("[1]")], ["no title", pushed('{"notification":{}}')],
    ["null", pushed("null")],
  ]) {
    test(`${what} is shown, too`, async () => {
      const worker = start();
      await worker.on("push", event);
      assert.deepEqual(worker.shown.map(({ title, data }) => ({ title, page: data.page })), [{ title: "Nod", page }]);
    });
  }

  for (const navigate of ["https://evil.example/phone", "/protected", "/phonebook", "javascript:alert(1)", "http://", undefined]) {
    test(`leads to the phone's page, not to ${navigate}`, async () => {
      const worker = start();
      await worker.on("push", pushed(JSON.stringify({ notification: { title: "x", navigate } })));
      assert.equal(worker.shown[0].data.page, page);
    });
  }
});

describe("a tap", () => {
  const tap = () => {
    const note = { closed: false, data: { page }, close: () => (note.closed = true) };
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

const words = { asked: "2026-11-25T12:00:00.000Z", deny: "Deny", denied: "Denied.", ended: "Ended.", failed: "Failed." };

describe("a denial by the button of a notification", () => {
  /** asks is a worker that has shown a request, with a server that has it and what the test changes. */
  async function asks({ status = "ready", asked = words.asked, pending = "pending", applied = true, keys = true } = {}) {
    const worker = start();
    const pair = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    worker.keys = keys ? { pair } : undefined;
    const shown = { kind: "login", email: "ada@example.com", browser: "b", address: "a", place: "", resets: "", change: "", payee: "", amount: "", currency: "", asked, expires: "e" };
    const replies = {
      "/phone/state": { status, origin: "https://nod.example", challenge: "c" },
      "/phone/renew": { status: "ready" },
      "/phone/requests": { requests: [{ id: "later", status: "pending", server_nonce: "n", shown: { ...shown, asked: "later" } }, { id: "r1", status: pending, server_nonce: "n", shown }] },
      "/phone/requests/r1": { applied },
    };
    worker.answer = (url) => ({ ok: url in replies, status: 200, json: async () => replies[url] });
    await worker.on("push", pushed(JSON.stringify({ notification: request, worker: words })));
    assert.deepEqual({ ...worker.shown[0].actions[0] }, { action: "deny", title: "Deny" });
    worker.presses = async () => {
      await worker.on("notificationclick", { action: "deny", notification: { data: worker.shown[0].data, close() {} } });
      return worker.shown[1];
    };
    worker.pair = pair;
    return worker;
  }

  const sent = (worker) => worker.fetched.filter(({ body }) => body);

  test("is signed by the device key over what the server says, and told in its place", async () => {
    const worker = await asks();
    const { title, tag, data, requireInteraction } = await worker.presses();
    assert.deepEqual([title, tag, data.page, requireInteraction], ["Denied.", "topic", page, undefined]);
    assert.deepEqual(worker.opened, []);
    const [{ url, body }] = sent(worker);
    assert.deepEqual([url, body.decision], ["/phone/requests/r1", "denied"]);
    const texts = ["nod answer 1", "https://nod.example", "r1", "denied", "n", "", "login", "ada@example.com", "b", "a", "", "", "", "", "", "", words.asked, "e"];
    const message = await webcrypto.subtle.digest("SHA-256", Buffer.from(texts.map((text) => `${text.length}:${text},`).join("")));
    assert.ok(await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, worker.pair.publicKey, Buffer.from(body.signature, "base64"), message));
  });

  test("renews the cookie first where that has to be", async () => {
    const worker = await asks({ status: "renew" });
    assert.equal((await worker.presses()).title, "Denied.");
    assert.deepEqual(sent(worker).map(({ url }) => url), ["/phone/renew", "/phone/requests/r1"]);
  });

  for (const [what, change] of [["another one has taken its place", { asked: "2026-11-25T11:00:00.000Z" }], ["it is over", { pending: "expired" }], ["another answer came first", { applied: false }]]) {
    test(`says so where ${what}`, async () => {
      const worker = await asks(change);
      assert.equal((await worker.presses()).title, "Ended.");
      assert.equal(sent(worker).length, change.applied === false ? 1 : 0);
    });
  }

  test("says so where it could not be sent, or the keys are gone", async () => {
    const worker = await asks();
    worker.answer = () => { throw new TypeError("no network"); };
    assert.equal((await worker.presses()).title, "Failed.");
    assert.equal((await (await asks({ keys: false })).presses()).title, "Failed.");
  });
});

describe("without a network", () => {
  const visits = async (worker, url, mode) => {
    let answer;
    await worker.on("fetch", { request: { url, mode }, respondWith: (reply) => (answer = reply) });
    return answer;
  };

  test("the page that was kept stands in, with what it is made of", async () => {
    const worker = start();
    worker.answer = (url) => `reply to ${url}`;
    await worker.on("install");
    assert.deepEqual([...worker.kept.values()].map(({ cache }) => cache), ["reload", "reload", "reload", "reload"]);
    assert.equal(await visits(worker, page, "navigate"), `reply to ${page}`);
    worker.answer = () => { throw new TypeError("no network"); };
    assert.equal((await visits(worker, page, "navigate")).page, "/phone/offline");
    assert.equal((await visits(worker, "https://nod.example/static/app.css", "no-cors")).page, "/static/app.css");
    assert.equal(await visits(worker, "https://nod.example/phone/state", "cors"), undefined);
  });

  test("at the start a phone is woken all the same", async () => {
    const worker = start();
    await worker.on("install");
    await settle();
    assert.equal(await visits(worker, page, "navigate"), "an error");
    await worker.on("push", pushed("{}"));
    assert.equal(worker.shown.length, 1);
  });
});

test("a new worker takes over at once", async () => {
  const worker = start();
  await worker.on("install");
  await worker.on("activate");
  assert.deepEqual([worker.skipped, worker.claimed], [1, 1]);
});

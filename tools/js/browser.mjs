// A browser small enough for unit tests: happy-dom for the document, and
// sockets, streams, replies and time that the test moves by hand.

import { afterEach, beforeEach, mock } from "node:test";
import { register } from "node:module";
import { Window } from "happy-dom";

register("./hooks.mjs", import.meta.url);

const STEP = 10;
const defined = ["window", "document", "location", "FormData", "addEventListener", "WebSocket", "EventSource", "Image", "fetch", "navigator"];

export const sockets = [];
export const streams = [];
export const requests = []; // what was fetched: {url, method, body, redirect, signal}
export const visited = []; // where location.replace and reload went
export const submitted = []; // ids of forms that were sent without fetch

let pages = 0;
let elapsed; // performance.now()
let set; // by how much the wall clock was set
let answer;
let reached; // images load

export class FakeSocket {
  static OPEN = 1;
  static refused = false; // the constructor throws

  constructor(url) {
    if (FakeSocket.refused) throw new Error("sockets are refused");
    this.url = String(url);
    this.readyState = 0;
    this.closed = false;
    this.sent = [];
    sockets.push(this);
  }

  send(text) {
    this.sent.push(text);
  }

  opens() {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  says(state) {
    this.readyState = FakeSocket.OPEN;
    this.onmessage?.({ data: typeof state === "string" ? state : JSON.stringify(state) });
  }

  breaks(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  close() {
    this.closed = true;
    this.breaks(1005);
  }
}

export class FakeStream {
  static refused = false; // the constructor throws

  constructor(url) {
    if (FakeStream.refused) throw new Error("streams are refused");
    this.url = url;
    this.closed = false;
    streams.push(this);
  }

  says(state) {
    this.onmessage?.({ data: JSON.stringify(state) });
  }

  breaks() {
    this.onerror?.();
  }

  close() {
    this.closed = true;
  }
}

class FakeImage {
  set src(url) {
    this.url = url;
    setImmediate(() => reached ? this.onload() : this.onerror());
  }
}

/** reaches says whether the server is there for images. */
export function reaches(yes) {
  reached = yes;
}

/** reply is what fetch resolves to; a body that is undefined is no JSON. */
export const reply = (status, body) => ({
  status,
  ok: status >= 200 && status < 300,
  type: status === 302 ? "opaqueredirect" : "basic",
  json: async () => {
    if (body === undefined) throw new SyntaxError("no JSON");
    return body;
  },
});

/** answers sets what fetch is answered by from now on, a reply or a function that makes one. */
export function answers(next) {
  answer = typeof next === "function" ? next : () => next;
}

export function offline() {
  throw new TypeError("no network");
}

/** hangs never answers; the request ends when its signal aborts it. */
export const hangs = ({ signal }) => new Promise((_, reject) => {
  signal.addEventListener("abort", () => reject(signal.reason));
});

async function fakeFetch(url, { method = "GET", body, redirect, signal } = {}) {
  const request = { url: String(url), method, body: body && String(body), redirect, signal };
  requests.push(request);
  return answer(request);
}

/** settle runs everything that waits for no timer, images too. */
export async function settle() {
  for (let i = 0; i < 3; i++) await new Promise((done) => setImmediate(done));
}

/** advance lets time pass. */
export async function advance(ms) {
  for (let passed = 0; passed < ms; passed += STEP) {
    elapsed += STEP;
    mock.timers.tick(STEP);
    await settle();
  }
}

/** sleeps lets time pass while no timer runs; where ticks is false only the wall clock moves, which is also how it is set. */
export function sleeps(ms, ticks = false) {
  if (ticks) elapsed += ms;
  set += ms;
}

/** setPage shows a page; scripts are loaded into it by load. */
export function setPage(html, url = "https://nod.test/page") {
  pages++;
  const window = new Window({ url, settings: { navigation: { disableMainFrameNavigation: true } } });
  window.document.write(html);
  window.HTMLFormElement.prototype.submit = function submit() {
    submitted.push(this.id);
  };
  layOut(window);
  const { href, hash } = window.location;
  Object.assign(globalThis, {
    window,
    top: window,
    document: window.document,
    location: { href, hash, replace: (to) => visited.push(to), reload: () => visited.push("reload") },
    FormData: window.FormData,
    addEventListener: window.addEventListener.bind(window),
  });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { languages: ["en-US", "en"] } });
  setVisible(true);
}

// layOut does what needs a layout: what is hidden has no text, no place and
// no focus.
function layOut({ HTMLElement, document }) {
  const isHidden = (node) => node?.nodeType === 1 && (node.hidden || isHidden(node.parentNode));
  const textOf = (node) => node.nodeType === 3 ? node.data : node.hidden ? "" : [...node.childNodes].map(textOf).join("");
  const define = (object, name, descriptor) => Object.defineProperty(object, name, { configurable: true, ...descriptor });
  let focused = document.body;
  define(HTMLElement.prototype, "innerText", { get() { return textOf(this); } });
  define(HTMLElement.prototype, "offsetParent", { get() { return isHidden(this) ? null : document.body; } });
  define(HTMLElement.prototype, "focus", { value() { focused = this; } });
  define(document, "activeElement", { get: () => isHidden(focused) ? document.body : focused });
}

export function setVisible(visible) {
  const value = visible ? "visible" : "hidden";
  Object.defineProperty(document, "visibilityState", { value, configurable: true });
  document.dispatchEvent(new window.Event("visibilitychange"));
}

/** happens dispatches an event of the window. */
export async function happens(name, properties = {}) {
  window.dispatchEvent(Object.assign(new window.Event(name), properties));
  await settle();
}

/** submits sends a form as a person would; it reports whether the browser would send it itself. */
export const submits = (form) => form.dispatchEvent(new window.Event("submit", { cancelable: true, bubbles: true }));

export const byId = (id) => document.getElementById(id);

/** load runs a script, path from the root of the repository, in the page. */
export async function load(path) {
  const module = await import(new URL(`../../${path}?page=${pages}`, import.meta.url));
  await settle();
  return module;
}

beforeEach(() => {
  elapsed = 1000; // the page took a second to load
  for (const list of [sockets, streams, requests, visited, submitted]) list.length = 0;
  FakeSocket.refused = FakeStream.refused = false;
  answers(offline);
  reaches(false);
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"], now: Date.parse("2031-01-01T00:00:00Z") });
  // A timer without a delay would put those of the mock out of order.
  const { setTimeout: later } = globalThis;
  globalThis.setTimeout = (run, ms = 0) => later(run, ms);
  mock.method(performance, "now", () => elapsed);
  set = 0;
  const ticked = Date.now;
  mock.method(Date, "now", () => ticked() + set);
  mock.method(Math, "random", () => 0.5); // backOff without jitter
  Object.assign(globalThis, { WebSocket: FakeSocket, EventSource: FakeStream, Image: FakeImage, fetch: fakeFetch });
  setPage("<!DOCTYPE html><body></body>");
});

afterEach(() => {
  mock.timers.reset();
  mock.restoreAll();
  for (const name of defined) delete globalThis[name];
});

// A phone of one's own for unit tests: the page as the template has it, and the browser
// around it. Its keys are real ones, made and used at once, without a thread.

import { createHash, createSign, createVerify, generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach } from "node:test";
import { answers, load, reply, setPage } from "./browser.mjs";

const template = readFileSync(new URL("../../views/ownphone.html", import.meta.url), "utf8")
  .replace(/\{\{define "ownphone-way"\}\}(.*?)\{\{end\}\}/s, "")
  .replace(/\{\{-? ?\/\*.*?\*\/ ?-?\}\}/gs, "")
  .replace(/<noscript>.*?<\/noscript>/gs, "")
  .replace(/\{\{rich "([^"]*)" "[^"]*" \(el "(\w+)" "[^"]*" "([^"]*)" "([^"]*)"\)\}\}/g, '$1 <$2 $3="$4"></$2>')
  .replace(/\{\{t "([^"]*)"\}\}/g, "$1")
  .replace(/\{\{template "ownphone-way"\}\}/g, '<p class="badge"><span class="way" data-way="socket" hidden></span></p>')
  .replace(/\{\{.*?\}\}/g, "");

export const origin = "https://nod.test";

/** digestOf is what a phone signs of texts, written a second time. */
export const digestOf = (...texts) => createHash("sha256").update(texts.map((text) => `${Buffer.byteLength(text)}:${text},`).join("")).digest();

const bufferOf = (bytes) => Uint8Array.from(bytes).buffer;

/** signed says whether a signature, base64, is one of a public key over a digest. */
export const signed = (key, digest, signature) =>
  createVerify("SHA256").update(digest).verify({ key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64"));

const subtle = {
  digest: async (_, bytes) => bufferOf(createHash("sha256").update(new Uint8Array(bytes)).digest()),
  async generateKey({ name, namedCurve }, extractable) {
    if (name !== "ECDSA" || namedCurve !== "P-256" || extractable) throw new Error("another key than a phone's");
    return generateKeyPairSync("ec", { namedCurve });
  },
  exportKey: async (format, key) => bufferOf(key.export({ type: format, format: "der" })),
  sign: async (_, key, bytes) => bufferOf(createSign("SHA256").update(new Uint8Array(bytes)).sign({ key, dsaEncoding: "ieee-p1363" })),
};

/** database is an IndexedDB with one store, which keeps what is put there in kept. */
function database(kept) {
  const store = {
    get: (name) => ({ result: kept.get(name) }),
    put: (value, name) => ({ result: void kept.set(name, value) }),
    delete: (name) => ({ result: void kept.delete(name) }),
  };
  const db = {
    createObjectStore() {},
    close() {},
    transaction() {
      const work = { objectStore: () => store };
      queueMicrotask(() => work.oncomplete());
      return work;
    },
  };
  return {
    open() {
      const opening = { result: db };
      queueMicrotask(() => opening.onsuccess());
      return opening;
    },
  };
}

/** authenticator makes passkeys and signs by them, unless its owner does not unlock the phone. */
function authenticator() {
  const text = (what) => bufferOf(Buffer.from(what));
  const asked = []; // what it was asked for
  const one = (response) => ({ id: "cGFzc2tleQ", rawId: text("passkey"), type: "public-key", response });
  const passkeys = {
    asked,
    locked: false,
    async create({ publicKey }) {
      asked.push(publicKey);
      if (passkeys.locked) throw new Error("NotAllowedError");
      return one({ clientDataJSON: text("client"), attestationObject: text("attestation") });
    },
    async get({ publicKey }) {
      asked.push(publicKey);
      if (passkeys.locked) throw new Error("NotAllowedError");
      return one({ clientDataJSON: text("client"), authenticatorData: text("data"), signature: text("signature"), userHandle: text("owner") });
    },
  };
  return passkeys;
}

const before = Object.getOwnPropertyDescriptor(globalThis, "crypto");

afterEach(() => {
  Object.defineProperty(globalThis, "crypto", before);
  for (const name of ["indexedDB", "history", "matchMedia", "phoneKeys"]) delete globalThis[name];
});

/** Phone is the page of a phone, and the server that it talks to. */
export class Phone {
  kept = new Map(); // in IndexedDB
  passkeys = authenticator();
  sent = []; // {path, body} of what was posted, in its order
  state = { status: "none", origin }; // what the server says of it
  requests = []; // that it is asked
  news = [];
  says = {}; // by path: what the server answers instead

  /** ready is a phone that counts. */
  static async ready(...requests) {
    const phone = new Phone();
    phone.pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false);
    phone.kept.set("phone", { pair: phone.pair, credential: bufferOf(Buffer.from("passkey")) });
    phone.state = { status: "ready", name: "Pixel", origin };
    phone.requests = requests;
    return phone;
  }

  answer({ url, method, body }) {
    const path = new URL(url, origin).pathname;
    if (method === "POST") this.sent.push({ path, body: JSON.parse(body), kept: this.kept.has("phone") });
    if (this.says[path]) return this.says[path]();
    switch (path) {
      case "/phone/state":
        return reply(200, this.state);
      case "/phone/requests":
        return reply(200, { server_time: "2031-01-01T00:00:00Z", requests: this.requests, news: this.news });
      case "/phone/push":
        return reply(200, { key: "", known: false, outcome: "" });
      default:
        return reply(200, {});
    }
  }

  /** open shows the page; without names what its browser lacks. */
  async open({ hash = "", agent = "", without = [] } = {}) {
    setPage(`<!DOCTYPE html><html lang="en"><head><title>of the server · Nod</title></head><body>${template}</body></html>`, `${origin}/phone${hash}`);
    Object.assign(location, { hostname: "nod.test", origin, pathname: "/phone" });
    globalThis.history = { replaceState: (_, __, path) => (this.address = path) };
    globalThis.indexedDB = window.indexedDB = database(this.kept);
    window.PublicKeyCredential = class {};
    Object.defineProperty(globalThis, "crypto", { configurable: true, value: { subtle } });
    Object.defineProperty(globalThis, "navigator", { configurable: true, value: { userAgent: agent, credentials: this.passkeys } });
    for (const name of without) {
      delete window[name];
      delete navigator[name];
      delete crypto[name];
    }
    globalThis.matchMedia = () => ({ matches: false });
    answers((request) => this.answer(request));
    await load("static/phonekeys.js");
    await load("static/ownphone.js");
  }

  /** posted are the bodies that were sent to a path. */
  posted(path) {
    return this.sent.filter((one) => one.path === path).map(({ body }) => body);
  }
}

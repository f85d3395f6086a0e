import test, { beforeEach } from "node:test";
import assert from "node:assert/strict";
import { happens, load, setPage, visited } from "./browser.mjs";

let kept;

beforeEach(() => {
  kept = new Map();
  globalThis.localStorage = { setItem: (key, value) => kept.set(key, value), getItem: (key) => kept.get(key) ?? null };
});

async function open(level, signedIn = "") {
  setPage(`<!DOCTYPE html><body data-level="${level}" data-signed-in="${signedIn}"></body>`);
  await load("static/session.js");
}

const another = (newValue, key = "nod-level") => happens("storage", { key, newValue });

test("every page writes how far it has come", async () => {
  await open("1");
  assert.deepEqual([...kept], [["nod-level", "1"]]);
});

for (const [level, to] of [["0", "/login"], ["1", "/protected"]]) {
  test(`a page of the account is left once another tab is at ${level}`, async () => {
    await open("2");
    await another(level);
    assert.deepEqual(visited, [to]);
  });
}

test("the form of the first step is left once another tab is signed in", async () => {
  await open("0", "/protected");
  await another("1");
  assert.deepEqual(visited, []);
  await another("2");
  assert.deepEqual(visited, ["/protected"]);
});

test("other pages stay, and nothing else counts", async () => {
  await open("0");
  await another("2");
  await open("1");
  await another("2");
  await open("2");
  await another("2");
  await another(null);
  await another("0", "something else");
  assert.deepEqual(visited, []);
});

test("a page that the browser comes back to has missed it", async () => {
  await open("2");
  kept.set("nod-level", "0");
  await happens("pageshow", { persisted: false });
  assert.deepEqual(visited, []);
  await happens("pageshow", { persisted: true });
  assert.deepEqual(visited, ["/login"]);
});

test("what is shown once is loaded again when the browser comes back to it", async () => {
  for (const [once, again] of [["", 0], ["data-once", 1]]) {
    setPage(`<!DOCTYPE html><body data-level="2"><p ${once}>a code</p></body>`);
    await load("static/session.js");
    await happens("pageshow", { persisted: false });
    assert.equal(visited.length, 0);
    await happens("pageshow", { persisted: true });
    assert.equal(visited.length, again);
  }
});

test("a browser that keeps nothing is left alone", async () => {
  delete globalThis.localStorage;
  await open("2");
  await another("0");
  assert.deepEqual(visited, []);
});

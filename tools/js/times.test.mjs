import test from "node:test";
import assert from "node:assert/strict";
import { load, setPage } from "./browser.mjs";

process.env.TZ = "Asia/Kolkata"; // the reader's zone, half an hour off the full ones

/** @param {string} language @param {string[]} reads @param {string} html */
async function open(language, reads, html) {
  setPage(html);
  document.documentElement.lang = language;
  Object.defineProperty(navigator, "languages", { value: reads, configurable: true });
  await load("static/times.js");
  return document.querySelector("time");
}

const moment = '<p>At <time datetime="2025-12-31T20:00:00.000Z">31 Dec 2025, 20:00 UTC</time></p>';

test("times are in the reader's zone, and UTC stays at hand", async () => {
  const time = await open("en", ["en-GB"], moment);
  assert.match(time.textContent, /^1 Jan 2026, 0?1:30$/);
  assert.equal(time.title, "31 Dec 2025, 20:00 UTC");
});

test("times are written as in the reader's country, in the language of the page", async () => {
  for (const [language, reads, want] of [
    ["en", ["en-US", "en"], /Jan 1, 2026, 1:30\sAM/],
    ["de", ["en-US", "de-AT"], /^1\. Jän\. 2026, 0?1:30$/],
    ["de", ["en-US"], /^1\. Jan\. 2026, 0?1:30$/],
    ["en", ["en-US@posix", "en-GB"], /^1 Jan 2026, 0?1:30$/],
    ["", [], /2026/],
  ]) {
    assert.match((await open(language, reads, moment)).textContent, want);
  }
});

test("what is no time stays as it is", async () => {
  await open("en", ["en"], '<time datetime="soon">soon</time><time>later</time>');
  assert.deepEqual([...document.querySelectorAll("time")].map((t) => t.textContent), ["soon", "later"]);
});

test("of a time near by the hour is enough, if it is today", async () => {
  const soon = (at) => `<p>After <time datetime="${at}" data-soon>then</time></p>`;
  assert.match((await open("en", ["en-GB"], soon("2025-12-31T20:00:00.000Z"))).textContent, /^1 Jan 2026, 0?1:30$/);
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...at) { super(...(at.length ? at : ["2025-12-31T19:00:00.000Z"])); }
  };
  try {
    assert.match((await open("en", ["en-GB"], soon("2025-12-31T20:00:00.000Z"))).textContent, /^0?1:30$/);
    assert.match((await open("en", ["en-GB"], soon("2026-01-01T20:00:00.000Z"))).textContent, /^2 Jan 2026, 0?1:30$/);
  } finally {
    globalThis.Date = RealDate;
  }
});

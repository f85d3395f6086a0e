import test from "node:test";
import assert from "node:assert/strict";
import { load, setPage } from "./browser.mjs";

process.env.TZ = "Asia/Kolkata"; // the reader's zone, half an hour off the full ones

test("times are the reader's own, and UTC stays at hand", async () => {
  setPage('<p>At <time datetime="2025-12-31T20:00:00.000Z">31 Dec 2025, 20:00:00 UTC</time></p>');
  await load("static/times.js");
  const time = document.querySelector("time");
  assert.match(time.textContent, /1\b.*2026.*1:30:00/);
  assert.equal(time.title, "31 Dec 2025, 20:00:00 UTC");
  assert.equal(time.lang, new Intl.DateTimeFormat().resolvedOptions().locale);
});

test("what is no time stays as it is", async () => {
  setPage('<time datetime="soon">soon</time><time>later</time>');
  await load("static/times.js");
  assert.deepEqual([...document.querySelectorAll("time")].map((t) => t.textContent), ["soon", "later"]);
});

import test, { beforeEach } from "node:test";
import assert from "node:assert/strict";
import { advance, load } from "./browser.mjs";

let countdown;
let shown;

beforeEach(async () => {
  shown = [];
  const { Countdown } = await load("static/countdown.js");
  countdown = new Countdown((seconds) => shown.push(seconds));
});

test("the visitor's clock does not count", () => {
  countdown.set("2026-11-25T12:02:00Z", "2026-11-25T12:00:30Z");
  assert.equal(countdown.left(), 90000);
  assert.deepEqual(shown, [90]);
});

test("it shows every second, and zero once a second after the end", async () => {
  countdown.set("2026-11-25T12:00:03Z", "2026-11-25T12:00:00.500Z");
  assert.deepEqual(shown, [3]);
  await advance(510);
  assert.deepEqual(shown, [3, 2]);
  await advance(2000);
  assert.deepEqual(shown, [3, 2, 1, 0]);
  await advance(2000);
  assert.deepEqual(shown, [3, 2, 1, 0, 0, 0]);
  assert.equal(countdown.left(), 0);
});

test("a new deadline takes the place of the one before", async () => {
  countdown.set("2026-11-25T12:00:10Z", "2026-11-25T12:00:00Z");
  countdown.set("2026-11-25T12:01:00Z", "2026-11-25T12:00:00Z");
  await advance(1010);
  assert.deepEqual(shown, [10, 60, 60, 59]);
});

test("what is no time is ignored", () => {
  countdown.set("2026-11-25T12:00:10Z", "2026-11-25T12:00:00Z");
  countdown.set("soon", "2026-11-25T12:00:00Z");
  countdown.set("2026-11-25T12:00:30Z", "");
  assert.deepEqual(shown, [10]);
  assert.equal(countdown.left(), 10000);
});

test("it stops", async () => {
  countdown.set("2026-11-25T12:00:10Z", "2026-11-25T12:00:00Z");
  countdown.stop();
  await advance(5000);
  assert.deepEqual(shown, [10]);
});

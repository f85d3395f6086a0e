import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { advance, happens, load, reaches, setPage, settle, submitted, visited } from "./browser.mjs";

const page = (state, count) => `
  <script data-plain="${count}" data-plain-url="/login/approval?plain=1" data-full-url="/login/approval" data-probe-url="/static/favicon.svg"></script>
  <script id="module" type="text/plain" src="/static/approval.js"></script><img id="image">
  <div id="approval" data-now="${state}"><form id="confirm-form"></form></div>`;

const plain = ["/login/approval?plain=1"];

async function open(state = "pending", count = 0) {
  setPage(page(state, count));
  readyState("loading");
  await load("static/boot.js");
}

function readyState(value) {
  Object.defineProperty(document, "readyState", { value, configurable: true });
}

/** parsed ends the loading of the page; modules have run by then, unless they failed. */
async function parsed() {
  readyState("interactive");
  document.dispatchEvent(new window.Event("DOMContentLoaded"));
  await settle();
}

const runs = () => (document.documentElement.dataset.script = "running");

function failsToLoad(id) {
  document.getElementById(id).dispatchEvent(new window.Event("error"));
}

beforeEach(() => reaches(true));

describe("the page with scripts", () => {
  test("is left alone while its modules run", async () => {
    await open();
    runs();
    await parsed();
    await advance(60000);
    assert.deepEqual(visited, []);
  });

  test("a browser without modules gets the page without scripts", async () => {
    await open();
    await parsed();
    assert.deepEqual(visited, plain);
  });

  test("so does one in which a file did not load", async () => {
    await open();
    failsToLoad("module");
    assert.deepEqual(visited, []);
    await parsed();
    assert.deepEqual(visited, plain);
  });

  test("and one in which a file neither loads nor fails for 10 s", async () => {
    await open();
    await advance(9990);
    assert.deepEqual(visited, []);
    await advance(20);
    assert.deepEqual(visited, plain);
  });

  test("and one in which a script of ours throws, early or late", async () => {
    for (const event of [["error", { filename: "https://nod.test/static/approval.js" }], ["unhandledrejection", { reason: { stack: "at https://nod.test/static/listen.js" } }]]) {
      visited.length = 0;
      await open();
      runs();
      await parsed();
      await happens(...event);
      assert.deepEqual(visited, plain);
    }
  });

  test("what others do wrong does not count: images, extensions", async () => {
    await open();
    runs();
    await parsed();
    failsToLoad("image");
    await happens("error", { filename: "chrome-extension://x/y.js" });
    await happens("unhandledrejection", { reason: undefined });
    assert.deepEqual(visited, []);
  });

  test("an end is left as it is", async () => {
    await open("denied");
    await parsed();
    await advance(20000);
    assert.deepEqual(visited, []);
  });

  test("without a server it waits for one: a browser's own error page would stay", async () => {
    reaches(false);
    await open();
    await parsed();
    await advance(30000);
    assert.deepEqual(visited, []);
    reaches(true);
    await advance(1010);
    assert.deepEqual(visited, plain);
  });
});

describe("the page without scripts", () => {
  test("sends the form of an approved request", async () => {
    await open("approved", 2);
    await parsed();
    assert.deepEqual([submitted, visited], [["confirm-form"], []]);
  });

  for (const [count, where] of [[1, []], [3, []], [4, ["/login/approval"]], [9, ["/login/approval"]]]) {
    test(`number ${count} in a row goes to ${where.join() || "no other page"}`, async () => {
      await open("pending", count);
      await parsed();
      await advance(20000);
      assert.deepEqual([visited, submitted], [where, []]);
    });
  }

  test("stays with an end", async () => {
    await open("expired", 9);
    await parsed();
    assert.deepEqual([visited, submitted], [[], []]);
  });
});

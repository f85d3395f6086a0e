import test, { afterEach } from "node:test";
import assert from "node:assert/strict";
import { answers, byId, load, reply, requests, setPage } from "./browser.mjs";

const page = `<dialog id="check"><ul id="check-list"></ul><p id="check-said"></p></dialog>`;

// has makes the browser one that knows all the stage needs, but for what is left out.
function has(lacks = "") {
  globalThis.HTMLDialogElement = class {};
  if (lacks !== "dialogs") globalThis.HTMLDialogElement.prototype.showModal = () => {};
  globalThis.CSS = { supports: () => lacks !== "heights" };
  window.ResizeObserver = window.WebSocket = class {};
  document.documentElement.requestFullscreen = () => {};
  byId("check").showModal = () => {};
}

afterEach(() => {
  delete globalThis.HTMLDialogElement;
  delete globalThis.CSS;
});

test("a browser that is too old is named, with what to use", async () => {
  setPage(page);
  has();
  const { tryBrowser } = await load("stage/pages/static/check.js");
  assert.equal(tryBrowser().ok, true);
  for (const [lacks, part] of [["dialogs", "dialogs"], ["heights", "heights"]]) {
    has(lacks);
    const { ok, said, do: todo } = tryBrowser();
    assert.equal(ok, false);
    assert.match(said, new RegExp(`lacks ${part}`));
    assert.match(todo, /Chrome 109/);
  }
});

test("each line says how it went, and a red one what to do", async () => {
  setPage(page);
  has();
  answers(({ body }) => reply(200, body.includes("ports") ? { ok: false, said: "Taken.", do: "End it." } : { ok: true, said: "Fine." }));
  const { check } = await load("stage/pages/static/check.js");
  await check();
  assert.equal(requests.length, 5);
  assert.equal(document.querySelectorAll("#check-list .yes").length, 5);
  assert.match(document.querySelector("#check-list .no").textContent, /Ports Taken\. End it\./);
  assert.equal(byId("check-said").textContent, "1 of 6 to mend first.");
});

test("a server that has gone makes no line green", async () => {
  setPage(page);
  has();
  const { check } = await load("stage/pages/static/check.js");
  await check();
  assert.equal(document.querySelectorAll("#check-list .no").length, 5);
  assert.match(byId("check-said").textContent, /5 of 6/);
});

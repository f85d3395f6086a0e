import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { advance, byId, happens, load, setPage, submits } from "./browser.mjs";

const page = `
  <div id="error-summary" tabindex="-1"></div>
  <form id="login">
    <input id="password" type="password">
    <button id="reveal" type="button" data-reveal="password" hidden><span>Show</span></button>
    <button id="go" data-busy="Checking…">Sign in</button>
  </form>`;

async function open(html = page) {
  setPage(html);
  await load("static/form.js");
}

test("errors are read first", async () => {
  await open();
  assert.equal(document.activeElement.id, "error-summary");
});

test("a page without forms is left alone", async () => {
  await open("<p>Nothing here</p>");
  assert.equal(document.activeElement.tagName, "BODY");
});

describe("the password", () => {
  test("is shown and hidden again", async () => {
    await open();
    const [button, field] = [byId("reveal"), byId("password")];
    assert.equal(button.hidden, false);
    button.click();
    assert.equal(field.type, "text");
    assert.equal(button.getAttribute("aria-pressed"), "true");
    assert.equal(button.textContent, "Hide");
    assert.equal(document.activeElement, field);
    button.click();
    assert.equal(field.type, "password");
    assert.equal(button.getAttribute("aria-pressed"), "false");
    assert.equal(button.textContent, "Show");
  });

  test("is hidden when it is sent", async () => {
    await open();
    byId("reveal").click();
    submits(byId("login"));
    assert.equal(byId("password").type, "password");
  });
});

describe("a form", () => {
  test("is sent once", async () => {
    await open();
    assert.ok(submits(byId("login")));
    assert.equal(byId("go").textContent, "Checking…");
    assert.equal(byId("go").getAttribute("aria-disabled"), "true");
    assert.ok(!submits(byId("login")));
  });

  test("can be sent again after 15 s without an answer", async () => {
    await open();
    submits(byId("login"));
    await advance(14990);
    assert.ok(!submits(byId("login")));
    await advance(10);
    assert.equal(byId("go").textContent, "Sign in");
    assert.ok(submits(byId("login")));
  });

  test("can be sent again when the browser goes back to it", async () => {
    await open();
    submits(byId("login"));
    await happens("pageshow", { persisted: false });
    assert.ok(!submits(byId("login")));
    await happens("pageshow", { persisted: true });
    assert.ok(submits(byId("login")));
  });
});

for (const [cookieEnabled, hidden] of [[true, true], [false, false]]) {
  test(`a browser that ${cookieEnabled ? "keeps" : "blocks"} cookies ${hidden ? "reads nothing of them" : "is told so"}`, async (t) => {
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    t.after(() => before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator);
    Object.defineProperty(globalThis, "navigator", { value: { cookieEnabled }, configurable: true });
    setPage('<p id="no-cookies" hidden>No cookies</p>');
    await load("static/form.js");
    assert.equal(document.getElementById("no-cookies").hidden, hidden);
  });
}

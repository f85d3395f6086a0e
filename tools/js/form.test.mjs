import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { advance, byId, happens, load, setPage, submits } from "./browser.mjs";

const page = `
  <div id="error-summary" tabindex="-1"></div>
  <form id="login">
    <input id="password" type="password">
    <button id="reveal" type="button" data-reveal="password" aria-label="Show password" data-shown="Hide" data-shown-label="Hide password" hidden>Show</button>
    <button id="go" data-busy="Checking…">Sign in</button>
  </form>`;

async function open(html = page) {
  setPage(html);
  await load("static/form.js");
}

test("an error of the form as a whole is read first", async () => {
  await open();
  assert.equal(document.activeElement.id, "error-summary");
});

test("the focus stays in a field that the page has chosen", async () => {
  await open(page + '<input id="email" autofocus>');
  assert.notEqual(document.activeElement.id, "error-summary");
});

describe("a page in a frame", () => {
  async function inFrame(html, hasKeys) {
    setPage(html);
    globalThis.top = {};
    document.hasFocus = () => hasKeys;
    return load("static/form.js");
  }

  test("takes the keys from nobody, and has its focus once they come", async () => {
    const { focusOn } = await inFrame(page, false);
    assert.equal(focusOn(byId("go")), false);
    assert.equal(document.activeElement.tagName, "BODY");
    await happens("focus");
    assert.equal(document.activeElement.id, "error-summary");
  });

  test("that has them puts the focus where the browser would", async () => {
    const { focusOn } = await inFrame(page + '<input id="email" autofocus>', true);
    assert.equal(document.activeElement.id, "email");
    assert.equal(focusOn(byId("go")), true);
    assert.equal(document.activeElement.id, "go");
  });
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
    assert.equal(button.getAttribute("aria-label"), "Hide password");
    assert.equal(button.textContent, "Hide");
    assert.equal(document.activeElement, field);
    button.click();
    assert.equal(field.type, "password");
    assert.equal(button.getAttribute("aria-label"), "Show password");
    assert.equal(button.textContent, "Show");
  });

  test("is hidden when it is sent", async () => {
    await open();
    byId("reveal").click();
    submits(byId("login"));
    assert.equal(byId("password").type, "password");
  });
});

describe("a message that is pasted", () => {
  async function paste(text) {
    setPage('<form><input id="token" autocomplete="one-time-code"></form>');
    await load("static/form.js");
    const event = Object.assign(new window.Event("paste", { cancelable: true, bubbles: true }), { clipboardData: { getData: () => text } });
    return byId("token").dispatchEvent(event) ? "as it is" : byId("token").value;
  }

  for (const [text, left] of [
    ["Your code: 1234567.", "1234567"], ["Ihr Code: １２３４５６", "123456"], ["1234567\n\n@nod.example #1234567", "1234567"],
    ["123 456", "as it is"], ["1234567 or 7654321", "as it is"], ["k3d9-xq2m-7vbt-0rjw", "as it is"], ["", "as it is"],
  ]) {
    test(`${JSON.stringify(text)} leaves ${left}`, async () => assert.equal(await paste(text), left));
  }
});

test("what the page says as it opens is said once more, for a while", async () => {
  setPage('<main><p class="notice">Your password has been changed.</p><p id="form-live"></p></main>');
  await load("static/form.js");
  assert.equal(byId("form-live").textContent, "");
  await advance(200);
  assert.equal(byId("form-live").textContent, "Your password has been changed.");
  await advance(4800);
  assert.equal(byId("form-live").textContent, "");
});

test("a form is said to be on its way", async () => {
  await open(page + '<p id="form-live" data-busy="One moment"></p><form id="other"><button id="stop">Stop</button></form>');
  submits(byId("login"));
  assert.equal(byId("form-live").textContent, "Checking…");
  submits(byId("other"));
  assert.equal(byId("form-live").textContent, "One moment");
  assert.equal(byId("stop").textContent, "Stop");
  assert.equal(byId("stop").getAttribute("aria-disabled"), "true");
  await advance(15000);
  assert.equal(byId("form-live").textContent, "");
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
    setPage('<p id="no-cookies" hidden>No cookies</p>');
    const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
    t.after(() => before ? Object.defineProperty(globalThis, "navigator", before) : delete globalThis.navigator);
    Object.defineProperty(globalThis, "navigator", { value: { cookieEnabled }, configurable: true });
    await load("static/form.js");
    assert.equal(document.getElementById("no-cookies").hidden, hidden);
  });
}

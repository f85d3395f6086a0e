import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { advance, answers, byId, happens, load, reply, requests, setPage, setVisible, settle, submits, visited } from "./browser.mjs";

const page = (seconds) => `
  <form id="token-form" data-status-url="/authy/status" data-done-url="/protected" data-login-url="/login">
    <button data-busy="Checking…">Sign in</button>
  </form>
  <div data-next-send="${seconds}">
    <form id="send-sms"><button id="sms" data-send>Send an SMS</button></form>
    <form id="send-call"><button id="call" data-send>Call me</button></form>
  </div>
  <p id="next-send" ${seconds ? "" : "hidden"}>In <span data-seconds>${seconds}</span> s.</p>`;

async function open(seconds = 0) {
  setPage(page(seconds));
  await load("static/token.js");
}

const wait = () => byId("next-send").querySelector("[data-seconds]").textContent;

describe("sending a code", () => {
  test("is possible at once where nothing was sent", async () => {
    await open();
    assert.ok(submits(byId("send-sms")));
    assert.ok(byId("next-send").hidden);
  });

  test("waits, counting down, and is possible then", async () => {
    await open(3);
    assert.equal(wait(), "3");
    assert.ok(!submits(byId("send-sms")));
    assert.ok(!submits(byId("send-call")));
    await advance(1000);
    assert.equal(wait(), "2");
    await advance(1990);
    assert.ok(!submits(byId("send-call")));
    assert.equal(byId("next-send").hidden, false);
    await advance(10);
    assert.ok(byId("next-send").hidden);
    assert.ok(submits(byId("send-sms")));
    assert.ok(submits(byId("send-call")));
  });
});

describe("a page that is seen again", () => {
  async function seenAgain(answer) {
    await open();
    if (answer) answers(answer);
    setVisible(false);
    await settle();
    assert.equal(requests.length, 0);
    setVisible(true);
    await settle();
    assert.equal(requests[0].url, "/authy/status");
  }

  test("goes on where the sign-in was finished", async () => {
    await seenAgain(reply(200, { status: "signed_in" }));
    assert.deepEqual(visited, ["/protected"]);
  });

  test("begins again where it has ended", async () => {
    await seenAgain(reply(401, {}));
    assert.deepEqual(visited, ["/login"]);
  });

  for (const [name, answer] of [
    ["it still waits", reply(200, { status: "pending" })],
    ["the server is busy", reply(503, { status: "signed_in" })],
    ["there is no network", undefined],
  ]) {
    test(`stays where ${name}`, async () => {
      await seenAgain(answer);
      assert.deepEqual(visited, []);
    });
  }

  test("asks too when the browser goes back to it", async () => {
    await open();
    await happens("pageshow", { persisted: false });
    assert.equal(requests.length, 0);
    await happens("pageshow", { persisted: true });
    assert.equal(requests.length, 1);
  });
});

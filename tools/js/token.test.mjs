import test, { describe } from "node:test";
import assert from "node:assert/strict";
import {
  FakeSocket, FakeStream, advance, answers, byId, happens, load, reply, requests, setPage, setVisible, settle, sockets, submits, submitted, visited,
} from "./browser.mjs";

const page = (seconds) => `
  <form id="token-form" data-status-url="/authy/status" data-done-url="/protected" data-login-url="/login"
    data-self-url="/login/approval" data-events-url="/login/events" data-stream-url="/login/stream">
    <button data-busy="Checking…">Sign in</button>
  </form>
  <div data-next-send="${seconds}">
    <form id="send-sms"><button id="sms" data-send>Send an SMS</button></form>
    <form id="send-call"><button id="call" data-send>Call me</button></form>
  </div>
  <form id="confirm-form" action="/confirm-login"><input name="_csrf" value="secret"></form>
  <p data-message="confirm-offline" hidden></p>
  <p id="next-send" ${seconds ? "" : "hidden"}>In <span data-left>${seconds}</span> min.</p>`;

async function open(seconds = 0) {
  setPage(page(seconds));
  await load("static/token.js");
}

const wait = () => byId("next-send").querySelector("[data-left]").textContent;

describe("sending a code", () => {
  test("is possible at once where nothing was sent", async () => {
    await open();
    assert.ok(submits(byId("send-sms")));
    assert.ok(byId("next-send").hidden);
  });

  test("waits, counting down, and is possible then", async () => {
    await open(3);
    assert.equal(wait(), "0:03");
    assert.ok(!submits(byId("send-sms")));
    assert.ok(!submits(byId("send-call")));
    await advance(1000);
    assert.equal(wait(), "0:02");
    await advance(1990);
    assert.ok(!submits(byId("send-call")));
    assert.equal(byId("next-send").hidden, false);
    await advance(10);
    assert.ok(byId("next-send").hidden);
    assert.ok(submits(byId("send-sms")));
    assert.ok(submits(byId("send-call")));
  });
});

test("a long wait is told in minutes", async () => {
  await open(536);
  assert.equal(wait(), "8:56");
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
    assert.equal(requests[0].url, "https://nod.test/authy/status");
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

describe("a tap while the code page is open", () => {
  async function hear(state) {
    await open();
    sockets[0].says(state);
    await settle();
  }

  const posts = () => requests.filter(({ method }) => method === "POST");

  test("Approve lets in", async () => {
    answers(({ method }) => method === "POST" ? reply(302) : reply(200, { status: "signed_in" }));
    await hear({ status: "approved" });
    assert.equal(sockets[0].url, "wss://nod.test/login/events");
    assert.deepEqual(posts().map(({ url, body }) => [url, body]), [["https://nod.test/confirm-login", "_csrf=secret&unpressed=1"]]);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("Approve without a network says so, and lets in later", async () => {
    await hear({ status: "approved" });
    assert.ok(!document.querySelector("[data-message]").hidden);
    answers(({ method }) => method === "POST" ? reply(302) : reply(200, { status: "signed_in" }));
    await happens("online");
    assert.deepEqual(visited, ["/protected"]);
  });

  for (const [state, where] of [
    [{ status: "denied" }, ["/login/approval"]],
    [{ status: "cancelled", reason: "superseded" }, ["/login/approval"]],
    [{ status: "signed_in" }, ["/protected"]],
    [{ status: "signed_out", reason: "replaced" }, ["/login"]],
    [{ status: "pending" }, []],
    [{ status: "expired" }, []], // a code still counts
    [{ status: "cancelled", reason: "no_device" }, []],
  ]) {
    test(`${state.status} ${state.reason ?? ""} goes to ${where.join() || "no other page"}`, async () => {
      await hear(state);
      assert.deepEqual(visited, where);
      assert.equal(posts().length, 0);
    });
  }

  test("a request that was sent again is heard too", async () => {
    await hear({ status: "expired", revision: 1 });
    assert.ok(sockets[0].closed);
    answers(reply(200, { status: "pending", revision: 2 }));
    setVisible(true);
    await settle();
    assert.equal(sockets.length, 2);
  });

  test("where the browser refuses every connection the forms still work", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    await open();
    await advance(5000);
    assert.ok(submits(byId("token-form")));
    assert.deepEqual([visited, submitted], [[], []]);
  });

  test("a form that was sent is not cut off by an event, until 15 s have passed without an answer", async () => {
    await open();
    submits(byId("token-form"));
    assert.ok(sockets[0].closed);
    await advance(14990);
    assert.equal(sockets.length, 1);
    await advance(10);
    assert.equal(sockets.length, 2);
  });

  test("a form that was not sent changes nothing", async () => {
    await open(3);
    submits(byId("send-sms"));
    assert.ok(!sockets[0].closed);
  });

  test("a page that is left hangs up, and goes on when the browser comes back to it", async () => {
    await open();
    await happens("pagehide");
    assert.ok(sockets[0].closed);
    await happens("pageshow", { persisted: true });
    assert.ok(!sockets[sockets.length - 1].closed);
  });
});

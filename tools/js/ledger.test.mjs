import test, { describe } from "node:test";
import assert from "node:assert/strict";
import {
  FakeSocket, advance, answers, byId, happens, load, reaches, reply, requests, setPage, setVisible, settle, sockets, submits, submitted, visited,
} from "./browser.mjs";

const labels = { awaiting: "waiting for your phone", approved: "approved, being sent", executed: "sent", denied: "denied" };

const mayArrive = "It may still arrive";

const line = ([id, status]) => `
  <li data-transfer="${id}" data-status="${status}">
    <span class="entry-what">€ 5 to ${id}</span>
    ${Object.entries(labels).map(([name, label]) => `<span data-state="${name}" ${name === status ? "" : "hidden"}>${label}</span>`).join("")}
    ${status === "awaiting" ? `<p data-reason="unconfirmed" hidden>${mayArrive}</p>` : ""}
    ${["awaiting", "approved"].includes(status) ? `<form id="execute-${id}" data-execute></form>` : ""}
  </li>`;

/** open shows a ledger; statuses: {id: status}. */
async function open(statuses, attributes = 'data-status-url="/transfers" data-events-url="/transfers/events" data-page-url="/protected"') {
  setPage(`<section id="transfers" ${attributes}>
    <form id="transfer-form"><input id="payee"><button data-busy="Asking…">Ask</button></form>
    <p id="ledger-live"></p><ul>${Object.entries(statuses).map(line).join("")}</ul></section>`);
  await load("static/ledger.js");
}

const transfers = (statuses, revision) => reply(200, { revision, transfers: Object.entries(statuses).map(([id, status]) => ({ id, status })) });

const unconfirmed = (status, reason) => reply(200, { revision: 1, transfers: [{ id: "a", status, reason }] });
const noteOf = (id) => entry(id).querySelector("[data-reason]");

const entry = (id) => document.querySelector(`[data-transfer="${id}"]`);
const seen = (id) => [...entry(id).querySelectorAll("[data-state]")].filter((e) => !e.hidden).map((e) => e.textContent);

describe("nothing waits", () => {
  for (const [name, statuses, attributes] of [
    ["a ledger of old transfers", { a: "executed", b: "denied" }],
    ["a page without addresses", { a: "awaiting" }, ""],
    ["a ledger that is empty", {}],
  ]) {
    test(`${name} asks nothing`, async () => {
      await open(statuses, attributes);
      setVisible(true);
      await happens("online");
      await advance(20000);
      assert.equal(sockets.length, 0);
      assert.equal(requests.length, 0);
    });
  }

  test("a page without a ledger keeps its forms", async () => {
    setPage('<form id="other"><button data-busy="Sending…">Send</button></form>');
    await load("static/ledger.js");
    submits(byId("other"));
    assert.equal(document.querySelector("button").textContent, "Sending…");
  });

  test("what was approved while nobody looked is sent at once", async () => {
    await open({ a: "executed", b: "approved", c: "awaiting" });
    assert.deepEqual(submitted, ["execute-b"]);
    assert.equal(sockets.length, 0);
  });
});

describe("a transfer waits", () => {
  test("the state is read at once, at every event, and every 5 s", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    assert.equal(sockets[0].url, "wss://nod.test/transfers/events");
    assert.equal(requests.length, 1);
    assert.equal(requests[0].url, "/transfers");
    sockets[0].says("{}");
    await settle();
    assert.equal(requests.length, 2);
    await advance(4990);
    assert.equal(requests.length, 2);
    await advance(10);
    assert.equal(requests.length, 3);
  });

  test("what an event itself says decides nothing", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    sockets[0].says({ transfers: [{ id: "a", status: "approved" }] });
    await settle();
    assert.deepEqual(submitted, []);
    assert.deepEqual(seen("a"), ["waiting for your phone"]);
  });

  test("approved: its own form is sent", async () => {
    answers(transfers({ a: "awaiting", b: "approved", x: "approved" }));
    await open({ a: "awaiting", b: "awaiting" });
    assert.deepEqual(submitted, ["execute-b"]);
    assert.deepEqual(seen("b"), ["approved, being sent"]);
    assert.deepEqual(seen("a"), ["waiting for your phone"]);
    assert.equal(byId("ledger-live").textContent, "€ 5 to b: approved, being sent");
  });

  test("denied: its form goes, and so does the connection", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    sockets[0].opens();
    answers(transfers({ a: "denied" }));
    sockets[0].says("{}");
    await settle();
    assert.deepEqual(seen("a"), ["denied"]);
    assert.equal(byId("execute-a"), null);
    assert.deepEqual(submitted, []);
    assert.ok(sockets[0].closed);
    await advance(20000);
    assert.equal(sockets.length, 1);
    assert.equal(requests.length, 2);
  });

  test("a request that is not confirmed is said to be so, once, until it is answered", async () => {
    answers(unconfirmed("awaiting", ""));
    await open({ a: "awaiting" });
    assert.ok(noteOf("a").hidden);
    answers(unconfirmed("awaiting", "unconfirmed"));
    sockets[0].says("{}");
    await settle();
    assert.ok(!noteOf("a").hidden);
    assert.deepEqual(seen("a"), ["waiting for your phone"]);
    assert.equal(byId("ledger-live").textContent, `€ 5 to a: ${mayArrive}`);
    byId("ledger-live").textContent = "";
    sockets[0].says("{}");
    await settle();
    assert.equal(byId("ledger-live").textContent, "");
    answers(unconfirmed("approved", ""));
    sockets[0].says("{}");
    await settle();
    assert.ok(noteOf("a").hidden);
    assert.deepEqual(submitted, ["execute-a"]);
  });

  test("a status without words is announced as it is", async () => {
    answers(transfers({ a: "lost" }));
    await open({ a: "awaiting" });
    assert.equal(byId("ledger-live").textContent, "€ 5 to a: lost");
  });

  test("a socket that is opening when nothing waits any more is closed once it is open", async () => {
    answers(transfers({ a: "denied" }));
    await open({ a: "awaiting" });
    assert.ok(!sockets[0].closed);
    sockets[0].opens();
    assert.ok(sockets[0].closed);
  });

  test("a socket that breaks is made again, later each time until it speaks", async () => {
    await open({ a: "awaiting" });
    for (const [i, pause] of [250, 500, 1000].entries()) {
      sockets[i].breaks();
      await advance(pause - 10);
      assert.equal(sockets.length, i + 1);
      await advance(10);
      assert.equal(sockets.length, i + 2);
    }
    sockets[3].says("{}");
    sockets[3].breaks();
    await advance(250);
    assert.equal(sockets.length, 5);
  });

  test("an answer that was overtaken is dropped", async () => {
    answers(transfers({ a: "awaiting" }, 4));
    await open({ a: "awaiting" });
    let late;
    answers(() => new Promise((done) => (late = done)));
    sockets[0].says("{}");
    answers(transfers({ a: "denied" }, 5));
    sockets[0].says("{}");
    await settle();
    late(transfers({ a: "awaiting" }, 4));
    await settle();
    assert.deepEqual(seen("a"), ["denied"]);
  });

  test("without a network it asks again", async () => {
    await open({ a: "awaiting" });
    answers(transfers({ a: "denied" }));
    await advance(5000);
    assert.deepEqual(seen("a"), ["denied"]);
  });

  test("a server that fails changes nothing", async () => {
    answers(reply(503, { transfers: [{ id: "a", status: "denied" }] }));
    await open({ a: "awaiting" });
    assert.deepEqual(seen("a"), ["waiting for your phone"]);
    assert.deepEqual(visited, []);
  });

  test("a session that has ended loads the page again", async () => {
    answers(reply(401, {}));
    await open({ a: "awaiting" });
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a page that is seen again, and a network that is back, ask at once", async () => {
    await open({ a: "awaiting" });
    setVisible(false);
    await settle();
    assert.equal(requests.length, 1);
    setVisible(true);
    await settle();
    assert.equal(requests.length, 2);
    await happens("online");
    assert.equal(requests.length, 3);
  });

  test("without an address for events it only asks", async () => {
    await open({ a: "awaiting" }, 'data-status-url="/transfers"');
    await advance(5000);
    assert.equal(sockets.length, 0);
    assert.equal(requests.length, 2);
  });
});

describe("one press or one tap is enough", () => {
  const isSent = () => submits(byId("execute-a"));

  test("a form that a person has just sent is not cut off by the tap", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    assert.ok(isSent());
    answers(transfers({ a: "approved" }));
    sockets[0].says("{}");
    await settle();
    assert.deepEqual(submitted, []);
  });

  test("a form that the tap has sent is not sent again by a press, until 15 s have passed", async () => {
    await open({ a: "approved" });
    assert.deepEqual(submitted, ["execute-a"]);
    assert.ok(!isSent());
    await advance(15000);
    assert.ok(isSent());
  });

  test("a page that the browser comes back to may send again", async () => {
    await open({ a: "approved" });
    await happens("pageshow", { persisted: true });
    assert.ok(isSent());
  });

  test("what another browser has asked for is not sent from here, and the rest is still heard", async () => {
    answers(transfers({ a: "approved", b: "awaiting" }));
    await open({ a: "approved", b: "awaiting" });
    assert.deepEqual(submitted, ["execute-a"]);
    setPage("");
    submitted.length = sockets.length = 0;
    setPage(`<section id="transfers" data-status-url="/transfers" data-events-url="/transfers/events"><p id="ledger-live"></p>
      <ul><li data-transfer="a" data-status="approved"></li><li data-transfer="b" data-status="awaiting"></li></ul></section>`);
    await load("static/ledger.js");
    assert.deepEqual(submitted, []);
    assert.equal(sockets.length, 1);
  });
});

describe("what the browser lacks or refuses", () => {
  test("without sockets the state is read every 5 s", async () => {
    FakeSocket.refused = true;
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    answers(transfers({ a: "denied" }));
    await advance(5000);
    assert.deepEqual(seen("a"), ["denied"]);
  });

  test("where fetch is refused the page is opened again", async () => {
    reaches(true);
    await open({ a: "awaiting" });
    await advance(10000);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("without a network it is not", async () => {
    await open({ a: "awaiting" });
    await advance(30000);
    assert.deepEqual(visited, []);
  });

  test("while something is typed it is not", async () => {
    reaches(true);
    await open({ a: "awaiting" });
    byId("payee").focus();
    await advance(30000);
    assert.deepEqual(visited, []);
  });
});

import test, { describe } from "node:test";
import assert from "node:assert/strict";
import {
  advance, answers, byId, happens, load, reply, requests, setPage, setVisible, settle, sockets, submits, submitted, visited,
} from "./browser.mjs";

const labels = { awaiting: "waiting for your phone", approved: "approved, being sent", executed: "sent", denied: "denied" };

const line = ([id, status]) => `
  <li data-transfer="${id}" data-status="${status}">
    <span class="entry-what">€ 5 to ${id}</span>
    ${Object.entries(labels).map(([name, label]) => `<span data-state="${name}" ${name === status ? "" : "hidden"}>${label}</span>`).join("")}
    ${["awaiting", "approved"].includes(status) ? `<form id="execute-${id}" data-execute></form>` : ""}
  </li>`;

/** open shows a ledger; statuses: {id: status}. */
async function open(statuses, attributes = 'data-status-url="/transfers" data-events-url="/transfers/events"') {
  setPage(`<section id="transfers" ${attributes}>
    <form id="transfer-form"><button data-busy="Asking…">Ask</button></form>
    <p id="ledger-live"></p><ul>${Object.entries(statuses).map(line).join("")}</ul></section>`);
  await load("static/ledger.js");
}

const transfers = (statuses, revision) => reply(200, { revision, transfers: Object.entries(statuses).map(([id, status]) => ({ id, status })) });

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
    assert.deepEqual(visited, ["reload"]);
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


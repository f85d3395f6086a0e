import test, { describe } from "node:test";
import assert from "node:assert/strict";
import {
  FakeSocket, advance, answers, byId, happens, load, reaches, reply, requests, setPage, setVisible, settle, sockets, submits, submitted, visited,
} from "./browser.mjs";

const labels = { awaiting: "waiting for your phone", approved: "approved, being sent", executed: "sent", denied: "denied", cancelled: "phone not asked" };

const mayArrive = "It may still arrive";

const line = ([id, status]) => `
  <li data-transfer="${id}" data-status="${status}">
    <span class="entry-what">€ 5 to ${id}</span>
    ${Object.entries(labels).map(([name, label]) => `<span data-state="${name}" ${name === status ? "" : "hidden"}>${label}</span>`).join("")}
    ${status === "awaiting" ? `<p data-reason="unconfirmed" hidden>${mayArrive}</p><p data-until hidden>Try again after <time data-soon></time>.</p>` : ""}
    ${["awaiting", "approved"].includes(status) ? `<form id="execute-${id}" data-execute></form>` : ""}
  </li>`;

/** open shows a ledger; statuses: {id: status}. */
async function open(statuses, attributes = 'data-status-url="/transfers" data-events-url="/transfers/events" data-page-url="/protected"') {
  setPage(`<section id="transfers" ${attributes}>
    <form id="transfer-form"><input type="hidden" value="token"><input id="payee"><button data-busy="Asking…">Ask</button></form>
    <p id="ledger-live"></p><ul>${Object.entries(statuses).map(line).join("")}</ul></section>`);
  await load("static/ledger.js");
}

const transfers = (statuses, revision) => reply(200, { revision, transfers: Object.entries(statuses).map(([id, status]) => ({ id, status })) });

const unconfirmed = (status, reason) => reply(200, { revision: 1, transfers: [{ id: "a", status, reason }] });
const noteOf = (id) => entry(id).querySelector("[data-reason]");

const entry = (id) => document.querySelector(`[data-transfer="${id}"]`);
const seen = (id) => [...entry(id).querySelectorAll("[data-state]")].filter((e) => !e.hidden).map((e) => e.textContent);

describe("nothing waits", () => {
  test("a page without addresses asks nothing", async () => {
    await open({ a: "awaiting" }, "");
    setVisible(true);
    await happens("online");
    await advance(60000);
    assert.equal(sockets.length, 0);
    assert.equal(requests.length, 0);
  });

  for (const [name, statuses] of [["a ledger of old transfers", { a: "executed", b: "denied" }], ["a ledger that is empty", {}]]) {
    test(`${name} listens, and asks every 25 s`, async () => {
      answers(transfers(statuses));
      await open(statuses);
      assert.equal(sockets.length, 1);
      assert.equal(requests.length, 0);
      sockets[0].says("{}");
      await settle();
      assert.equal(requests.length, 1);
      await advance(24990);
      assert.equal(requests.length, 1);
      await advance(10);
      assert.equal(requests.length, 2);
      assert.deepEqual(visited, []);
    });

    test(`${name} that nobody sees listens only once it is seen`, async () => {
      answers(transfers(statuses));
      await open(statuses);
      sockets[0].opens();
      setVisible(false);
      assert.ok(sockets[0].closed);
      await happens("online");
      await advance(60000);
      assert.equal(sockets.length, 1);
      assert.equal(requests.length, 0);
      setVisible(true);
      await settle();
      assert.equal(sockets.length, 2);
      assert.equal(requests.length, 1);
    });
  }

  test("a socket that opens after the page was hidden is closed", async () => {
    await open({});
    setVisible(false);
    assert.ok(!sockets[0].closed);
    sockets[0].opens();
    assert.ok(sockets[0].closed);
  });

  test("a socket that breaks again and again is left alone for longer", async () => {
    await open({});
    for (const [i, pause] of [250, 500, 1000, 25000, 25000].entries()) {
      sockets[i].breaks();
      await advance(pause - 10);
      assert.equal(sockets.length, i + 1);
      await advance(10);
      assert.equal(sockets.length, i + 2);
    }
  });

  test("where fetch is refused it is left alone", async () => {
    reaches(true);
    await open({});
    await advance(120000);
    assert.deepEqual(visited, []);
  });

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

  test("denied: its form goes, and the page goes on listening while it is seen", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    sockets[0].opens();
    answers(transfers({ a: "denied" }));
    sockets[0].says("{}");
    await settle();
    assert.deepEqual(seen("a"), ["denied"]);
    assert.equal(byId("execute-a"), null);
    assert.deepEqual(submitted, []);
    await advance(20000);
    assert.ok(!sockets[0].closed);
    assert.equal(requests.length, 2);
    setVisible(false);
    assert.ok(sockets[0].closed);
    await advance(60000);
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

  test("a phone that cannot be asked yet: when it can is said at once, until that is past", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    const until = entry("a").querySelector("[data-until]");
    assert.ok(until.hidden);
    const cancelled = (at) => reply(200, { revision: 1, transfers: [{ id: "a", status: "cancelled", retry_at: at }] });
    answers(cancelled("2026-01-01T12:05:00.000Z"));
    sockets[0].says("{}");
    await settle();
    assert.ok(!until.hidden);
    assert.match(until.textContent, /^Try again after .*2026.*\.$/);
    assert.equal(byId("ledger-live").textContent, `€ 5 to a: phone not asked. ${until.textContent}`);
    answers(cancelled(""));
    sockets[0].says("{}");
    await settle();
    assert.ok(until.hidden);
  });

  test("a page that nobody sees goes on listening until it is answered", async () => {
    answers(transfers({ a: "awaiting" }));
    await open({ a: "awaiting" });
    sockets[0].opens();
    setVisible(false);
    assert.ok(!sockets[0].closed);
    answers(transfers({ a: "denied" }));
    sockets[0].says("{}");
    await settle();
    assert.deepEqual(seen("a"), ["denied"]);
    assert.ok(sockets[0].closed);
  });

  test("a status without words is announced as it is", async () => {
    answers(transfers({ a: "lost" }));
    await open({ a: "awaiting" });
    assert.equal(byId("ledger-live").textContent, "€ 5 to a: lost");
  });

  test("a socket that is opening when nothing waits any more on a hidden page is closed once it is open", async () => {
    let late;
    answers(() => new Promise((done) => (late = done)));
    await open({ a: "awaiting" });
    setVisible(false);
    late(transfers({ a: "denied" }));
    await settle();
    assert.ok(!sockets[0].closed);
    sockets[0].opens();
    assert.ok(sockets[0].closed);
  });

  test("a socket that breaks is made again, later each time until it speaks", async () => {
    await open({ a: "awaiting" });
    for (const [i, pause] of [250, 500, 1000, 2000].entries()) {
      sockets[i].breaks();
      await advance(pause - 10);
      assert.equal(sockets.length, i + 1);
      await advance(10);
      assert.equal(sockets.length, i + 2);
    }
    sockets[4].says("{}");
    sockets[4].breaks();
    await advance(250);
    assert.equal(sockets.length, 6);
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

  test("while a form is on its way nothing is asked: it may be what ends the session", async () => {
    answers(transfers({ a: "denied" }));
    await open({ a: "denied" });
    submits(byId("transfer-form"));
    answers(reply(401, {}));
    sockets[0].says("{}");
    await advance(14990);
    assert.equal(requests.length, 0);
    await advance(10);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a session that ends while a form is on its way does not cut that off", async () => {
    await open({ a: "awaiting" });
    let late;
    answers(() => new Promise((done) => (late = done)));
    sockets[0].says("{}");
    submits(byId("transfer-form"));
    late(reply(401, {}));
    await settle();
    assert.deepEqual(visited, []);
  });

  test("a page that is seen again keeps its connection", async () => {
    await open({ a: "awaiting" });
    setVisible(true);
    await happens("online");
    assert.equal(sockets.length, 1);
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

describe("a transfer that the page does not show", () => {
  // hears opens a page without transfers, does something, and then lets it hear of one.
  async function hears(first = () => {}, news = transfers({ b: "awaiting" })) {
    await open({});
    first();
    answers(news);
    sockets[0].says("{}");
    await settle();
  }

  test("the page is loaded again", async () => {
    await hears();
    assert.deepEqual(visited, ["/protected"]);
  });

  test("beside those that it shows, too", async () => {
    answers(transfers({ b: "awaiting", a: "denied" }));
    await open({ a: "awaiting" });
    assert.deepEqual(seen("a"), ["denied"]);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("the page is not loaded once more while that goes on", async () => {
    await hears();
    await advance(14000);
    assert.deepEqual(visited, ["/protected"]);
    await advance(6000);
    assert.deepEqual(visited, ["/protected", "/protected"]);
  });

  test("a page that nobody sees is loaded once it is seen", async () => {
    await open({});
    setVisible(false);
    answers(transfers({ b: "awaiting" }));
    await advance(60000);
    assert.deepEqual(visited, []);
    setVisible(true);
    await settle();
    assert.deepEqual(visited, ["/protected"]);
  });

  test("while a field has the focus it is not, but soon after", async () => {
    await hears(() => byId("payee").focus());
    await advance(30000);
    assert.deepEqual(visited, []);
    document.querySelector("button").focus();
    await advance(5000);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("nor while something stands in a field", async () => {
    await hears(() => (byId("payee").value = "Grace"));
    await advance(30000);
    assert.deepEqual(visited, []);
    byId("payee").value = "";
    await advance(5000);
    assert.deepEqual(visited, ["/protected"]);
  });

  const inDetails = (attribute) => () => {
    byId("transfers").insertAdjacentHTML("beforeend", `<details ${attribute}><input type="password"></details>`);
    document.querySelector("[type=password]").value = "secret";
  };

  test("a password in a form that is open counts, what the browser fills in elsewhere does not", async () => {
    await hears(inDetails("open"));
    await advance(30000);
    assert.deepEqual(visited, []);
    document.querySelector("details").open = false;
    await advance(5000);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a form that is on its way is not cut off, until 15 s have passed", async () => {
    await hears(() => submits(byId("transfer-form")));
    assert.deepEqual(visited, []);
    await advance(15000);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a form that was not sent is not waited for", async () => {
    await hears(() => {
      byId("transfer-form").addEventListener("submit", (event) => event.preventDefault());
      submits(byId("transfer-form"));
    });
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a page that the browser comes back to is loaded at once", async () => {
    await hears(() => submits(byId("transfer-form")));
    await happens("pageshow", { persisted: true });
    assert.deepEqual(visited, ["/protected"]);
  });

  test("what is approved here is sent first", async () => {
    answers(transfers({ b: "awaiting", a: "approved" }));
    await open({ a: "awaiting" });
    assert.deepEqual(submitted, ["execute-a"]);
    assert.deepEqual(visited, []);
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

  test("while what was approved is on its way the page stays as it is, until 15 s have passed", async () => {
    answers(transfers({ a: "approved" }));
    await open({ a: "awaiting" });
    assert.deepEqual(submitted, ["execute-a"]);
    answers(transfers({ a: "executed" }));
    sockets[0].says("{}");
    await advance(14990);
    assert.equal(requests.length, 1);
    assert.deepEqual(seen("a"), ["approved, being sent"]);
    await advance(5000);
    assert.deepEqual(seen("a"), ["sent"]);
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

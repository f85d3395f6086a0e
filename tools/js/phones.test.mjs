import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { advance, answers, byId, load, reply, requests, setPage, setVisible, settle, submits } from "./browser.mjs";

const words = readFileSync(new URL("../../simulator/pages/words/en.json", import.meta.url), "utf8");

const page = `
  <title>Phones</title><script type="application/json" id="words">${words}</script><p id="faults-all" hidden><span></span></p><form id="search"><input id="q"></form>
  <main id="main" tabindex="-1"></main><ul id="phones"><li data-authy-id="1"><a href="/phones/1"><strong data-owners></strong></a><span class="app-state">App installed</span><p class="in-force" hidden><span></span></p><details><summary></summary></details></li></ul>
  <p id="no-match" hidden></p><p id="no-phones" hidden></p><p id="announce"></p>
  <details><form id="faults-form"></form><p id="faults-said"></p><button id="faults-clear"></button></details>
  <template id="phone-line"><li><a><strong data-owners></strong><span data-number></span></a><span class="app-state"></span>
    <p class="in-force" hidden><span></span></p><details><summary></summary><form method="post"></form></details></li></template>`;

const phone = (id, more = {}) => ({ authy_id: id, owners: [`${id}@nod.test`], country_code: 49, phone_number: "170", app_installed: true, waiting: 0, calling: false, faults: [], ...more });
const listed = (phones, faults = []) => reply(200, { phones, faults });

async function open(phones) {
  setPage(page);
  answers(listed(phones));
  await load("simulator/pages/static/index.js");
}

const ids = () => [...byId("phones").children].map((line) => line.dataset.authyId);
const line = (id) => document.querySelector(`[data-authy-id="${id}"]`);

describe("the list of phones", () => {
  test("takes in a new phone and keeps the lines it has", async () => {
    setPage(page);
    const first = line(1);
    answers(listed([phone(2), phone(1)]));
    await load("simulator/pages/static/index.js");
    assert.deepEqual(ids(), ["2", "1"]);
    assert.equal(line(1), first);
    assert.equal(line(2).querySelector("a").getAttribute("href"), "/phones/2");
    assert.equal(line(2).querySelector("form").getAttribute("action"), "/phones/2/forget");
    assert.equal(line(2).querySelector("[data-owners]").textContent, "2@nod.test");
    assert.equal(line(2).querySelector("summary").getAttribute("aria-label"), "Forget the phone of 2@nod.test");
    assert.equal(line(2).querySelector("[data-number]").textContent, "+49 170");
    assert.equal(byId("announce").textContent, "New phone: 2@nod.test");
    assert.ok(line(2).classList.contains("new"));
  });

  test("names both who share a phone, also once the second one has come", async () => {
    await open([phone(1)]);
    answers(listed([phone(1, { owners: ["ada", "bob"] })]));
    await advance(2000);
    assert.equal(line(1).querySelector("[data-owners]").textContent, "ada and bob");
  });

  test("keeps the focus where it is while others come and go", async () => {
    await open([phone(1)]);
    line(1).querySelector("a").focus();
    const moved = [];
    const insert = byId("phones").insertBefore;
    byId("phones").insertBefore = function insertBefore(node, before) {
      moved.push(node.dataset.authyId);
      return insert.call(this, node, before);
    };
    answers(listed([phone(3), phone(2), phone(1)]));
    await advance(2000);
    answers(listed([phone(3), phone(1)]));
    await advance(2000);
    assert.deepEqual(ids(), ["3", "1"]);
    assert.deepEqual(moved, ["3", "2"]);
    assert.equal(document.activeElement, line(1).querySelector("a"));
    answers(listed([phone(3)]));
    await advance(2000);
    assert.deepEqual(ids(), ["3"]);
    assert.equal(document.activeElement.id, "main");
  });

  test("says which phone has the app", async () => {
    await open([phone(1, { app_installed: false }), phone(2)]);
    assert.equal(line(1).querySelector(".app-state").textContent, "No app");
    assert.equal(line(2).querySelector(".app-state").textContent, "App installed");
  });

  test("says which phone rings, once, and in the title", async () => {
    await open([phone(2), phone(1, { waiting: 1 })]);
    assert.equal(line(1).querySelector(".app-state").textContent, "Waiting for an answer");
    assert.ok(line(1).classList.contains("rings"));
    assert.ok(!line(2).classList.contains("rings"));
    assert.equal(byId("announce").textContent, "The phone of 1@nod.test is ringing.");
    assert.equal(document.title, "(1) Phones");
    byId("announce").textContent = "";
    await advance(2000);
    assert.equal(byId("announce").textContent, "");
    answers(listed([phone(2, { calling: true }), phone(1)]));
    await advance(2000);
    assert.equal(line(2).querySelector(".app-state").textContent, "Incoming call");
    assert.ok(!line(1).classList.contains("rings"));
    answers(listed([phone(2), phone(1)]));
    await advance(2000);
    assert.equal(document.title, "Phones");
  });

  test("shows what is wrong on purpose, for all and for one", async () => {
    setPage(page);
    answers(listed([phone(1, { faults: ["the clock is 5s fast"] })], ["the API replies 500"]));
    await load("simulator/pages/static/index.js");
    assert.equal(byId("faults-all").textContent, "the API replies 500");
    assert.equal(byId("faults-all").hidden, false);
    assert.equal(line(1).querySelector(".in-force").textContent, "the clock is 5s fast");
    answers(listed([phone(1)]));
    await advance(2000);
    assert.ok(byId("faults-all").hidden);
    assert.ok(line(1).querySelector(".in-force").hidden);
  });

  test("is searched as one types", async () => {
    await open([phone(1)]);
    answers(listed([]));
    byId("q").value = "a b";
    byId("q").dispatchEvent(new window.Event("input"));
    await settle();
    assert.equal(requests.at(-1).url, "/?q=a%20b");
    assert.equal(byId("no-match").hidden, false);
    assert.ok(byId("no-phones").hidden);
    assert.ok(!submits(byId("search")));
  });

  test("says when there is none", async () => {
    await open([]);
    assert.deepEqual(ids(), []);
    assert.equal(byId("no-phones").hidden, false);
  });

  test("is read every 2 s, though not while the page is hidden", async () => {
    await open([phone(1)]);
    assert.equal(requests.length, 1);
    await advance(2000);
    assert.equal(requests.length, 2);
    setVisible(false);
    await advance(4000);
    assert.equal(requests.length, 2);
    setVisible(true);
    await advance(2000);
    assert.equal(requests.length, 3);
  });

  test("stays while the simulator is away or failing", async () => {
    await open([phone(1)]);
    answers(reply(503, []));
    await advance(2000);
    answers(() => { throw new TypeError("no network"); });
    await advance(2000);
    assert.deepEqual(ids(), ["1"]);
    answers(listed([phone(3)]));
    await advance(2000);
    await settle();
    assert.deepEqual(ids(), ["3"]);
  });
});

describe("the clock of a phone", () => {
  test("is the server's", async () => {
    const { setServerTime, serverNow, timeLeft } = await load("simulator/pages/static/time.js");
    setServerTime("2026-11-25T12:00:00Z");
    await advance(5000);
    assert.equal(serverNow(), Date.parse("2026-11-25T12:00:05Z"));
    assert.equal(timeLeft("2026-11-25T12:00:09Z"), 4000);
    assert.equal(timeLeft("2026-11-25T12:00:01Z"), 0);
    setServerTime("noon");
    assert.equal(serverNow(), Date.parse("2026-11-25T12:00:05Z"));
  });

  test("shows the day only where it is another", async () => {
    const { setServerTime, clockTime } = await load("simulator/pages/static/time.js");
    setServerTime("2026-11-25T12:00:00Z");
    const time = clockTime();
    assert.equal(clockTime("2026-11-25T12:00:00Z", true), time);
    assert.equal(clockTime("2026-11-20T12:00:00Z"), time);
    assert.ok(clockTime("2026-11-20T12:00:00Z", true).endsWith(`, ${time}`));
  });
});

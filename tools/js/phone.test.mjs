import test, { afterEach, beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { advance, answers, byId, happens, load, reply, requests, setPage, setVisible, settle, sockets, visited } from "./browser.mjs";

process.env.TZ = "Asia/Kolkata"; // the reader's zone, half an hour off the full ones

const now = "2026-11-25T12:00:00.000Z";
const at = (seconds) => new Date(Date.parse(now) + seconds * 1000).toISOString();

const sentences = readFileSync(new URL("../../simulator/pages/words/en.json", import.meta.url), "utf8");

const page = `
  <title>Phone of ada</title><link id="icon" href="/static/phone.svg"><script type="application/json" id="words">${sentences}</script>
  <p id="owner">ada</p><button id="notify" hidden></button><button id="mute"></button>
  <span id="clock"></span><button id="banner" hidden><span id="banner-from"></span><span id="banner-text"></span></button>
  <p id="in-force" hidden><span></span></p><p id="line-note" hidden></p><p id="announce"></p>
  <div id="panel-requests" tabindex="0"><div id="pending"></div><div id="calm"><p id="calm-text"></p><p id="calm-hint"></p><p id="calm-link"></p></div>
    <div id="history-part" hidden><ol id="history"></ol></div></div>
  <div id="panel-codes" hidden>${["token", "generic"].map((name) => `<section id="${name}" hidden><p id="${name}-digits"></p>
    <progress id="${name}-bar"></progress><span id="${name}-left"></span></section>`).join("")}<p id="no-codes"></p><div id="apps"></div>
    <form id="scan-form"><input id="scan"><button id="scan-add"></button><p id="scan-said"></p></form></div>
  <div id="panel-messages" hidden><p id="codes-from" hidden></p><ol id="messages"></ol><p id="no-messages"></p></div>
  ${["requests", "codes", "messages"].map((name) => `<button role="tab" id="tab-${name}" aria-controls="panel-${name}"
    aria-selected="${name === "requests"}"${name === "requests" ? "" : " tabindex=-1"}></button><span id="count-${name}" hidden></span>`).join("")}
  <div id="call" hidden><h2 id="call-title"></h2><p id="call-text"></p><p id="call-code" hidden></p>
    <button id="call-hangup"></button><button id="call-answer"></button><button id="call-again" hidden></button></div>
  <dd id="devices"></dd><button id="app-switch" aria-checked="true"></button><p id="switch-said"></p>
  <details><form id="faults-form"></form><p id="faults-said"></p><button id="faults-clear"></button></details>
  <template id="request-card"><article tabindex="-1"><img class="logo" hidden><span class="letter"></span><h3 class="ask"></h3>
    <div class="compare" hidden><strong class="compare-number"></strong></div><dl class="details"></dl>
    <p class="left"><progress></progress><span class="left-text"></span></p>
    <div class="answer"><button data-answer="deny">Deny</button><button data-answer="approve">Approve</button></div>
    <p class="no-app" hidden></p><p class="trouble" hidden></p><div class="done" hidden><strong class="done-text"></strong><span class="done-sub"></span></div></article></template>
  <template id="history-line"><li><span class="history-what"></span><time class="history-when"></time><span class="chip"></span></li></template>
  <template id="detail-line"><div><dt></dt><dd><bdi></bdi></dd></div></template>
  <template id="app-entry"><section><h3 class="app-name"></h3><p class="digits"></p></section></template>
  <template id="message-line"><li><span class="message-from"></span><span class="message-text"></span></li></template>`;

const request = (uuid, status = "pending", more = {}) => ({
  uuid, status, message: `Sign in ${uuid}`, logo: "", created_at: now, expires_at: at(120), ...more,
  details_list: [{ label: "Number", value: "42" }, { label: "Address", value: "<b>1.2.3.4</b>" }],
});

const state = (more = {}) => ({
  server_time: now, phone: { owners: ["ada"], devices: ["iphone"], app_installed: true },
  requests: [], messages: [], token: null, generic: null, call: null, apps: [], faults: [], codes_from: null, ...more,
});

const tones = []; // pitches that were started
const buzzes = [];

class FakeAudio {
  constructor() { this.state = "suspended"; this.currentTime = 0; }
  resume() { this.state = "running"; }
  createOscillator() {
    const frequency = { value: 0 };
    return { frequency, connect: (to) => to, start: () => tones.push(frequency.value), stop() {} };
  }
  createGain() {
    return { gain: { setValueAtTime() {}, exponentialRampToValueAtTime() {} }, connect: (to) => to };
  }
}

beforeEach(async () => {
  setPage(page);
  tones.length = buzzes.length = 0;
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { languages: ["en-US"], vibrate: (pattern) => buzzes.push(pattern) } });
  globalThis.AudioContext = FakeAudio;
  globalThis.localStorage = window.localStorage;
  localStorage.clear();
  document.body.dataset.appName = "Nod";
  document.body.dataset.authyId = "7";
  document.body.dataset.eventsUrl = "/phones/7/events";
  await load("simulator/pages/static/phone.js");
});

const hear = (more) => sockets[sockets.length - 1].says(state(more));
const cards = () => [...byId("pending").children];
const part = (card, selector) => card.querySelector(selector);
const history = () => [...byId("history").children].map((line) => [part(line, ".history-what").textContent, part(line, ".chip").textContent]);
const answer = (card, name) => part(card, `[data-answer=${name}]`).click();

describe("a request", () => {
  test("is shown with its number large, and its details as text", () => {
    hear({ requests: [request("a")] });
    const [card] = cards();
    assert.equal(part(card, ".ask").textContent, "Sign in a");
    assert.equal(part(card, ".compare-number").textContent, "42");
    assert.equal(part(card, ".compare").hidden, false);
    assert.equal(part(card, ".letter").textContent, "N");
    assert.equal(part(card, "dt").textContent, "Address");
    assert.equal(part(card, "dd").textContent, "<b>1.2.3.4</b>");
    assert.equal(part(card, "bdi").children.length, 0);
    assert.equal(document.title, "(1) Sign in a · Phone of ada");
    assert.equal(byId("count-requests").textContent, "1");
    assert.equal(byId("announce").textContent, "New request: Sign in a");
    assert.ok(byId("calm").hidden);
  });

  test("says beside a time in UTC when that was here", () => {
    const values = ["25 Nov 2026, 12:00:01 UTC", "25.11.2026, 23:59:59 UTC", "UTC", "12:00:01"];
    hear({ requests: [{ ...request("a"), details_list: values.map((value) => ({ label: "x", value })) }] });
    const [time, late, ...others] = [...cards()[0].querySelectorAll("dd")].map((line) => line.textContent);
    assert.match(time, /^25 Nov 2026, 12:00:01 UTC \(5:30:01\sPM GMT\+5:30\)$/);
    assert.match(late, /^25\.11\.2026, 23:59:59 UTC \(5:29:59\sAM GMT\+5:30\)$/);
    assert.deepEqual(others, ["UTC", "12:00:01"]);
  });

  test("counts down by the server's clock", async () => {
    hear({ requests: [request("a")] });
    assert.equal(part(cards()[0], ".left-text").textContent, "2:00");
    await advance(100000);
    assert.equal(part(cards()[0], ".left-text").textContent, "0:20");
    assert.ok(part(cards()[0], ".left").classList.contains("soon"));
  });

  test("without an end counts nothing", () => {
    hear({ requests: [request("a", "pending", { expires_at: null })] });
    assert.ok(part(cards()[0], ".left").hidden);
  });

  test("shows a logo from the web once it is loaded", () => {
    hear({ requests: [request("a", "pending", { logo: "https://nod.test/logo.png" }), request("b", "pending", { logo: "javascript:1" })] });
    const [withLogo, without] = cards();
    part(withLogo, "img").dispatchEvent(new window.Event("load"));
    assert.ok(part(withLogo, ".letter").hidden);
    assert.equal(part(without, "img").getAttribute("src"), null);
  });

  test("is shown first when it is the newest", () => {
    hear({ requests: [request("b"), request("a")] });
    assert.deepEqual(cards().map((card) => part(card, ".ask").textContent), ["Sign in b", "Sign in a"]);
  });

  test("never takes away the tab that one reads: it is shown on top, as long as it waits", async () => {
    byId("tab-codes").click();
    hear({ requests: [request("a")] });
    assert.equal(byId("panel-codes").hidden, false);
    assert.equal(byId("banner-from").textContent, "Nod · Request");
    assert.equal(byId("banner-text").textContent, "Sign in a");
    await advance(10000);
    assert.equal(byId("banner").hidden, false);
    byId("banner").click();
    assert.equal(byId("panel-requests").hidden, false);
    assert.equal(document.activeElement.id, "tab-requests");
    assert.ok(byId("banner").hidden);
    byId("tab-codes").click();
    hear({ requests: [request("b"), request("a")] });
    assert.equal(byId("banner").hidden, false);
    hear({ requests: [request("b", "withdrawn"), request("a", "expired")] });
    assert.ok(byId("banner").hidden);
  });

  test("that comes takes no tap that was meant for what stood there", async () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("b"), request("a")] });
    answer(cards()[0], "approve");
    assert.equal(requests.length, 0);
    await advance(700);
    answer(cards()[0], "approve");
    assert.equal(requests.length, 1);
  });

  test("cannot be tapped while the app is off, and says so", () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("a")], phone: { owners: ["ada"], devices: [], app_installed: false } });
    const [card] = cards();
    assert.ok(part(card, ".answer").hidden);
    assert.equal(part(card, ".no-app").hidden, false);
    hear({ requests: [request("a")] });
    assert.equal(part(card, ".answer").hidden, false);
    assert.ok(part(card, ".no-app").hidden);
    hear({ requests: [request("a", "denied")] });
    assert.ok(part(card, ".answer").hidden);
  });

  test("further up than what one reads is shown on top", () => {
    hear({ requests: [request("a", "denied")] });
    const box = (top, bottom) => () => ({ top, bottom });
    byId("panel-requests").getBoundingClientRect = box(100, 500);
    window.HTMLElement.prototype.getBoundingClientRect = box(-400, 60);
    hear({ requests: [request("b"), request("a", "denied")] });
    assert.equal(byId("banner").hidden, false);
    byId("banner").click();
    assert.ok(byId("banner").hidden);
    window.HTMLElement.prototype.getBoundingClientRect = box(120, 400);
    hear({ requests: [request("c"), request("b"), request("a", "denied")] });
    assert.ok(byId("banner").hidden);
  });

  // What became of the answer in the browser, no phone knows.
  for (const [status, more, title, words] of [
    ["approved", { delivery: "sending" }, "Approved", /^Sending/],
    ["approved", { delivery: "delivered" }, "Approved", /was sent/],
    ["denied", { delivery: "delivered" }, "Denied", /was sent/],
    ["denied", { delivery: "undelivered" }, "Denied", /could not be sent/],
    ["expired", {}, "Too late", /time/],
    ["withdrawn", { why: "cancelled" }, "Cancelled", /in the browser/],
    ["withdrawn", { why: "replaced" }, "Replaced", /newer request/],
    ["withdrawn", { why: "of another time" }, "Withdrawn", /Nobody is waiting/],
    ["withdrawn", { why: "elsewhere" }, "Answered another way", /code/],
    ["withdrawn", { why: "withdrawn" }, "Withdrawn", /Nobody is waiting/],
  ]) {
    test(`that is ${[status, ...Object.values(more)].join(", ")} says no more than that`, () => {
      hear({ requests: [request("a")] });
      hear({ requests: [request("a", status, more)] });
      assert.equal(part(cards()[0], ".done-text").textContent, title);
      assert.match(part(cards()[0], ".done-sub").textContent, words);
      assert.doesNotMatch(document.body.textContent, /let in/);
      assert.ok(part(cards()[0], ".answer").hidden);
      assert.equal(document.title, "Phone of ada");
    });
  }

  test("says when its answer has arrived, also later", () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("a", "approved", { delivery: "sending" })] });
    hear({ requests: [request("a", "approved", { delivery: "delivered" })] });
    assert.match(part(cards()[0], ".done-sub").textContent, /was sent/);
  });

  test("answered is one POST, however often one taps", async () => {
    hear({ requests: [request("a b")] });
    answers(() => new Promise(() => {}));
    answer(cards()[0], "approve");
    answer(cards()[0], "approve");
    answer(cards()[0], "deny");
    await settle();
    assert.deepEqual(requests.map(({ method, url }) => [method, url]), [["POST", "/phones/7/requests/a%20b/approve"]]);
  });

  for (const [name, bad, words] of [
    ["409", reply(409, {}), /no longer/],
    ["404", reply(404, {}), /no longer/],
    ["500", reply(500, { error: "Broken." }), /status 500/],
    ["no network", undefined, /no connection/],
  ]) {
    test(`answered by ${name} says so and can be answered again`, async () => {
      if (bad) answers(bad);
      hear({ requests: [request("a")] });
      answer(cards()[0], "deny");
      await settle();
      assert.match(part(cards()[0], ".trouble").textContent, words);
      assert.equal(part(cards()[0], ".trouble").hidden, false);
      answer(cards()[0], "deny");
      assert.equal(requests.length, 2);
    });
  }

  test("that is answered says so for 9 s and is a line of the list then", async () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("a", "approved")] });
    const [card] = cards();
    assert.equal(part(card, ".done-text").textContent, "Approved");
    assert.equal(part(card, ".done").hidden, false);
    assert.ok(part(card, ".answer").hidden);
    assert.equal(byId("announce").textContent, "Approved: Sign in a");
    assert.equal(document.title, "Phone of ada");
    assert.deepEqual(history(), []);
    await advance(9000);
    assert.equal(cards().length, 1);
    await advance(500);
    assert.equal(cards().length, 0);
    assert.deepEqual(history(), [["Sign in a", "Approved"]]);
    assert.equal(byId("calm").hidden, false);
  });

  test("leaves the focus on the list when it goes, and on its card when its buttons go", async () => {
    hear({ requests: [request("a")] });
    part(cards()[0], "[data-answer=approve]").focus();
    hear({ requests: [request("a")], phone: { owners: ["ada"], devices: [], app_installed: false } });
    assert.equal(document.activeElement, cards()[0]);
    hear({ requests: [request("a", "expired")] });
    await advance(9500);
    assert.equal(cards().length, 0);
    assert.equal(document.activeElement.id, "panel-requests");
  });

  test("that is new takes the place of answers", () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("b"), request("a", "denied")] });
    assert.deepEqual(cards().map((card) => part(card, ".ask").textContent), ["Sign in b"]);
    assert.deepEqual(history(), [["Sign in a", "Denied"]]);
  });

  test("that the server no longer names is gone", () => {
    hear({ requests: [request("a")] });
    hear({});
    assert.equal(cards().length, 0);
    assert.ok(byId("count-requests").hidden);
  });

  test("that ended before the page was opened is only a line", () => {
    hear({ requests: [request("a", "expired"), request("b", "strange")] });
    assert.equal(cards().length, 0);
    assert.deepEqual(history(), [["Sign in a", "Too late"], ["Sign in b", "strange"]]);
  });
});

describe("messages", () => {
  const message = (text, seconds, via = "sms") => ({ via, text, at: at(seconds) });

  test("that were there before are not new", () => {
    hear({ messages: [message("old", 0)] });
    assert.ok(byId("banner").hidden);
    assert.ok(byId("count-messages").hidden);
    assert.equal(part(byId("messages"), ".message-text").textContent, "old");
    assert.ok(byId("no-messages").hidden);
  });

  test("that come are counted and shown on top for 7 s", async () => {
    hear({ messages: [message("old", 0)] });
    hear({ messages: [message("Your code is 123", 5), message("old", 0)] });
    assert.equal(byId("banner-text").textContent, "Your code is 123");
    assert.equal(byId("banner").hidden, false);
    assert.equal(byId("count-messages").textContent, "1");
    await advance(7000);
    assert.ok(byId("banner").hidden);
    assert.equal(byId("count-messages").hidden, false);
  });

  test("leave the focus on the open tab when what has it goes", async () => {
    hear({});
    hear({ messages: [message("Your code is 123", 5)] });
    byId("banner").focus();
    await advance(7000);
    assert.equal(document.activeElement.id, "tab-requests");
  });

  test("of calls are counted and not shown on top", () => {
    hear({});
    hear({ messages: [message("A code", 5, "call")] });
    assert.ok(byId("banner").hidden);
    assert.equal(byId("count-messages").textContent, "1");
  });

  test("are read by opening their tab", () => {
    hear({});
    hear({ messages: [message("One", 5)] });
    byId("banner").click();
    assert.equal(byId("panel-messages").hidden, false);
    assert.equal(document.activeElement.id, "tab-messages");
    assert.ok(byId("banner").hidden);
    assert.ok(byId("count-messages").hidden);
    hear({ messages: [message("Two", 6), message("One", 5)] });
    assert.ok(byId("banner").hidden);
    assert.ok(byId("count-messages").hidden);
  });
});

test("a phone that has got too many codes says when the next one can come", () => {
  hear({ codes_from: at(3600) });
  assert.equal(byId("codes-from").hidden, false);
  assert.match(byId("codes-from").textContent, /can come at .*\d:\d\d/);
  hear({});
  assert.ok(byId("codes-from").hidden);
});

describe("codes", () => {
  test("are shown in two groups with the time they have left", async () => {
    hear({ token: { token: "1234567", expires_in: 8 }, generic: { token: "654321", expires_in: 30 } });
    assert.equal(byId("token-digits").textContent, "123 4567");
    assert.equal(byId("generic-digits").textContent, "654 321");
    assert.equal(byId("token-left").textContent, "8 s");
    assert.ok(byId("no-codes").hidden);
    await advance(3500);
    assert.equal(byId("token-left").textContent, "5 s");
    assert.equal(byId("token-bar").value, 4.5);
  });

  test("of an app that was scanned are shown under its name", () => {
    hear({ apps: [{ name: "Nod: ada@example.com", token: "123456" }] });
    const [entry] = byId("apps").children;
    assert.equal(entry.querySelector(".app-name").textContent, "Nod: ada@example.com");
    assert.equal(entry.querySelector(".digits").textContent, "123 456");
    assert.ok(byId("no-codes").hidden);
  });

  test("what cannot be scanned stays in the field, with the reason", async () => {
    byId("tab-codes").click();
    answers(reply(400, { error: "scan must be otpauth" }));
    byId("scan").value = "otpauth";
    byId("scan-form").requestSubmit();
    await settle();
    assert.equal(requests[0].url, "/phones/7/apps");
    assert.deepEqual(JSON.parse(requests[0].body), { scan: "otpauth" });
    assert.match(byId("scan-said").textContent, /neither/);
    assert.equal(byId("scan").value, "otpauth");
    assert.equal(byId("scan").getAttribute("aria-invalid"), "true");
    assert.equal(document.activeElement.id, "scan");
    answers(reply(409, {}));
    byId("scan-form").requestSubmit();
    await settle();
    assert.match(byId("scan-said").textContent, /no more entries/);
  });

  test("what was scanned leaves the field, and is said", async () => {
    answers(reply(200, {}));
    byId("scan").value = "otpauth://totp/Nod?secret=GEZDGNBVGY3TQOJQ";
    byId("scan-form").requestSubmit();
    await settle();
    assert.equal(byId("scan").value, "");
    assert.equal(byId("scan-said").textContent, "Added. Its codes are shown above.");
  });

  test("are missing without the app", () => {
    hear({ phone: { owners: ["ada"], devices: [], app_installed: false } });
    assert.ok(byId("token").hidden);
    assert.equal(byId("no-codes").hidden, false);
    assert.equal(byId("devices").textContent, "none with the app");
    assert.equal(byId("app-switch").getAttribute("aria-checked"), "false");
    assert.equal(byId("calm-text").textContent, "This phone has no app");
    assert.ok(byId("calm-link").hidden);
  });

  test("the app is switched off and on by the server", async () => {
    answers(reply(200, {}));
    hear({});
    byId("app-switch").click();
    await settle();
    assert.equal(requests[0].url, "/phones/7");
    assert.deepEqual(JSON.parse(requests[0].body), { app_installed: false });
    assert.equal(byId("app-switch").getAttribute("aria-checked"), "true");
  });
});

describe("a call", () => {
  const call = { at: now, answered: false };
  const answered = { ...call, answered: true, text: "Your code is 1 2 3.", code: "123" };
  let spoken;

  beforeEach(() => {
    spoken = [];
    globalThis.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
    globalThis.speechSynthesis = { cancel() {}, speak: ({ text }) => text && spoken.push(text) };
  });

  afterEach(() => {
    delete globalThis.speechSynthesis;
    delete globalThis.SpeechSynthesisUtterance;
  });

  test("rings without its code until it is answered", () => {
    hear({ call });
    assert.equal(byId("call").hidden, false);
    assert.equal(byId("call-title").textContent, "Nod is calling");
    assert.ok(byId("call-code").hidden);
    byId("call-answer").click();
    byId("call-answer").click();
    assert.deepEqual(requests.map(({ url }) => url), ["/phones/7/call/answer"]);
    assert.deepEqual(spoken, []);
    hear({ call: answered });
    assert.equal(byId("call-code").textContent, "123");
    assert.equal(byId("call-code").hidden, false);
    assert.deepEqual(spoken, [answered.text]);
    byId("call-again").click();
    assert.deepEqual(spoken, [answered.text, answered.text]);
  });

  test("answered in another tab is shown here without a voice", () => {
    hear({ call });
    hear({ call: answered });
    assert.equal(byId("call-code").textContent, "123");
    assert.equal(document.activeElement.id, "call-again");
    assert.deepEqual(spoken, []);
  });

  test("that cannot be answered says so, and rings on", async () => {
    answers(reply(500, {}));
    hear({ call });
    byId("call-answer").click();
    await settle();
    assert.match(byId("call-text").textContent, /status 500/);
    byId("call-answer").click();
    assert.equal(requests.length, 2);
  });

  test("that nobody answered is listed as missed, with no code", () => {
    hear({ call });
    assert.equal(byId("messages").children.length, 0);
    hear({ messages: [{ via: "call", code: "", text: "", at: now }] });
    assert.equal(part(byId("messages"), ".message-text").textContent, "Missed call");
  });

  test("that goes on is left as it is", () => {
    hear({ call });
    byId("call-answer").click();
    hear({ call: answered });
    hear({ call: { ...answered } });
    assert.equal(byId("call-code").hidden, false);
    assert.equal(spoken.length, 1);
  });

  test("that ends by itself gives the focus back, and says so", () => {
    byId("app-switch").focus();
    hear({ call });
    assert.equal(document.activeElement.id, "call-answer");
    hear({});
    assert.equal(document.activeElement.id, "app-switch");
    assert.equal(byId("announce").textContent, "The call has ended.");
  });

  test("leaves the focus on the open tab when it was nowhere before", () => {
    hear({ call });
    byId("call-hangup").click();
    assert.equal(document.activeElement.id, "tab-requests");
  });

  test("that is hung up is told to the server", async () => {
    hear({ call });
    byId("call-hangup").click();
    await settle();
    assert.ok(byId("call").hidden);
    assert.equal(requests[0].url, "/phones/7/call/hangup");
  });

  test("keeps the keyboard to itself, and Escape hangs it up", () => {
    const press = (key, more = {}) => {
      const event = new window.KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
      document.activeElement.dispatchEvent(event);
      return event.defaultPrevented;
    };
    byId("app-switch").focus();
    assert.equal(press("Tab"), false);
    hear({ call });
    const focused = () => document.activeElement.id;
    assert.equal(focused(), "call-answer");
    assert.ok(press("Tab"));
    assert.equal(focused(), "call-hangup");
    press("Tab", { shiftKey: true });
    assert.equal(focused(), "call-answer");
    byId("tab-codes").focus(); // by a click outside
    press("Tab");
    assert.equal(focused(), "call-hangup");
    assert.equal(press("a"), false);
    assert.ok(press("Escape"));
    assert.ok(byId("call").hidden);
    assert.equal(focused(), "app-switch");
    assert.equal(requests[0].url, "/phones/7/call/hangup");
    assert.equal(press("Escape"), false);
  });
});

describe("a phone rings", () => {
  const touch = () => window.dispatchEvent(new window.Event("pointerdown"));
  const isMuted = () => byId("mute").getAttribute("aria-pressed");

  test("once for each request, by a vibration, a sound and its icon", () => {
    touch();
    hear({ requests: [request("a")] });
    assert.equal(buzzes.length, 1);
    assert.equal(tones.length, 2);
    assert.ok(byId("icon").href.endsWith("/static/phone-rings.svg"));
    hear({ requests: [request("a")] });
    hear({ requests: [request("a", "denied")] });
    assert.equal(buzzes.length, 1);
    assert.ok(byId("icon").href.endsWith("/static/phone.svg"));
  });

  test("silently where nobody has touched the page, as browsers want it", () => {
    hear({ requests: [request("a")] });
    assert.deepEqual(buzzes, []);
    assert.deepEqual(tones, []);
  });

  test("without a sound once it is muted, which is kept", async () => {
    touch();
    assert.equal(isMuted(), "false");
    byId("mute").click();
    assert.equal(isMuted(), "true");
    hear({ requests: [request("a")] });
    assert.deepEqual(tones, []);
    const kept = localStorage;
    setPage(page);
    globalThis.localStorage = kept;
    await load("simulator/pages/static/phone.js");
    assert.equal(isMuted(), "true");
    byId("mute").click();
    assert.equal(kept.getItem("phone-muted"), "false");
  });

  test("for a message that comes", () => {
    touch();
    hear({});
    hear({ messages: [{ via: "sms", text: "123", at: at(5) }] });
    assert.equal(buzzes.length, 1);
  });

  test("for a call until it is answered", async () => {
    touch();
    hear({ call: { at: now, answered: false } });
    await advance(6000);
    assert.equal(tones.length, 6);
    byId("call-answer").click();
    await advance(6000);
    assert.equal(tones.length, 6);
    assert.equal(buzzes.at(-1), 0);
  });

  test("for a call until it is hung up, on any page", async () => {
    touch();
    hear({ call: { at: now, answered: false } });
    hear({});
    const rung = buzzes.length;
    await advance(6000);
    assert.equal(buzzes.length, rung);
  });
});

describe("while nobody looks", () => {
  let told, badge, asked;

  beforeEach(async () => {
    told = [];
    badge = [];
    asked = 0;
    globalThis.Notification = class {
      static permission = "default";
      static async requestPermission() {
        asked++;
        this.permission = "granted";
      }
      constructor(title, { body }) { told.push(`${title}: ${body}`); }
      close() { told.push("closed"); }
    };
    await again();
  });

  afterEach(() => delete globalThis.Notification);

  const again = async () => {
    setPage(page);
    Object.assign(navigator, { setAppBadge: async (n) => badge.push(n), clearAppBadge: () => Promise.reject(badge.push(0)) });
    Object.assign(document.body.dataset, { appName: "Nod", authyId: "7", eventsUrl: "/phones/7/events" });
    await load("simulator/pages/static/phone.js");
  };

  test("a request is notified of once that was allowed, and taken back when it ends", async () => {
    assert.equal(byId("notify").hidden, false);
    setVisible(false);
    hear({ requests: [request("a")] });
    assert.deepEqual([told, asked], [[], 0]);
    byId("notify").focus();
    byId("notify").click();
    await settle();
    assert.equal(asked, 1);
    assert.ok(byId("notify").hidden);
    assert.equal(document.activeElement.id, "mute");
    hear({ requests: [request("b"), request("a")] });
    assert.deepEqual(told, ["Phone of ada: Sign in b"]);
    hear({ requests: [request("b", "withdrawn"), request("a", "expired")] });
    assert.deepEqual(told, ["Phone of ada: Sign in b", "closed"]);
  });

  test("but not of what one sees", async () => {
    Notification.permission = "granted";
    await again();
    assert.ok(byId("notify").hidden);
    hear({ requests: [request("a")] });
    assert.deepEqual(told, []);
  });

  test("the icon of an installed page counts what waits", async () => {
    hear({ requests: [request("b"), request("a")] });
    hear({ requests: [request("b", "denied"), request("a", "denied")] });
    await settle();
    assert.deepEqual(badge, [2, 0]); // that it cannot be set here is no error
  });
});

test("the clock stands still until the server has said the time, and is right at once then", () => {
  assert.equal(byId("clock").textContent, "");
  hear({});
  assert.match(byId("clock").textContent, /^5:30\sPM$/);
});

test("a phone of two names both", () => {
  hear({ phone: { owners: ["ada", "bob"], devices: [], app_installed: true } });
  assert.equal(byId("owner").textContent, "ada and bob");
  assert.equal(document.title, "Phone of ada and bob");
});

describe("a page that was opened for one request", () => {
  const open = async (uuid, list) => {
    setPage(page, `https://nod.test/phones/7#${uuid}`);
    Object.assign(document.body.dataset, { appName: "Nod", authyId: "7", eventsUrl: "/phones/7/events" });
    await load("simulator/pages/static/phone.js");
    hear({ requests: list });
  };

  test("goes to it", async () => {
    await open("a", [request("b"), request("a")]);
    assert.equal(document.activeElement, cards()[1]);
  });

  test("says how it has ended", async () => {
    await open("a", [request("b"), request("a", "withdrawn", { why: "replaced" })]);
    assert.equal(part(cards()[1], ".done-text").textContent, "Replaced");
    assert.equal(document.activeElement, cards()[1]);
  });

  test("shows the others where there is no such request", async () => {
    await open("x", [request("b"), request("a", "denied")]);
    assert.equal(cards().length, 1);
  });
});

test("a request whose time is over cannot be tapped, also without a connection", async () => {
  hear({ requests: [request("a", "pending", { expires_at: at(3) })] });
  sockets[0].breaks();
  await advance(3500);
  assert.equal(part(cards()[0], ".done-text").textContent, "Too late");
  assert.ok(part(cards()[0], ".answer").hidden);
});

test("a connection that is lost and comes back is announced", async () => {
  for (let i = 0; i < 3; i++) {
    sockets[sockets.length - 1].breaks();
    await advance(4000);
  }
  assert.match(byId("announce").textContent, /^No connection/);
  hear({});
  assert.equal(byId("announce").textContent, "Connected again.");
  assert.ok(byId("line-note").hidden);
});

test("what is wrong on purpose is said as long as it is", () => {
  hear({ faults: ["the API replies 500", "requests come 2s late"] });
  assert.equal(byId("in-force").hidden, false);
  assert.equal(byId("in-force").textContent, "the API replies 500; requests come 2s late");
  hear({});
  assert.ok(byId("in-force").hidden);
});

describe("a phone that was removed", () => {
  test("while its page is open says so", () => {
    sockets[0].opens();
    sockets[0].breaks(1000);
    assert.deepEqual(visited, ["reload"]);
  });

  test("leaves the answer that was given just now on its page", async () => {
    hear({ requests: [request("a")] });
    hear({ requests: [request("a", "approved")] });
    sockets[0].breaks(1000);
    assert.deepEqual(visited, []);
    assert.equal(byId("line-note").textContent, "This phone is no longer in use.");
    assert.equal(byId("line-note").hidden, false);
  });

  test("before its page was opened again says so, too", async () => {
    answers(reply(404, { error: "no such phone" }));
    for (let i = 0; i < 3; i++) {
      sockets[sockets.length - 1].breaks();
      await advance(4000);
    }
    assert.equal(requests[0].url, "/phones/7");
    assert.equal(visited[0], "reload");
  });

  test("is not one that is only away", async () => {
    for (let i = 0; i < 3; i++) {
      sockets[sockets.length - 1].breaks();
      await advance(4000);
    }
    assert.deepEqual(visited, []);
    assert.equal(byId("line-note").hidden, false);
  });
});

test("the arrow keys go round the tabs", () => {
  const press = (id, key) => byId(id).dispatchEvent(Object.assign(new window.Event("keydown"), { key }));
  press("tab-requests", "ArrowLeft");
  assert.equal(byId("panel-messages").hidden, false);
  assert.equal(document.activeElement.id, "tab-messages");
  press("tab-messages", "ArrowRight");
  assert.equal(byId("panel-requests").hidden, false);
  assert.equal(byId("tab-requests").tabIndex, 0);
  assert.equal(byId("tab-messages").tabIndex, -1);
  press("tab-requests", "Enter");
  assert.equal(byId("panel-requests").hidden, false);
});

describe("the socket", () => {
  for (const [name, cause] of [
    ["online", () => window.dispatchEvent(new window.Event("online"))],
    ["back from the cache", () => window.dispatchEvent(Object.assign(new window.Event("pageshow"), { persisted: true }))],
  ]) {
    test(`is one, also when the page is ${name}`, async () => {
      sockets[0].opens();
      cause();
      cause();
      assert.deepEqual(sockets.map((socket) => socket.closed), [true, true, false]);
      await advance(10000);
      assert.equal(sockets.length, 3);
    });
  }

  test("is made again when it breaks, and only a longer break is worth a word", async () => {
    assert.equal(sockets[0].url, "wss://nod.test/phones/7/events");
    sockets[0].breaks();
    await advance(300);
    assert.equal(sockets.length, 2);
    sockets[1].breaks();
    assert.ok(byId("line-note").hidden);
    await advance(600);
    sockets[2].breaks();
    assert.equal(byId("line-note").hidden, false);
    await advance(1200);
    hear({});
    assert.ok(byId("line-note").hidden);
  });

  test("is made at once when the page is seen again or the network is back", async () => {
    sockets[0].opens();
    setVisible(true);
    assert.equal(sockets.length, 1);
    sockets[0].breaks();
    setVisible(true);
    assert.equal(sockets.length, 2);
    await happens("online");
    assert.equal(sockets.length, 3);
    await happens("pageshow", { persisted: true });
    assert.equal(sockets.length, 4);
  });
});

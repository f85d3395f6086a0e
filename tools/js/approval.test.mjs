import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import {
  FakeSocket, FakeStream, advance, answers, byId, hangs, happens, load, offline, reaches, reply, requests, setPage, setVisible, settle, sleeps, sockets, streams, submits, submitted, visited,
} from "./browser.mjs";

const now = "2026-11-25T12:00:00.000Z";
const at = (seconds) => new Date(Date.parse(now) + seconds * 1000).toISOString();

const untilKnown = ["unavailable", "rate_limited"];

const headings = {
  pending: "Tap Approve", approved: "Approved", signed_in: "You are signed in", denied: "Denied", expired: "Too late",
  cancelled: "Ended", "cancelled-by_user": "You cancelled", "cancelled-unavailable": "Unreachable", "cancelled-rate_limited": "Not yet", signed_out: "Signed out", "signed_out-replaced": "Another sign-in",
};

const page = (state) => `
  <title>Tap Approve · Nod</title>
  <link rel="icon" href="/wait.svg" data-wait="/wait.svg" data-yes="/yes.svg" data-no="/no.svg">
  <main><p class="notice">A new request is on its way.</p></main>
  <div id="approval" data-now="${state}" data-expires-at="${at(90)}" data-server-now="${now}" data-ttl="120"
    data-events-url="/login/events" data-stream-url="/login/stream" data-status-url="/authy/status"
    data-done-url="/protected" data-login-url="/login/approval" data-self-url="/login/approval" data-plain-url="/login/approval?plain=1"
    data-back="Connected again" data-soon="Hurry">
    <div id="icon-off" data-state="cancelled* signed_out*" hidden></div>
    <h1 id="state-heading" tabindex="-1">${Object.entries(headings).map(([name, text]) =>
      `<span data-state="${name}" ${name === state ? "" : "hidden"}>${text}</span>`).join("")}</h1>
    <p id="state-live"></p>
    <section data-state="pending" ${state === "pending" ? "" : "hidden"}>
      <div id="ring"><svg><circle id="ring-bar"></circle></svg></div>
      <strong id="number">42</strong><span id="countdown"></span>
      <p id="badge" data-way="connecting">${["connecting", "socket", "stream", "poll", "lost"].map((name) =>
        `<span class="way" data-way="${name}" ${name === "connecting" ? "" : "hidden"}>${name}</span>`).join("")}</p>
      <p data-sentence>Compare the number.</p>
      <form id="confirm-form" method="post" action="/confirm-login"><input type="hidden" name="_csrf" value="secret"><button id="confirm">I have approved it</button></form>
      <p id="unconfirmed" hidden>It may still arrive</p>
      <p data-message="not-yet" hidden>Not yet</p>
      <p data-message="no-answer" hidden>No answer</p>
      <p id="notify-row" hidden><button id="notify" data-granted="You will be notified" data-refused="You will not">Notify me</button><span id="notify-said"></span></p>
    </section>
    <section id="help" data-state="pending" data-help hidden><h2 id="help-heading">Nothing on your phone?</h2></section>
    <section data-state="approved" ${state === "approved" ? "" : "hidden"}><p data-sentence>Your page opens now.</p><p data-message="confirm-offline" hidden></p></section>
    <section data-state="denied" hidden><p data-sentence>Nobody was let in.</p></section>
    ${untilKnown.map((reason) => `<section data-state="cancelled-${reason}" hidden><p data-sentence>In a few minutes.</p>
      <p data-sentence data-until hidden>After <time datetime="" data-soon></time>.</p></section>`).join("")}
    <p data-message="stuck" hidden>Stuck</p>
    <p data-message="no-script">Use the page without scripts</p>
  </div>`;

async function open(state = "pending", url = "https://nod.test/login/approval") {
  setPage(page(state), url);
  await load("static/approval.js");
}

async function hear(state) {
  sockets[sockets.length - 1].says({ server_time: now, ...state });
  await settle();
}

const said = () => byId("state-live").textContent;
const icon = () => document.querySelector("link[rel=icon]").getAttribute("href");
const heading = () => byId("state-heading").innerText.trim();
const message = (name) => !document.querySelector(`[data-message="${name}"]`).hidden;
const badge = () => [...byId("badge").querySelectorAll(".way")].filter((e) => !e.hidden).map((e) => e.textContent).join();
const posts = () => requests.filter(({ method }) => method === "POST");

const signedIn = reply(200, { status: "signed_in" });

/** serves answers the form and the question for the state. */
const serves = (form, state = reply(200, { status: "approved" })) =>
  answers((request) => {
    const one = request.method === "POST" ? form : state;
    return typeof one === "function" ? one(request) : one;
  });

describe("waiting", () => {
  test("listens, counts down, and asks nothing", async () => {
    await open();
    assert.equal(sockets[0].url, "wss://nod.test/login/events");
    assert.equal(byId("countdown").textContent, "1:30");
    assert.equal(byId("ring-bar").getAttribute("stroke-dasharray"), "90 120");
    assert.equal(requests.length, 0);
  });

  test("shows the transport in use", async () => {
    await open();
    assert.equal(badge(), "connecting");
    await hear({ status: "pending" });
    assert.equal(badge(), "socket");
    assert.equal(byId("badge").dataset.way, "socket");
  });

  test("falls back to the stream by its own address", async () => {
    await open();
    sockets[0].breaks();
    assert.equal(streams[0].url, "https://nod.test/login/stream");
  });

  test("uses a socket without TLS on a page without TLS", async () => {
    await open("pending", "http://localhost:3000/login/approval");
    assert.equal(sockets[0].url, "ws://localhost:3000/login/events");
  });

  test("marks the last 20 seconds", async () => {
    await open();
    await advance(69000);
    assert.ok(!byId("ring").classList.contains("soon"));
    assert.notEqual(said(), "Hurry");
    await advance(1010);
    assert.equal(byId("countdown").textContent, "0:20");
    assert.ok(byId("ring").classList.contains("soon"));
    assert.equal(said(), "Hurry");
    byId("state-live").textContent = "";
    await advance(3000);
    assert.equal(said(), ""); // once
  });

  test("offers help after 15 s", async () => {
    await open();
    await advance(14990);
    assert.ok(byId("help").hidden);
    await advance(10);
    assert.ok(!byId("help").hidden);
    assert.equal(said(), "Nothing on your phone?");
  });

  test("says when the phone may be asked again, where that is known", async () => {
    for (const reason of untilKnown) {
      await open();
      await hear({ status: "cancelled", reason, retry_at: "2025-12-31T12:05:00.000Z" });
      assert.match(said(), /\. After Dec 31, 2025, \d+:05\s[AP]M\.$/);
      answers(reply(200, { status: "pending", number: "17", expires_at: at(60), server_time: now, revision: 1 }));
      await happens("online");
      await hear({ status: "cancelled", reason, retry_at: "", revision: 2 });
      assert.match(said(), /\. In a few minutes\.$/);
    }
  });

  test("offers no help after an end", async () => {
    await open();
    await hear({ status: "denied" });
    await advance(20000);
    assert.ok(byId("help").hidden);
  });

  test("asks the server when the time is over, for only the server ends it", async () => {
    await open();
    await hear({ status: "pending" });
    await advance(89990);
    const before = requests.length;
    await advance(30);
    assert.equal(requests.length, before + 1);
    assert.equal(heading(), "Tap Approve");
    answers(reply(200, { status: "expired", server_time: now }));
    await advance(1010);
    assert.equal(heading(), "Too late");
  });

  test("shows a new request that another tab has sent", async () => {
    await open();
    await hear({ status: "pending" });
    await advance(15000);
    await hear({ status: "pending", number: "17", expires_at: at(60) });
    assert.equal(byId("number").textContent, "17");
    assert.equal(byId("countdown").textContent, "1:00");
    assert.equal(byId("ring-bar").getAttribute("stroke-dasharray"), "60 60");
    assert.ok(byId("help").hidden);
  });
});

describe("an end", () => {
  for (const [state, shown] of [
    [{ status: "denied" }, "Denied"],
    [{ status: "expired" }, "Too late"],
    [{ status: "cancelled", reason: "by_user" }, "You cancelled"],
    [{ status: "cancelled", reason: "unheard_of" }, "Ended"],
    [{ status: "signed_out", reason: "replaced" }, "Another sign-in"],
  ]) {
    test(`${state.status} ${state.reason ?? ""} is shown, and nothing is heard any more`, async () => {
      await open();
      await hear(state);
      assert.equal(heading(), shown);
      assert.equal(document.title, `${shown} · Nod`);
      assert.equal(icon(), "/no.svg");
      assert.ok(sockets[0].closed);
      await advance(100000);
      assert.equal(sockets.length, 1);
      assert.deepEqual(visited, []);
      assert.equal(requests.length, 0);
    });
  }

  test("shows what belongs to all states of a kind", async () => {
    await open();
    assert.ok(byId("icon-off").hidden);
    await hear({ status: "cancelled", reason: "by_user" });
    assert.ok(!byId("icon-off").hidden);
  });

  test("takes away what was said of the request", async () => {
    await open();
    const notice = document.querySelector("main > .notice");
    await hear({ status: "pending", number: "42", expires_at: at(90) });
    assert.ok(!notice.classList.contains("past"));
    await hear({ status: "denied" });
    assert.ok(notice.classList.contains("past"));
  });

  test("is spoken, with the sentence that is shown", async () => {
    await open();
    await hear({ status: "denied" });
    assert.equal(said(), "Denied. Nobody was let in.");
  });

  test("takes the focus only from what is hidden now", async () => {
    await open();
    byId("confirm").focus();
    await hear({ status: "denied" });
    assert.equal(document.activeElement.id, "state-heading");
    assert.equal(said(), "Nobody was let in."); // the heading is read already
    await open();
    byId("state-live").focus(); // anything that stays
    await hear({ status: "denied" });
    assert.equal(document.activeElement.id, "state-live");
    assert.equal(said(), "Denied. Nobody was let in.");
  });

  test("leaves the focus alone in a frame that has none, and is spoken whole", async () => {
    await open();
    globalThis.top = {};
    document.hasFocus = () => false;
    byId("confirm").focus();
    await hear({ status: "denied" });
    assert.notEqual(document.activeElement.id, "state-heading");
    assert.equal(said(), "Denied. Nobody was let in.");
  });

  test("signed_in goes where the other tab went", async () => {
    await open();
    await hear({ status: "signed_in" });
    assert.deepEqual(visited, ["/protected"]);
  });

  test("without a session or a reason the page begins again", async () => {
    answers(reply(401, {}));
    await open();
    await happens("online");
    assert.deepEqual(visited, ["/login/approval"]);
  });
});

describe("the confirmation", () => {
  test("of an approved request is sent at once, with the token of the form", async () => {
    serves(reply(302), signedIn);
    await open();
    await hear({ status: "approved" });
    assert.equal(heading(), "Approved");
    assert.equal(icon(), "/yes.svg");
    assert.deepEqual(posts().map(({ url, body, redirect }) => [url, body, redirect]),
      [["https://nod.test/confirm-login", "_csrf=secret&unpressed=1", "manual"]]);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("is sent by a page that opens on an approved request", async () => {
    serves(reply(302), signedIn);
    await open("approved");
    assert.equal(sockets.length, 0);
    assert.deepEqual(visited, ["/protected"]);
  });

  for (const [name, bad] of [["without a network", offline], ["429", reply(429)], ["503", reply(503)]]) {
    test(`${name}: it says so, and tries again later`, async () => {
      serves(bad);
      await open("approved");
      assert.ok(message("confirm-offline"));
      await advance(240);
      assert.equal(posts().length, 1);
      await advance(10);
      assert.equal(posts().length, 2);
      serves(reply(302), signedIn);
      await advance(500);
      assert.deepEqual(visited, ["/protected"]);
    });
  }

  test("without a network: it tries again as soon as the network is back", async () => {
    serves(offline);
    await open("approved");
    serves(reply(302), signedIn);
    await happens("online");
    assert.deepEqual(visited, ["/protected"]);
  });

  test("without an answer it tries again after 10 s", async () => {
    serves(hangs);
    await open("approved");
    await advance(10240);
    assert.equal(posts().length, 1);
    await advance(10);
    assert.equal(posts().length, 2);
  });

  test("is not sent twice at the same time", async () => {
    serves(hangs);
    await open("approved");
    assert.ok(!submits(byId("confirm-form")));
    await settle();
    assert.equal(posts().length, 1);
  });

  test("sent by hand before the tap says that the phone has not answered", async () => {
    serves(reply(409), reply(200, { status: "pending" }));
    await open();
    assert.ok(!submits(byId("confirm-form")));
    await settle();
    assert.ok(message("not-yet"));
    serves(hangs);
    submits(byId("confirm-form"));
    assert.ok(!message("not-yet"));
  });

  test("sent by hand without a network says so, and is not sent again: the page hears the answer", async () => {
    await open();
    submits(byId("confirm-form"));
    await settle();
    assert.ok(message("no-answer"));
    await advance(2000);
    assert.equal(posts().length, 1);
    await hear({ status: "pending" });
    assert.ok(!message("no-answer"));
    assert.ok(!message("not-yet"));
  });

  test("refused although it is approved says that the page is stuck", async () => {
    serves(reply(409));
    await open("approved");
    assert.ok(message("stuck"));
    assert.equal(posts().length, 1);
  });

  test("refused because another tab was faster goes there", async () => {
    serves(reply(409), reply(200, { status: "signed_in" }));
    await open("approved");
    assert.ok(!message("stuck"));
    assert.deepEqual(visited, ["/protected"]);
  });

  test("refused because the session has ended stays with the reason", async () => {
    serves(reply(403), reply(401, { status: "signed_out", reason: "replaced" }));
    await open("approved");
    assert.equal(heading(), "Another sign-in");
    await advance(10000);
    assert.equal(posts().length, 1);
    assert.deepEqual(visited, []);
  });

  test("refused for its token loads the page again, once", async () => {
    serves(reply(403));
    await open("approved");
    assert.deepEqual(visited, [`/login/approval?${Date.now()}#again`]);
    assert.deepEqual(submitted, []);
  });

  test("refused again is left to the server's own page", async () => {
    serves(reply(403));
    await open("approved", "https://nod.test/login/approval?1#again");
    assert.deepEqual(visited, []);
    assert.deepEqual(submitted, ["confirm-form"]);
  });
});

describe("waking up", () => {
  beforeEach(async () => {
    answers(reply(200, { status: "pending" }));
    await open();
    await hear({ status: "pending" });
  });

  async function hideFor(ms) {
    setVisible(false);
    await advance(ms);
    requests.length = 0;
    setVisible(true);
    await settle();
  }

  test("after a moment it reads the state", async () => {
    await hideFor(60000);
    assert.equal(requests.length, 1);
    assert.equal(sockets.length, 1);
  });

  test("after more than a minute it reconnects too", async () => {
    await hideFor(60010);
    assert.equal(requests.length, 1);
    assert.equal(sockets.length, 2);
  });

  test("without a network it says so, and reconnects when the network is back", async () => {
    answers(offline);
    await happens("offline");
    assert.equal(badge(), "lost");
    assert.equal(said(), "lost");
    await happens("online");
    assert.equal(sockets.length, 2);
    sockets[1].says({ status: "pending" });
    assert.equal(said(), "Connected again");
  });

  test("after an end a lost network is no news", async () => {
    await hear({ status: "denied" });
    await happens("offline");
    assert.equal(badge(), "socket");
  });

  test("a page that is left hangs up, and goes on when the browser comes back to it", async () => {
    await happens("pagehide");
    assert.ok(sockets[0].closed);
    await happens("pageshow", { persisted: false });
    assert.equal(sockets.length, 1);
    answers(offline);
    await happens("pageshow", { persisted: true });
    sockets[sockets.length - 1].says({ status: "pending" });
    assert.equal(sockets.filter((socket) => !socket.closed).length, 1);
    assert.equal(badge(), "socket");
  });
});

describe("where the confirmation leads", () => {
  test("a redirect to anywhere else is not taken for the way in", async () => {
    serves(reply(302), reply(401, {}));
    await open("approved");
    assert.deepEqual(visited, ["/login/approval"]);
  });

  test("a redirect that changes nothing loads the sign-in again, once", async () => {
    serves(reply(302));
    await open("approved");
    assert.deepEqual(visited, [`/login/approval?${Date.now()}#again`]);
    visited.length = 0;
    await open("approved", "https://nod.test/login/approval?1#again");
    assert.deepEqual([visited, submitted], [[], ["confirm-form"]]);
  });

  test("a lost reply: the same form is sent again", async () => {
    serves(offline, reply(200, { status: "approved" }));
    await open("approved");
    serves(reply(302), signedIn);
    await advance(250);
    assert.deepEqual(posts().map(({ body }) => body), ["_csrf=secret&unpressed=1", "_csrf=secret&unpressed=1"]);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a reply that came, and then no network: it goes on when the network is back", async () => {
    serves(reply(302), offline);
    await open("approved");
    assert.ok(message("confirm-offline"));
    assert.deepEqual(visited, []);
    serves(reply(403), signedIn); // the first one counted, and the form was of the session before
    await advance(250);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("an event that is faster than the answer is not followed: the answer brings the cookie", async () => {
    let answered;
    serves(() => new Promise((done) => (answered = done)), signedIn);
    await open();
    submits(byId("confirm-form"));
    await hear({ status: "signed_in" });
    assert.deepEqual(visited, []);
    answered(reply(302));
    await settle();
    assert.deepEqual(visited, ["/protected"]);
  });

  test("pressed just before the tap is heard: it is sent once more", async () => {
    let answered;
    answers(({ method }) => method === "POST" ? new Promise((done) => (answered = done)) : reply(200, { status: "approved" }));
    await open();
    submits(byId("confirm-form"));
    await hear({ status: "approved" });
    serves(() => {
      serves(reply(302), signedIn);
      return reply(302);
    });
    answered(reply(409));
    await settle();
    assert.ok(!message("stuck"));
    assert.equal(posts().length, 2);
    assert.deepEqual(visited, ["/protected"]);
  });

  test("answered after another question has found the browser signed in: it is over", async () => {
    serves(offline, offline);
    await open("approved");
    serves(reply(302), signedIn);
    await happens("online"); // wakes the page and the confirmation
    assert.deepEqual([...new Set(visited)], ["/protected"]);
  });

  test("a sign-in without a request is loaded again", async () => {
    serves(reply(403), reply(404, {}));
    await open("approved");
    assert.deepEqual(visited, [`/login/approval?${Date.now()}#again`]);
  });
});

describe("what the browser lacks or refuses", () => {
  const plain = "/login/approval?plain=1";

  test("where fetch is refused the form is sent by the browser", async () => {
    reaches(true);
    await open();
    await hear({ status: "approved" });
    assert.deepEqual(submitted, ["confirm-form"]);
  });

  test("where fetch is missing too", async () => {
    reaches(true);
    delete globalThis.fetch;
    await open("approved");
    assert.deepEqual(submitted, ["confirm-form"]);
  });

  test("where only the form gets through, the page behind it is opened", async () => {
    reaches(true);
    serves(reply(302), offline);
    await open("approved");
    assert.deepEqual(visited, ["/protected"]);
  });

  test("a server that hangs is no refusal", async () => {
    reaches(true);
    serves(hangs);
    await open("approved");
    await advance(11000);
    assert.deepEqual(submitted, []);
  });

  test("without sockets and streams it polls", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    answers(reply(200, { status: "pending" }));
    await open();
    assert.equal(badge(), "poll");
    serves(reply(302), reply(200, { status: "approved" }));
    await advance(2000);
    assert.equal(posts().length, 1);
  });

  test("where nothing is let out although the server is there, the page without scripts takes over", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    reaches(true);
    await open();
    await advance(2000);
    assert.deepEqual(visited, [plain]);
  });

  test("without a network it stays, says so, and offers the page without scripts after 10 s", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    await open();
    await advance(9900);
    assert.equal(badge(), "lost");
    assert.ok(!message("no-script"));
    await advance(200);
    assert.ok(message("no-script"));
    answers(reply(200, { status: "pending" }));
    await advance(6000);
    assert.ok(!message("no-script"));
    assert.deepEqual(visited, []);
  });

  test("without AbortController it asks all the same", async (t) => {
    const controller = globalThis.AbortController;
    t.after(() => (globalThis.AbortController = controller));
    delete globalThis.AbortController;
    serves(reply(302), signedIn);
    await open("approved");
    assert.deepEqual(visited, ["/protected"]);
  });

  test("the page says that it runs, and hides what is said where it does not", async () => {
    await open();
    assert.equal(document.documentElement.dataset.script, "running");
    assert.ok(!message("no-script"));
  });
});

describe("clocks", () => {
  beforeEach(async () => {
    answers(reply(200, { status: "pending" }));
    await open();
    await hear({ status: "pending" });
    requests.length = 0;
  });

  for (const ticks of [true, false]) {
    test(`after a sleep in which performance.now() ${ticks ? "goes on" : "stands still"} it reconnects at once`, async () => {
      sleeps(60000, ticks);
      await advance(2010);
      assert.equal(sockets.length, 2);
      assert.equal(requests.length, 1);
    });
  }

  test("a clock that is set back changes neither countdown nor states", async () => {
    sleeps(-3600000);
    await advance(10010);
    assert.equal(byId("countdown").textContent, "1:20");
    await hear({ status: "denied" });
    assert.equal(heading(), "Denied");
  });

  test("hidden while the clock was set back, it reads the state when it is seen again", async () => {
    setVisible(false);
    sleeps(-3600000);
    setVisible(true);
    await settle();
    assert.equal(requests.length, 1);
  });
});

describe("the badge", () => {
  beforeEach(async () => {
    answers(reply(200, { status: "pending" }));
    await open();
    await hear({ status: "pending" });
    answers(offline);
    await happens("offline");
    assert.equal(badge(), "lost");
  });

  test("is right again as soon as the server answers, on the connection from before", async () => {
    answers(reply(200, { status: "pending" }));
    await happens("online");
    assert.equal(badge(), "socket");
  });

  test("is right again as soon as the old connection speaks", async () => {
    await hear({ status: "pending" });
    assert.equal(badge(), "socket");
  });

  test("is right again as soon as a new connection speaks", async () => {
    await happens("online");
    assert.equal(badge(), "lost");
    sockets[1].says({ status: "pending" });
    assert.equal(badge(), "socket");
  });
});

test("a browser that is mistaken about its network keeps its badge", async () => {
  answers(reply(200, { status: "pending" }));
  await open();
  await hear({ status: "pending" });
  await happens("offline");
  assert.equal(badge(), "socket");
});

describe("a notification", () => {
  let shown;

  function browser(permission, answer) {
    shown = [];
    window.isSecureContext = true;
    window.Notification = class {
      static permission = permission;
      static requestPermission = async () => answer;
      constructor(title, { body }) { shown.push([title, body]); }
    };
  }

  async function openIn(permission, answer) {
    setPage(page("pending"));
    browser(permission, answer);
    await load("static/approval.js");
  }

  test("is shown for an end that nobody sees, if the button was pressed", async () => {
    await openIn("default", "granted");
    byId("notify").click();
    await settle();
    assert.equal(byId("notify-said").textContent, "You will be notified");
    setVisible(false);
    await hear({ status: "denied" });
    assert.deepEqual(shown, [["Denied", "Nobody was let in."]]);
  });

  test("is not shown to who sees the page, nor to who did not ask", async () => {
    await openIn("granted", "granted");
    setVisible(false);
    await hear({ status: "denied" });
    await openIn("default", "granted");
    byId("notify").click();
    await settle();
    await hear({ status: "denied" });
    assert.deepEqual(shown, []);
  });

  test("that the browser refuses is said", async () => {
    await openIn("default", "denied");
    byId("notify").click();
    await settle();
    assert.equal(byId("notify-said").textContent, "You will not");
  });

  test("is not offered where it cannot be", async () => {
    await openIn("denied", "denied");
    assert.ok(byId("notify-row").hidden);
    await open();
    assert.ok(byId("notify-row").hidden);
  });
});

import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import {
  FakeSocket, FakeStream, advance, answers, hangs, load, offline, reaches, reply, requests, setVisible, settle, sockets, streams,
} from "./browser.mjs";

const urls = { events: "wss://nod.test/events", stream: "https://nod.test/stream", status: "https://nod.test/status" };
const pending = { status: "pending" };

let listener;
let states; // what on.state was told
let transports; // what on.transport was told
let gone;
let blocked;

beforeEach(async () => {
  states = [];
  transports = [];
  gone = blocked = 0;
  const { Listener } = await load("static/listen.js");
  listener = new Listener(urls, {
    state: (state) => states.push(state),
    transport: (name) => transports.push(name),
    gone: () => gone++,
    blocked: () => blocked++,
  });
});

const open = (connections) => connections.filter((one) => !one.closed).length;

/** overSocket starts the listener and lets the socket speak. */
function overSocket() {
  listener.start();
  sockets[0].says(pending);
}

/** overStream starts the listener where sockets are dropped and streams work. */
function overStream() {
  listener.start();
  sockets[0].breaks();
  streams[0].says(pending);
}

/** overPoll starts the listener where only GET works. */
async function overPoll() {
  answers(reply(200, pending));
  listener.start();
  sockets[0].breaks();
  streams[0].breaks();
  await settle();
}

describe("choosing a transport", () => {
  test("the socket comes first, and nothing else is tried while it works", async () => {
    listener.start();
    assert.deepEqual(transports, ["connecting"]);
    sockets[0].says(pending);
    assert.deepEqual(transports, ["connecting", "socket"]);
    assert.deepEqual(states, [pending]);
    await advance(20000);
    assert.equal(sockets[0].url, urls.events);
    assert.equal(sockets.length, 1);
    assert.equal(streams.length, 0);
    assert.equal(requests.length, 0);
  });

  test("an open socket that says nothing for 4 s gives way to the stream", async () => {
    listener.start();
    sockets[0].opens();
    await advance(3990);
    assert.equal(streams.length, 0);
    await advance(10);
    assert.equal(streams[0].url, urls.stream);
    assert.ok(sockets[0].closed);
    streams[0].says(pending);
    assert.deepEqual(transports, ["connecting", "stream"]);
  });

  test("a socket that closes gives way at once", () => {
    overStream();
    assert.deepEqual(transports, ["connecting", "stream"]);
    assert.deepEqual(states, [pending]);
  });

  test("a socket that cannot be made gives way at once", () => {
    FakeSocket.refused = true;
    listener.start();
    streams[0].says(pending);
    assert.deepEqual(transports, ["connecting", "stream"]);
  });

  test("a stream that says nothing for 4 s gives way to polling", async () => {
    answers(reply(200, pending));
    listener.start();
    sockets[0].breaks();
    await advance(3990);
    assert.equal(requests.length, 0);
    await advance(10);
    assert.ok(streams[0].closed);
    assert.equal(requests[0].url, urls.status);
    assert.deepEqual(transports, ["connecting", "poll"]);
  });

  test("polling asks at once and then every 2 s", async () => {
    await overPoll();
    assert.equal(requests.length, 1);
    await advance(1990);
    assert.equal(requests.length, 1);
    await advance(10);
    assert.equal(requests.length, 2);
    await advance(4000);
    assert.equal(requests.length, 4);
    assert.deepEqual(transports, ["connecting", "poll"]);
  });

  test("starting twice makes one connection", () => {
    listener.start();
    listener.start();
    assert.equal(sockets.length, 1);
  });

  test("what is no JSON is ignored", () => {
    listener.start();
    sockets[0].says("<html>");
    assert.deepEqual(states, []);
  });
});

describe("without a network", () => {
  for (const [name, bad] of [["no network", offline], ["429", reply(429)], ["503", reply(503)]]) {
    test(`polling answered by ${name} is lost, and asks less and less often`, async () => {
      await overPoll();
      answers(bad);
      await advance(2000);
      assert.equal(transports[transports.length - 1], "lost");
      for (const pause of [250, 500, 1000, 2000, 4000, 4000]) {
        const before = requests.length;
        await advance(pause - 10);
        assert.equal(requests.length, before);
        await advance(10);
        assert.equal(requests.length, before + 1);
      }
    });
  }

  test("when it is back, the socket is tried at once and polling goes on until it speaks", async () => {
    await overPoll();
    answers(offline);
    await advance(2000);
    answers(reply(200, pending));
    await advance(250);
    assert.deepEqual(transports, ["connecting", "poll", "lost", "poll"]);
    assert.equal(sockets.length, 2);
    const before = requests.length;
    await advance(2000);
    assert.equal(requests.length, before + 1);
    sockets[1].says(pending);
    await advance(4000);
    assert.equal(requests.length, before + 1);
    assert.equal(transports[transports.length - 1], "socket");
  });
});

describe("upgrading", () => {
  test("a stream tries for the socket every 30 s, and stays in use until the socket speaks", async () => {
    overStream();
    await advance(29990);
    assert.equal(sockets.length, 1);
    await advance(10);
    assert.equal(sockets.length, 2);
    assert.ok(!streams[0].closed);
    sockets[1].says(pending);
    assert.ok(streams[0].closed);
    assert.deepEqual(transports, ["connecting", "stream", "socket"]);
    await advance(60000);
    assert.equal(sockets.length, 2);
  });

  test("a socket that fails again changes nothing", async () => {
    overStream();
    await advance(34000);
    assert.ok(sockets[1].closed);
    assert.ok(!streams[0].closed);
    await advance(26000);
    assert.equal(sockets.length, 3);
    assert.deepEqual(transports, ["connecting", "stream"]);
  });

  test("polling ends when the socket speaks", async () => {
    await overPoll();
    await advance(30000);
    sockets[1].says(pending);
    const before = requests.length;
    await advance(19990); // the re-check comes after 20 s
    assert.equal(requests.length, before);
    assert.equal(transports[transports.length - 1], "socket");
  });
});

describe("a broken connection", () => {
  for (const code of [1006, 1012]) {
    test(`code ${code}: the page reconnects without asking`, async () => {
      overSocket();
      sockets[0].breaks(code);
      assert.deepEqual(transports, ["connecting", "socket", "connecting"]);
      await advance(240);
      assert.equal(sockets.length, 1);
      await advance(10);
      assert.equal(sockets.length, 2);
      assert.equal(requests.length, 0);
      sockets[1].says(pending);
      assert.equal(transports[transports.length - 1], "socket");
    });
  }

  for (const code of [1000, 1008]) {
    test(`code ${code}: the state is read first, and then the page reconnects`, async () => {
      answers(reply(200, pending));
      overSocket();
      sockets[0].breaks(code);
      await settle();
      assert.equal(requests.length, 1);
      assert.equal(states.length, 2);
      await advance(250);
      assert.equal(sockets.length, 2);
    });

    test(`code ${code}: after an end there is nothing to reconnect for`, async () => {
      answers(() => {
        listener.stop();
        return reply(200, { status: "approved" });
      });
      overSocket();
      sockets[0].breaks(code);
      await advance(60000);
      assert.equal(sockets.length, 1);
      assert.equal(requests.length, 1);
    });
  }

  test("the socket is tried three times, later each time, and then the stream", async () => {
    overSocket();
    sockets[0].breaks();
    for (const [i, pause] of [250, 500, 1000].entries()) {
      await advance(pause);
      assert.equal(sockets.length, i + 2);
      assert.equal(streams.length, 0);
      sockets[i + 1].breaks();
    }
    assert.equal(streams.length, 1);
    assert.equal(sockets.length, 4);
  });

  test("a socket that spoke again has all its tries back", async () => {
    overSocket();
    for (let i = 0; i < 5; i++) {
      sockets[i].breaks();
      await advance(250);
      sockets[i + 1].says(pending);
    }
    assert.equal(streams.length, 0);
  });

  test("after the end of a stream the state is read, and the socket comes first again", async () => {
    answers(reply(200, pending));
    overStream();
    streams[0].breaks();
    await settle();
    assert.ok(streams[0].closed);
    assert.equal(requests.length, 1);
    await advance(250);
    assert.equal(sockets.length, 2);
  });
});

describe("waking up", () => {
  beforeEach(() => answers(reply(200, pending)));

  test("a live connection stays, and the state is read", async () => {
    overSocket();
    assert.equal(await listener.wake(), 200);
    assert.equal(sockets.length, 1);
    assert.equal(requests.length, 1);
  });

  test("to reconnect replaces the connection once the new one speaks", async () => {
    overSocket();
    await listener.wake(true);
    assert.equal(sockets.length, 2);
    assert.ok(!sockets[0].closed);
    sockets[1].says(pending);
    assert.ok(sockets[0].closed);
    assert.equal(open(sockets), 1);
    assert.deepEqual(transports, ["connecting", "socket"]);
  });

  test("a new connection that stays silent leaves the old one in use", async () => {
    overSocket();
    await listener.wake(true);
    await advance(4000);
    assert.ok(sockets[1].closed);
    assert.ok(!sockets[0].closed);
    assert.equal(streams.length, 0);
  });

  test("a page that waits to reconnect does so at once, and only once", async () => {
    overSocket();
    sockets[0].breaks();
    await listener.wake();
    assert.equal(sockets.length, 2);
    await advance(250);
    assert.equal(sockets.length, 2);
  });

  test("a page that has no live connection falls back to the stream", async () => {
    listener.start();
    await listener.wake();
    sockets[1].breaks();
    assert.equal(streams.length, 1);
    assert.equal(open(sockets), 0);
  });

  test("a page that is not waiting only reads the state", async () => {
    await listener.wake(true);
    assert.equal(sockets.length, 0);
    assert.deepEqual(states, [pending]);
  });
});

describe("stopping", () => {
  for (const [name, begin] of [["socket", overSocket], ["stream", overStream], ["poll", overPoll]]) {
    test(`${name}: everything is closed and nothing is asked any more`, async () => {
      await begin();
      const asked = requests.length;
      listener.stop();
      await advance(60000);
      assert.equal(open(sockets), 0);
      assert.equal(open(streams), 0);
      assert.equal(requests.length, asked);
    });
  }

  test("a connection that is being tried is closed too", async () => {
    listener.start();
    listener.stop();
    await advance(10000);
    assert.ok(sockets[0].closed);
    assert.equal(streams.length, 0);
  });

  test("a poll that is answered after the stop is the last", async () => {
    let answer;
    answers(() => new Promise((done) => (answer = done)));
    listener.start();
    sockets[0].breaks();
    streams[0].breaks();
    listener.stop();
    answer(reply(200, pending));
    await advance(10000);
    assert.equal(requests.length, 1);
  });

  test("it can start again", async () => {
    overSocket();
    listener.stop();
    listener.start();
    sockets[1].says(pending);
    assert.deepEqual(transports, ["connecting", "socket", "connecting", "socket"]);
  });
});

describe("the order of states", () => {
  const state = (status, revision) => ({ status, revision });

  beforeEach(overSocket);

  for (const [name, told, kept] of [
    ["a newer revision replaces an older one", [["pending", 3], ["approved", 4]], ["pending", "approved"]],
    ["an older revision is dropped", [["denied", 4], ["pending", 3]], ["denied"]],
    ["an older end is dropped too", [["pending", 4], ["expired", 3]], ["pending"]],
    ["what was dropped is no yardstick", [["pending", 4], ["pending", 2], ["pending", 3]], ["pending"]],
    ["a newer revision leaves an end", [["expired", 4], ["pending", 5]], ["expired", "pending"]],
    ["the same revision leaves no end", [["expired", 4], ["pending", 4]], ["expired"]],
    ["the same revision can end", [["pending", 4], ["expired", 4]], ["pending", "expired"]],
    ["the same revision can end in another way", [["approved", 4], ["signed_in", 4]], ["approved", "signed_in"]],
    ["the same revision can be told twice", [["pending", 4], ["pending", 4]], ["pending", "pending"]],
    ["no revision is the oldest", [["pending", 1], ["denied"]], ["pending"]],
    ["without any revision an end stays an end", [["denied"], ["pending"]], ["denied"]],
  ]) {
    test(name, () => {
      for (const [status, revision] of told) sockets[0].says(state(status, revision));
      assert.deepEqual(states.slice(1).map(({ status }) => status), kept);
    });
  }

  test("the server's clock does not count", () => {
    sockets[0].says({ ...state("pending", 1), server_time: "2026-11-25T12:00:00Z" });
    sockets[0].says({ ...state("approved", 2), server_time: "2026-11-25T11:00:00Z" });
    assert.equal(states[2].status, "approved");
  });

  test("holds for answers as for events", async () => {
    sockets[0].says(state("approved", 5));
    answers(reply(200, state("pending", 4)));
    assert.equal(await listener.check(), 200);
    assert.deepEqual(states.slice(1), [state("approved", 5)]);
  });

  test("the end of the session ends it: the next session counts from its own beginning", async () => {
    sockets[0].says(state("pending", 9));
    answers(reply(401, { status: "signed_out", reason: "replaced" }));
    await listener.check();
    answers(reply(200, state("pending", 1)));
    await listener.check();
    assert.deepEqual(states.slice(2).map(({ status }) => status), ["signed_out", "pending"]);
  });
});

describe("asking once", () => {
  test("a state is passed on", async () => {
    answers(reply(200, pending));
    assert.equal(await listener.check(), 200);
    assert.deepEqual(states, [pending]);
  });

  test("401 with a reason is a state", async () => {
    const ended = { status: "signed_out", reason: "replaced" };
    answers(reply(401, ended));
    assert.equal(await listener.check(), 401);
    assert.deepEqual(states, [ended]);
    assert.equal(gone, 0);
  });

  for (const [name, body] of [["without a reason", { status: "signed_out" }], ["without JSON", undefined]]) {
    test(`401 ${name} says that nobody waits here`, async () => {
      answers(reply(401, body));
      assert.equal(await listener.check(), 401);
      assert.deepEqual(states, []);
      assert.equal(gone, 1);
    });
  }

  test("other refusals are passed back and say nothing of the state", async () => {
    answers(reply(403, pending));
    assert.equal(await listener.check(), 403);
    assert.deepEqual(states, []);
    assert.equal(gone, 0);
  });

  test("without a network it resolves to 0", async () => {
    assert.equal(await listener.check(), 0);
  });

  test("without an answer it resolves to 0 after 5 s", async () => {
    answers(hangs);
    let code;
    listener.check().then((known) => (code = known));
    await advance(4990);
    assert.equal(code, undefined);
    await advance(10);
    assert.equal(code, 0);
  });
});

describe("the re-check", () => {
  beforeEach(() => answers(reply(200, pending)));

  test("reads the state every 25 s", async () => {
    overSocket();
    await advance(24990);
    assert.equal(requests.length, 0);
    await advance(10);
    assert.equal(requests.length, 1);
    await advance(25000);
    assert.equal(requests.length, 2);
  });

  test("leaves a hidden page in peace", async () => {
    overSocket();
    setVisible(false);
    await advance(60000);
    assert.equal(requests.length, 0);
    setVisible(true);
    await advance(25000);
    assert.equal(requests.length, 1);
  });

  test("adds nothing to polling", async () => {
    await overPoll();
    await advance(26000);
    assert.equal(requests.length, 14); // at once, and 13 times after 2 s
  });
});

describe("backOff", () => {
  test("doubles from 250 ms to 4 s", async () => {
    const { backOff } = await load("static/listen.js");
    assert.deepEqual([0, 1, 2, 3, 4, 5, 60].map(backOff), [250, 500, 1000, 2000, 4000, 4000, 4000]);
  });

  test("is spread from half to one and a half", async (t) => {
    const { backOff } = await load("static/listen.js");
    t.mock.method(Math, "random", () => 0);
    assert.equal(backOff(1), 250);
    t.mock.method(Math, "random", () => 0.999);
    assert.ok(backOff(1) > 749 && backOff(1) < 750);
  });
});

test("a page that fails is no network that fails", async () => {
  const { Listener } = await load("static/listen.js");
  const broken = new Listener(urls, { state: () => { throw new Error("of the page"); } });
  answers(reply(200, pending));
  await assert.rejects(broken.check(), /of the page/);
});

describe("a browser that refuses", () => {
  test("sockets and streams: it polls at once", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    answers(reply(200, pending));
    listener.start();
    await settle();
    assert.deepEqual(transports, ["connecting", "poll"]);
    await advance(31000); // and goes on when it tries for the socket again
    assert.equal(transports[transports.length - 1], "poll");
    assert.equal(blocked, 0);
  });

  test("everything: it says so once, and asks no more", async () => {
    FakeSocket.refused = FakeStream.refused = true;
    reaches(true);
    listener.start();
    await advance(20000);
    assert.equal(blocked, 1);
    assert.equal(requests.length, 3);
  });

  for (const [name, bad] of [["a server that fails", reply(503)], ["a server that hangs", hangs]]) {
    test(`${name} is no refusal`, async () => {
      reaches(true);
      await overPoll();
      answers(bad);
      await advance(60000);
      assert.equal(blocked, 0);
    });
  }
});

test("signed in counts whatever its revision: it may be said by the session that came after", async () => {
  overSocket();
  sockets[0].says({ status: "pending", revision: 7 });
  answers(reply(200, { status: "signed_in" }));
  await listener.check();
  assert.equal(states[states.length - 1].status, "signed_in");
});

import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { advance, answers, byId, load, reply, requests, setPage, settle } from "./browser.mjs";

const states = ["live", "off", "denied", "lacking", "install", "unreachable"];
const page = `<section id="push" hidden><p id="push-said" ${states.map((s) => `data-${s}="says ${s}"`).join(" ")}></p><button id="push-on" hidden></button></section>`;

const key = "BAEC_-8", another = "BAEC_-w"; // as the server has them: base64url
const bytes = { [key]: [4, 1, 2, 255, 239], [another]: [4, 1, 2, 255, 236] };

/** subscription is one of a browser, made for a key. */
function subscription(did, madeFor) {
  return {
    options: { applicationServerKey: new Uint8Array(bytes[madeFor]).buffer },
    unsubscribe: async () => did.push("unsubscribed"),
    toJSON: () => ({ endpoint: `https://push.example/${madeFor}`, keys: {} }),
  };
}

/** open shows the page of a phone that counts, in a browser, and keeps its pushes; it returns what the browser did. */
async function open({ pushes = {}, told = 204, permission = "granted", says = permission, kept, subscribes, lacks = [], ios = false, fails = false } = {}) {
  const did = [];
  setPage(page);
  answers(({ method }) => method === "POST" ? reply(told) : reply(fails ? 503 : 200, { key, known: false, outcome: "", ...pushes }));
  Object.assign(window, {
    PushManager: class {},
    Notification: {
      permission,
      async requestPermission() {
        did.push("asked");
        return (window.Notification.permission = says);
      },
    },
  });
  const pushManager = {
    getSubscription: async () => kept ? subscription(did, kept) : null,
    async subscribe({ userVisibleOnly, applicationServerKey }) {
      did.push(`subscribed${userVisibleOnly ? "" : " to silence"}`);
      assert.deepEqual([...applicationServerKey], bytes[key]);
      return subscribes ? subscribes() : subscription(did, key);
    },
  };
  const serviceWorker = {
    register: async (url, { scope }) => did.push(`worker ${url} for ${scope}`),
    ready: Promise.resolve({ pushManager }),
  };
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { serviceWorker, ...(ios && { standalone: false }) } });
  for (const name of lacks) {
    delete window[name];
    delete navigator[name];
  }
  const { endPushes, keepPushes } = await load("static/push.js");
  void keepPushes();
  await settle();
  return { did, endPushes, keepPushes };
}

const worker = "worker /phone/worker.js for /phone";
const shown = () => byId("push").hidden ? "" : byId("push").dataset.push;
const told = () => requests.filter(({ method }) => method === "POST").map(({ url, body }) => `${url} ${JSON.parse(body).endpoint}`);

/** stands asserts what the page says, and whether it offers to turn pushes on. */
function stands(state, offered = false) {
  assert.equal(shown(), state);
  assert.equal(byId("push-said").textContent, `says ${state}`);
  assert.equal(!byId("push-on").hidden, offered);
}

describe("where notifications are allowed", () => {
  test("it subscribes for the server's key, and tells where pushes go", async () => {
    const { did } = await open();
    assert.deepEqual(did, [worker, "subscribed"]);
    assert.deepEqual(told(), [`/phone/push https://push.example/${key}`]);
    stands("live");
  });

  test("a subscription that both know is kept, and told again", async () => {
    const { did } = await open({ kept: key, pushes: { known: true, outcome: "accepted" } });
    assert.deepEqual(did, [worker]);
    assert.deepEqual(told(), [`/phone/push https://push.example/${key}`]);
    stands("live");
  });

  for (const [what, before] of [
    ["that the server has forgotten", { kept: key }],
    ["whose push service refuses the key", { kept: key, pushes: { known: true, outcome: "key_refused" } }],
    ["for another key", { kept: another, pushes: { known: true } }],
  ]) {
    test(`a subscription ${what} is made anew`, async () => {
      const { did } = await open(before);
      assert.deepEqual(did, [worker, "unsubscribed", "subscribed"]);
      assert.deepEqual(told(), [`/phone/push https://push.example/${key}`]);
      stands("live");
    });
  }

  test("a push service that answers nothing is out of reach after eight seconds", async () => {
    const { did } = await open({ subscribes: () => new Promise(() => {}) });
    assert.deepEqual([did, shown()], [[worker, "subscribed"], ""]);
    await advance(7990);
    assert.equal(shown(), "");
    await advance(10);
    stands("unreachable", true);
    assert.deepEqual(told(), []);
  });

  test("a push service that refuses is out of reach, and can be tried again", async () => {
    let refuses = true;
    const { did } = await open({
      subscribes() {
        if (refuses) throw new Error("AbortError");
        return subscription([], key);
      },
    });
    stands("unreachable", true);
    refuses = false;
    byId("push-on").click();
    await settle();
    stands("live");
    assert.deepEqual(did, [worker, "subscribed", "asked", worker, "subscribed"]);
  });

  test("what the server does not take is not called live", async () => {
    await open({ told: 422 });
    stands("unreachable", true);
  });

  test("it is done once at each opening", async () => {
    const { did, keepPushes } = await open();
    await keepPushes();
    assert.deepEqual(did, [worker, "subscribed"]);
  });

  test("a phone that the page becomes after another one begins anew", async () => {
    const { did, endPushes, keepPushes } = await open({ kept: key, pushes: { known: true } });
    endPushes();
    assert.equal(shown(), "");
    answers(({ method }) => method === "POST" ? reply(204) : reply(200, { key, known: false, outcome: "" }));
    await keepPushes();
    await settle();
    assert.deepEqual(did, [worker, worker, "unsubscribed", "subscribed"]);
    stands("live");
  });

  test("a server that did not answer is asked again the next time", async () => {
    const { did, keepPushes } = await open({ fails: true });
    assert.deepEqual(did, []);
    answers(({ method }) => method === "POST" ? reply(204) : reply(200, { key, known: false, outcome: "" }));
    await keepPushes();
    await settle();
    assert.deepEqual(did, [worker, "subscribed"]);
  });
});

describe("where nobody was asked yet", () => {
  test("it asks when the button is pressed, and not before", async () => {
    const { did } = await open({ permission: "default", says: "granted" });
    stands("off", true);
    assert.deepEqual(did, []);
    byId("push-on").click();
    await settle();
    assert.deepEqual(did, ["asked", worker, "subscribed"]);
    stands("live");
  });

  for (const [says, state] of [["denied", "denied"], ["default", "off"]]) {
    test(`an answer of ${says} leaves it ${state}`, async () => {
      const { did } = await open({ permission: "default", says });
      byId("push-on").click();
      await settle();
      assert.deepEqual(did, ["asked"]);
      stands(state, state === "off");
      assert.deepEqual(told(), []);
    });
  }
});

describe("where there are no pushes", () => {
  test("a permission that was taken back is told to the server, which stops", async () => {
    await open({ permission: "denied", pushes: { known: true } });
    stands("denied");
    assert.deepEqual(told(), ["/phone/push undefined"]);
  });

  test("a server that knows nothing is told nothing", async () => {
    await open({ permission: "denied" });
    stands("denied");
    assert.deepEqual(told(), []);
  });

  for (const missing of ["PushManager", "Notification", "serviceWorker"]) {
    test(`a browser without ${missing} says so`, async () => {
      const { did } = await open({ lacks: [missing] });
      stands("lacking");
      assert.deepEqual(did, []);
    });
  }

  test("on iOS the page has to be on the Home Screen", async () => {
    await open({ lacks: ["PushManager"], ios: true });
    stands("install");
  });

  test("a site that wakes no phones says nothing of it", async () => {
    const { did } = await open({ pushes: { key: "" } });
    assert.deepEqual([did, shown()], [[], ""]);
  });

  test("nor does one that does not answer", async () => {
    setPage(page);
    const { keepPushes } = await load("static/push.js");
    await keepPushes();
    assert.equal(shown(), "");
  });
});

describe("the notification of a request", () => {
  /** left is what is shown after the page has read what became of the requests. */
  async function left(answered, lacks = []) {
    setPage(page);
    const all = ["one", "two", undefined].map((asked) => ({ data: asked ? { denial: { asked } } : {}, close() { all.splice(all.indexOf(this), 1); } }));
    const serviceWorker = { getRegistration: async (scope) => scope === "/phone" ? { getNotifications: async () => [...all] } : undefined };
    Object.defineProperty(globalThis, "navigator", { configurable: true, value: lacks.length ? {} : { serviceWorker } });
    const { clearNotifications } = await load("static/push.js");
    await clearNotifications(answered.map(([asked, status]) => ({ status, shown: { asked } })));
    return all.map(({ data }) => data.denial?.asked);
  }

  test("goes with its end, and no other one does", async () => {
    assert.deepEqual(await left([["one", "approved"], ["three", "denied"]]), ["two", undefined]);
    assert.deepEqual(await left([["one", "pending"]]), ["one", "two", undefined]);
    assert.deepEqual(await left([["one", "expired"]], ["serviceWorker"]), ["one", "two", undefined]);
  });
});

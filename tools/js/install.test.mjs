import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { byId, load, setPage, settle, visited } from "./browser.mjs";

const page = `<div id="ownphone"><input id="number-a"><p id="updated" hidden><button id="reload"></button></p>
  <details id="install" hidden><ol data-steps="ios"></ol><ol data-steps="android"></ol><ol data-steps="firefox"></ol><button id="install-now" hidden></button></details></div>`;

const agents = {
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1",
  ipad: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.5 Safari/605.1.15",
  android: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36",
  firefox: "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
  computer: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
};

async function opens(userAgent, more = {}, app = false) {
  setPage(page);
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { userAgent, maxTouchPoints: 0, ...more } });
  globalThis.matchMedia = () => ({ matches: app });
  return load("static/install.js");
}

const shown = () => byId("install").hidden ? "" : [...document.querySelectorAll("[data-steps]")].filter((part) => !part.hidden).map((part) => part.dataset.steps).join(" ");

describe("how the page becomes an app", () => {
  for (const [what, agent, more, app, want] of [
    ["an iPhone", agents.ios, {}, false, "ios"],
    ["an iPad that calls itself a Mac", agents.ipad, { maxTouchPoints: 5 }, false, "ios"],
    ["a Mac", agents.ipad, {}, false, ""],
    ["Android", agents.android, {}, false, "android"],
    ["Firefox on Android", agents.firefox, {}, false, "firefox"],
    ["a computer", agents.computer, {}, false, ""],
    ["an app", agents.android, {}, true, ""],
    ["an app on iOS", agents.ios, { standalone: true }, false, ""],
  ]) {
    test(`${what}: ${want || "nothing"}`, async () => {
      const { showSteps } = await opens(agent, more, app);
      showSteps("none");
      assert.equal(shown(), want);
      assert.equal(byId("install").open, want === "ios");
    });
  }

  test("is told where it is of use", async () => {
    const { showSteps } = await opens(agents.android);
    for (const [state, want] of [["none", "android"], ["waiting", ""], ["ready", "android"], ["revoked", ""]]) {
      showSteps(state);
      assert.equal(shown(), want, state);
    }
  });

  test("by a button where the browser offers it", async () => {
    await opens(agents.android);
    let asked = 0;
    window.dispatchEvent(Object.assign(new window.Event("beforeinstallprompt", { cancelable: true }), { prompt: async () => asked++ }));
    assert.equal(byId("install-now").hidden, false);
    byId("install-now").click();
    assert.equal(asked, 1);
    window.dispatchEvent(new window.Event("appinstalled"));
    assert.ok(byId("install").hidden);
  });
});

describe("the worker", () => {
  const workers = (controller) => {
    const all = Object.assign(new EventTarget(), { controller, updates: 0, registered: [] });
    all.register = async (path, { scope }) => {
      all.registered.push([path, scope]);
      return { update: async () => all.updates++ };
    };
    return all;
  };

  for (const before of [null, {}]) {
    test(before ? "that takes the place of an older one makes this page an old one" : "that is the first one is no news", async () => {
      const serviceWorker = workers(before);
      const { keepWorker } = await opens(agents.android, { serviceWorker });
      await keepWorker();
      await keepWorker();
      assert.deepEqual(serviceWorker.registered, [["/phone/worker.js", "/phone"]]);
      const changes = () => {
        serviceWorker.controller = {};
        serviceWorker.dispatchEvent(new Event("controllerchange"));
        return !byId("updated").hidden;
      };
      assert.equal(changes(), Boolean(before));
      assert.equal(changes(), true, "a page that has been open since the first one");
      byId("reload").click();
      assert.equal(visited.length, 1);
      document.dispatchEvent(new window.Event("visibilitychange"));
      await settle();
      assert.equal(serviceWorker.updates, 1);
    });
  }

  test("is looked for again when the server is back", async () => {
    const serviceWorker = workers({});
    const { keepWorker, lookForUpdate } = await opens(agents.android, { serviceWorker });
    lookForUpdate();
    await keepWorker();
    lookForUpdate();
    await settle();
    assert.equal(serviceWorker.updates, 1);
  });

  test("takes along what was typed, once", async () => {
    const kept = new Map();
    globalThis.sessionStorage = {
      getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name),
    };
    try {
      const { keepWorker } = await opens(agents.android, { serviceWorker: workers({}) });
      await keepWorker();
      byId("number-a").value = "123";
      byId("reload").click();
      for (const typed of ["123", ""]) {
        setPage(page);
        const { refill } = await load("static/ownpage.js");
        refill(byId("number-a"));
        assert.equal(byId("number-a").value, typed);
      }
    } finally {
      delete globalThis.sessionStorage;
    }
  });

  test("is left out where there are none", async () => {
    const { keepWorker } = await opens(agents.android);
    await keepWorker();
  });
});

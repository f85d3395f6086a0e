import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { advance, answers, load, offline, reply, setPage, visited } from "./browser.mjs";

describe("the page with the code for a phone", () => {
  const page = '<div id="ownphones" data-status-url="/status" data-next-url="/next"></div>';

  for (const [what, says, leadsOn] of [
    ["a code that nobody has used", reply(200, { waiting: 0, code: true }), false],
    ["a phone that waits from before", reply(200, { waiting: 1, code: true }), false],
    ["a code that a phone has used", reply(200, { waiting: 1, code: false }), true],
    ["a code that is too old", reply(200, { waiting: 0, code: false }), true],
    ["a session that has ended", reply(401, {}), true],
    ["a fault", reply(500, undefined), false],
    ["no network", null, false],
  ]) {
    test(`${leadsOn ? "leads on" : "stays"} with ${what}`, async () => {
      setPage(page);
      answers(() => says ?? offline());
      await load("static/ownphones.js");
      await advance(1990);
      assert.deepEqual(visited, []);
      await advance(20);
      assert.deepEqual(visited, leadsOn ? ["/next"] : []);
    });
  }
});

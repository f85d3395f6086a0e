import test from "node:test";
import assert from "node:assert/strict";
import { advance, answers, byId, load, reply, setPage, settle, visited } from "./browser.mjs";

test("a page that waits for a phone counts down, and goes on once the server says so", async () => {
  setPage(`
    <div id="change" data-status="pending" data-status-url="/account/phone/status" data-events-url="/transfers/events" data-self-url="/account/phone/new">
      <span id="countdown" data-expires-at="2026-11-25T12:02:00Z" data-server-now="2026-11-25T12:00:30Z">90 s</span>
    </div>`);
  answers(reply(200, { status: "pending" }));
  await load("static/change.js");
  assert.equal(byId("countdown").textContent, "1:30");
  assert.equal(document.documentElement.dataset.script, "running"); // without it the time left is hidden
  await advance(1010);
  assert.equal(byId("countdown").textContent, "1:29");
  answers(reply(200, { status: "over" }));
  await advance(3000);
  await settle();
  assert.deepEqual(visited, ["/account/phone/new"]);
});

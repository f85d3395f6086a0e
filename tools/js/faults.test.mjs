import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { answers, byId, load, reply, requests, setPage, settle, submits } from "./browser.mjs";

const sentences = readFileSync(new URL("../../simulator/pages/words/en.json", import.meta.url), "utf8");

const page = (api = "") => `
  <script type="application/json" id="words">${sentences}</script>
  <details id="fold"><form id="faults-form">
    <select name="api"><option value=""></option><option value="hang" ${api && "selected"}>hang</option></select>
    <input name="api_delay_ms" type="number" value="0">
    <input name="legacy_device_uuid" type="checkbox">
    <button type="submit">Order these</button>
  </form><p id="faults-said"></p><button id="faults-clear"></button></details>`;

const field = (name) => document.querySelector(`[name=${name}]`);
const said = () => byId("faults-said").textContent;
const sent = () => requests.map(({ method, url, body }) => [method, url, body && JSON.parse(body)]);
const isOn = () => byId("fold").classList.contains("on");

async function open(authyID, html = page()) {
  setPage(html);
  const { faultsForm } = await load("simulator/pages/static/faults.js");
  faultsForm(authyID);
}

async function submit() {
  assert.ok(!submits(byId("faults-form")));
  await settle();
}

async function clear() {
  byId("faults-clear").click();
  await settle();
}

test("the fold is open and marked only where something is wrong on purpose", async () => {
  await open(0);
  assert.ok(!byId("fold").open);
  assert.ok(!isOn());
  await open(0, page("hang"));
  assert.ok(byId("fold").open);
  assert.ok(isOn());
});

describe("accepted", () => {
  beforeEach(() => answers(reply(200, {})));

  test("all faults are sent, each as its type", async () => {
    await open(0);
    field("api").value = "hang";
    field("api_delay_ms").value = "250";
    field("legacy_device_uuid").checked = true;
    await submit();
    assert.deepEqual(sent(), [["POST", "/faults", { api: "hang", api_delay_ms: 250, legacy_device_uuid: true }]]);
    assert.equal(said(), "Set. It goes wrong until you clear it.");
    assert.ok(isOn());
  });

  test("the faults of a phone name it", async () => {
    await open(7);
    await submit();
    assert.deepEqual(sent(), [["POST", "/faults", { authy_id: 7, api: "", api_delay_ms: 0, legacy_device_uuid: false }]]);
    assert.equal(said(), "Nothing is wrong on purpose.");
    assert.ok(!isOn());
  });

  for (const [id, url] of [[0, "/faults"], [7, "/faults?authy_id=7"]]) {
    test(`clearing is DELETE ${url}, and empties the form`, async () => {
      await open(id, page("hang"));
      field("api_delay_ms").value = "250";
      field("legacy_device_uuid").checked = true;
      await clear();
      assert.deepEqual(sent(), [["DELETE", url, undefined]]);
      assert.equal(field("api").value, "");
      assert.equal(field("api_delay_ms").value, "0");
      assert.equal(field("legacy_device_uuid").checked, false);
      assert.ok(!isOn());
      assert.equal(said(), "Nothing is wrong on purpose.");
    });
  }
});

describe("what was set elsewhere is still in force", () => {
  for (const [id, inForce, words] of [
    [7, { all: { api: "hang", api_delay_ms: 0 }, phones: {} }, /all phones are still in force/],
    [0, { all: { api: "" }, phones: { 7: { api: "hang" } } }, /Some phones still have their own/],
    [7, { all: { api: "" }, phones: { 8: { api: "hang" } } }, /^Nothing is wrong/],
  ]) {
    test(`for ${id}: ${words}`, async () => {
      answers(reply(200, inForce));
      await open(id);
      await clear();
      assert.match(said(), words);
      await submit();
      assert.match(said(), words);
    });
  }
});

describe("refused", () => {
  for (const [name, bad, words] of [
    ["by the simulator", reply(400, { error: "api_delay_ms is too large" }), "Not set: api_delay_ms is too large"],
    ["without an answer", undefined, "The simulator does not answer."],
  ]) {
    test(`${name}: it says so and leaves the form as it is`, async () => {
      if (bad) answers(bad);
      await open(0, page("hang"));
      await submit();
      assert.equal(said(), words);
      await clear();
      assert.equal(said(), words);
      assert.equal(field("api").value, "hang");
      assert.ok(isOn());
    });
  }
});

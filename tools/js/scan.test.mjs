import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { advance, byId, load, setPage, settle } from "./browser.mjs";

const page = `<div id="scan" hidden><button id="scan-start" hidden></button>
  <div id="scan-view" hidden><video id="scan-video"></video><button id="scan-stop"></button></div>
  <p id="scan-said" hidden data-lacking="lacking" data-refused="refused" data-none="none" data-fails="fails" data-other="other"></p></div>`;

let sees; // what the camera sees: texts
let stopped;
let opens; // the camera, or throws
let found;

class FakeDetector {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect() { return sees.map((rawValue) => ({ rawValue })); }
}

async function prepare(detector = FakeDetector) {
  setPage(page, "https://nod.test/phone");
  location.origin = "https://nod.test";
  [sees, found, stopped] = [[], [], 0];
  opens = async () => ({ getTracks: () => [{ stop: () => stopped++ }] });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { mediaDevices: { getUserMedia: (wanted) => opens(wanted) } } });
  delete window.BarcodeDetector;
  if (detector) window.BarcodeDetector = detector;
  Object.defineProperty(byId("scan-video"), "srcObject", { writable: true });
  byId("scan-video").play = async () => {};
  const { offerScan } = await load("static/scan.js");
  await offerScan((code) => found.push(code));
  await settle();
}

const said = () => byId("scan-said").hidden ? "" : byId("scan-said").textContent;
const start = async () => {
  byId("scan-start").click();
  await settle();
};

describe("where the browser reads QR codes", () => {
  beforeEach(() => prepare());

  test("the code of this site is read, and the camera is closed", async () => {
    await start();
    assert.equal(byId("scan-view").hidden, false);
    assert.ok(byId("scan-start").hidden);
    sees = ["https://evil.test/phone#AAAA", "no address", "https://nod.test/protected#BBBB"];
    await advance(200);
    assert.equal(said(), "other");
    assert.deepEqual(found, []);
    sees = ["https://nod.test/phone#ABCD1234"];
    await advance(200);
    assert.deepEqual([found, stopped, said()], [["ABCD1234"], 1, ""]);
    assert.ok(byId("scan-view").hidden);
    await advance(1000);
    assert.equal(found.length, 1);
  });

  test("whoever would rather type closes it", async () => {
    await start();
    byId("scan-stop").click();
    sees = ["https://nod.test/phone#ABCD1234"];
    await advance(1000);
    assert.deepEqual([found, stopped, byId("scan-start").hidden, document.activeElement.id], [[], 1, false, "scan-start"]);
  });

  for (const [name, word] of [["NotAllowedError", "refused"], ["NotFoundError", "none"], ["NotReadableError", "fails"]]) {
    test(`a camera that does not open (${name}) is explained, and can be tried again`, async () => {
      opens = async () => { throw Object.assign(new Error(name), { name }); };
      await start();
      assert.deepEqual([said(), byId("scan-view").hidden, byId("scan-start").hidden], [word, true, false]);
    });
  }
});

for (const [what, detector] of [["no reader", null], ["a reader of other codes", class { static async getSupportedFormats() { return ["ean_13"]; } }]]) {
  test(`with ${what} the code is typed`, async () => {
    await prepare(detector);
    assert.deepEqual([said(), byId("scan").hidden, byId("scan-start").hidden], ["lacking", false, true]);
  });
}

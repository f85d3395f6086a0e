import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { byId, load, setPage, settle } from "./browser.mjs";

const page = `
  <input id="email" autocomplete="username webauthn">
  <form id="passkey-form" method="post" hidden><input type="hidden" name="challenge" value="1.a.b"><input type="hidden" name="passkey">
    <p id="passkey-error" hidden></p><button type="button" id="passkey-button"></button></form>`;

let asked; // of the browser: {mediation, signal, publicKey, resolve, reject}
let sent;

const bytes = (text) => new TextEncoder().encode(text);
const signed = { id: "aWQ", rawId: bytes("id"), type: "public-key", response: {
  clientDataJSON: bytes("c"), authenticatorData: bytes("a"), signature: bytes("s"), userHandle: bytes("u"),
} };

/** opens shows the page in a browser that has what it is told. */
async function opens({ passkeys = true, offers = true } = {}) {
  setPage(page);
  asked = [];
  sent = [];
  const get = (options) => new Promise((resolve, reject) => {
    asked.push({ ...options, resolve, reject });
    options.signal?.addEventListener("abort", () => reject(options.signal.reason));
  });
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: passkeys ? { credentials: { get } } : {} });
  delete window.PublicKeyCredential;
  if (passkeys) window.PublicKeyCredential = offers === null ? class {} : { isConditionalMediationAvailable: async () => offers };
  byId("passkey-form").submit = () => sent.push(JSON.parse(byId("passkey-form").elements.passkey.value));
  await load("static/passkey.js");
  await settle();
}

describe("where the browser offers passkeys in a field", () => {
  beforeEach(() => opens());

  test("it is asked at once, for any of this site, and what one signs is sent", async () => {
    assert.equal(byId("passkey-form").hidden, false);
    assert.equal(asked.length, 1);
    const { mediation, publicKey, resolve } = asked[0];
    assert.equal(mediation, "conditional");
    assert.equal(publicKey.userVerification, "required");
    assert.deepEqual(publicKey.allowCredentials, []);
    assert.equal(new TextDecoder().decode(publicKey.challenge), "1.a.b");
    resolve(signed);
    await settle();
    assert.deepEqual(sent, [{ id: "aWQ", rawId: "aWQ", type: "public-key", clientExtensionResults: {},
      response: { clientDataJSON: "Yw", authenticatorData: "YQ", signature: "cw", userHandle: "dQ" } }]);
  });

  test("the button asks in its place; who refuses is told, and offered them again", async () => {
    byId("passkey-button").click();
    await settle();
    assert.equal(asked.length, 2);
    assert.ok(asked[0].signal.aborted);
    assert.equal(asked[1].mediation, undefined);
    asked[1].reject(new Error("refused"));
    await settle();
    assert.equal(byId("passkey-error").hidden, false);
    assert.equal(asked[2].mediation, "conditional");
    assert.deepEqual(sent, []);
    byId("passkey-button").click();
    await settle();
    assert.ok(byId("passkey-error").hidden);
    asked[3].resolve(signed);
    await settle();
    assert.equal(sent.length, 1);
  });
});

for (const offers of [false, null]) {
  test(`without the offer (${offers}) there is the button`, async () => {
    await opens({ offers });
    assert.equal(asked.length, 0);
    byId("passkey-button").click();
    await settle();
    assert.equal(asked.length, 1);
  });
}

test("a browser without passkeys is offered none", async () => {
  await opens({ passkeys: false });
  assert.ok(byId("passkey-form").hidden);
});

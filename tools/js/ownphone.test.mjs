import test, { describe } from "node:test";
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { advance, byId, offline, reply, requests, settle, sleeps, sockets, submits } from "./browser.mjs";
import { Phone, digestOf, origin, signed } from "./ownphone.mjs";

const shown = {
  kind: "login", email: "ada@nod.test", browser: "Firefox on Linux", address: "192.0.2.7", place: "Bogotá", resets: "", change: "",
  payee: "", amount: "", currency: "", asked: "2031-01-01T00:00:00.000Z", expires: "2031-01-01T00:02:00.000Z",
};

/** request is one that waits, with what is different of it. */
const request = ({ shown: other, ...more } = {}) => ({
  id: "a", status: "pending", reason: "", server_nonce: "nonce", shown: { ...shown, ...other },
  expires_at: shown.expires, tries_left: 3, phone: "", mine: false, why: "", ...more,
});
const payment = request({ shown: { kind: "transfer", payee: "Grace Hopper", amount: "12.50", currency: "EUR" } });

/** messageOf is what an answer to a request signs, field by field. */
function messageOf({ id, server_nonce: nonce, shown: s }, decision, number) {
  return digestOf("nod answer 1", origin, id, decision, nonce, number, s.kind, s.email, s.browser, s.address, s.place, s.resets, s.change,
    s.payee, s.amount, s.currency, s.asked, s.expires);
}

const visible = (selector) => [...document.querySelectorAll(selector)].filter((e) => !e.closest("[hidden]"));
/** heading is that of the page, which has the title of what it shows. */
function heading() {
  const text = byId("ownphone-heading").innerText.trim();
  const waiting = visible("#requests [data-status=pending] h2")[0]?.innerText.trim();
  assert.equal(document.title, `${waiting ?? text} · Nod`);
  return text;
}
const errors = () => visible("[data-error]").map((e) => e.dataset.error);
const card = (n = 0) => byId("requests").children[n];
const said = (slot) => card().querySelector(`[data-slot=${slot}]`).textContent;

async function enrols(code, name = "Pixel") {
  byId("code").value = code;
  byId("name").value = name;
  submits(byId("enrol-form"));
  await settle();
}

async function types(number) {
  card().querySelector("input").value = number;
  submits(card().querySelector("form"));
  await settle();
}

async function presses(selector) {
  card().querySelector(selector).click();
  await settle();
}

/** hears tells the page that something has changed. */
async function hears() {
  sockets.at(-1).says({ status: "pending" });
  await settle();
}

describe("a new phone", () => {
  const options = { site: "nod.test", site_name: "Nod", owner: "b3duZXI=", email: "ada@nod.test", challenge: "challenge", origin, keys: [-7, -257] };

  test("takes the code of the address and guesses its name", async () => {
    const phone = new Phone();
    await phone.open({ hash: "#abcd-efgh", agent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X)" });
    assert.equal(heading(), "ownphone.title");
    assert.deepEqual([byId("code").value, byId("name").value], ["ABCD-EFGH", "iPhone"]);
  });

  test("makes both keys, each bound to the other, and keeps them before the server knows", async () => {
    const phone = new Phone();
    phone.says["/phone/enrol"] = () => reply(200, options);
    phone.says["/phone/enrol/finish"] = () => {
      phone.state = { status: "waiting", name: "Pixel", origin };
      return reply(200, {});
    };
    await phone.open({ hash: "#ABCD-EFGH" });
    await enrols("ABCD-EFGH");
    const [{ code, name, device_key: key, passkey, signature }] = phone.posted("/phone/enrol/finish");
    assert.deepEqual([code, name, phone.posted("/phone/enrol")], ["ABCD-EFGH", "Pixel", [{ code: "ABCD-EFGH" }]]);
    assert.deepEqual(phone.sent.map(({ path, kept }) => [path, kept]), [["/phone/enrol", false], ["/phone/enrol/finish", true]]);

    const device = createPublicKey({ key: Buffer.from(key, "base64"), type: "spki", format: "der" });
    const response = Buffer.from(passkey, "base64").toString();
    assert.ok(signed(device, digestOf("nod phone 1", origin, "challenge", "Pixel", response), signature));
    assert.equal(JSON.parse(response).rawId, "cGFzc2tleQ");

    const [asked] = phone.passkeys.asked;
    const bound = digestOf("nod passkey 1", origin, "challenge", Buffer.from(key, "base64").toString("base64url"));
    assert.deepEqual(Buffer.from(asked.challenge), bound);
    assert.deepEqual(asked.authenticatorSelection, { residentKey: "required", requireResidentKey: true, userVerification: "required" });
    assert.deepEqual(asked.pubKeyCredParams.map(({ alg }) => alg), [-7, -257]);
    assert.deepEqual([asked.rp.id, Buffer.from(asked.user.id).toString()], ["nod.test", "owner"]);

    assert.equal(heading(), "ownphone.waiting.title");
    assert.equal(phone.address, "/phone"); // the code in it is used up
    assert.equal(sockets.length, 1); // hears when it is confirmed
  });

  for (const [what, says, word] of [
    ["a wrong code", reply(422, { error: "code" }), "code"],
    ["too many tries", reply(429, {}), "often"],
    ["a fault", reply(500, {}), "failed"],
    ["no network", null, "offline"],
  ]) {
    test(`${what} is said, and nothing is made`, async () => {
      const phone = new Phone();
      phone.says["/phone/enrol"] = () => says ?? offline();
      await phone.open();
      await enrols("AAAA-AAAA");
      assert.deepEqual(errors(), [word]);
      assert.deepEqual([phone.passkeys.asked, phone.kept.size, heading()], [[], 0, "ownphone.title"]);
      const field = byId("code");
      assert.equal(field.getAttribute("aria-invalid"), word === "code" ? "true" : null);
      if (word === "code") assert.equal(document.activeElement, field);
    });
  }

  test("is none where another tab has made a phone of this browser meanwhile", async () => {
    const phone = new Phone();
    await phone.open();
    const other = await Phone.ready();
    phone.state = other.state;
    phone.kept.set("phone", other.kept.get("phone"));
    await enrols("ABCD-EFGH");
    assert.deepEqual([heading(), phone.sent, phone.kept.get("phone")], ["Pixel", [], other.kept.get("phone")]);
  });

  /** lost is a phone that was sent and got no reply, with what was sent. */
  async function lost(none = offline) {
    const phone = new Phone();
    phone.says["/phone/enrol"] = () => reply(200, options);
    phone.says["/phone/enrol/finish"] = none;
    await phone.open();
    await enrols("ABCD-EFGH");
    return phone;
  }

  /** takes has the server answer again: it knows the phone. */
  function takes(phone) {
    phone.says["/phone/enrol/finish"] = () => {
      phone.state = { status: "waiting", name: "Pixel", origin };
      return reply(200, {});
    };
  }

  /** same says that one phone was made, and sent so many times. */
  function same(phone, times) {
    const sent = phone.posted("/phone/enrol/finish");
    assert.deepEqual(sent, Array(times).fill(sent[0]));
    assert.deepEqual([phone.posted("/phone/enrol").length, phone.passkeys.asked.length], [1, 1]);
  }

  for (const [what, none] of [["no reply", offline], ["a proxy in its place", () => reply(502)]]) {
    test(`that gets ${what} sends the same again, by itself`, async () => {
      const phone = await lost(none);
      assert.deepEqual(errors(), []);
      takes(phone);
      await advance(1000);
      same(phone, 2);
      assert.equal(heading(), "ownphone.waiting.title");
    });
  }

  test("that gets no reply for long sends the same when asked to, and another with another code", async () => {
    const phone = await lost();
    await advance(4000);
    assert.deepEqual(errors(), ["offline"]);
    same(phone, 3);
    await enrols("ABCD-EFGH", "another name");
    await advance(4000);
    same(phone, 6);
    takes(phone);
    await enrols("JKLM-NPQR");
    assert.deepEqual([phone.posted("/phone/enrol").length, phone.posted("/phone/enrol/finish").at(-1).code], [2, "JKLM-NPQR"]);
    assert.equal(heading(), "ownphone.waiting.title");
  });

  test("that got no reply sends the same again on its next page", async () => {
    const phone = await lost();
    takes(phone);
    await phone.open();
    same(phone, 2);
    assert.deepEqual([heading(), phone.kept.get("phone").finish], ["ownphone.waiting.title", undefined]);
  });

  test("that got no reply in time can begin anew on its next page", async () => {
    const phone = await lost();
    phone.says["/phone/enrol/finish"] = () => reply(422, { error: "code" });
    await phone.open();
    assert.deepEqual([heading(), errors(), phone.kept.size], ["ownphone.title", ["code"], 0]);
  });

  test("whose cookie came and whose reply did not is what the server says, and keeps its keys", async () => {
    const phone = await lost();
    phone.state = { status: "ready", name: "Pixel", origin };
    await phone.open();
    same(phone, 1);
    assert.deepEqual([heading(), Object.keys(phone.kept.get("phone"))], ["Pixel", ["pair", "credential"]]);
  });

  test("that comes too often is told so and keeps its keys", async () => {
    const phone = await lost(() => reply(429, {}));
    assert.deepEqual([errors(), phone.kept.size], [["often"], 1]);
  });

  test("on the page of one that was removed asks anew how it is woken", async () => {
    const phone = await Phone.ready();
    const asked = () => requests.filter(({ url }) => new URL(url, origin).pathname === "/phone/push").length;
    const ready = phone.state;
    await phone.open();
    phone.state = { status: "revoked", name: "Pixel", origin };
    phone.says["/phone/requests"] = () => reply(401, phone.state);
    await hears();
    assert.equal(asked(), 1);
    delete phone.says["/phone/requests"];
    phone.says["/phone/enrol"] = () => reply(200, options);
    phone.says["/phone/enrol/finish"] = () => {
      phone.state = ready;
      return reply(200, {});
    };
    visible("[data-again]")[0].click();
    await settle();
    await enrols("ABCD-EFGH");
    assert.deepEqual([heading(), asked()], ["Pixel", 2]);
  });

  test("needs a name, and says so before anything is sent", async () => {
    const phone = new Phone();
    await phone.open();
    await enrols("ABCD-EFGH", "  ");
    assert.deepEqual([errors(), phone.sent], [["name"], []]);
    assert.equal(document.activeElement, byId("name"));
  });

  test("that is not unlocked can be unlocked again", async () => {
    const phone = new Phone();
    phone.says["/phone/enrol"] = () => reply(200, options);
    phone.passkeys.locked = true;
    await phone.open();
    await enrols("ABCD-EFGH");
    assert.deepEqual([errors(), phone.posted("/phone/enrol/finish")], [["passkey"], []]);
    phone.passkeys.locked = false;
    await enrols("ABCD-EFGH");
    assert.deepEqual([errors(), phone.posted("/phone/enrol/finish").length], [[], 1]);
  });

  for (const word of ["refused", "synced", "code"]) {
    test(`that the server does not take for "${word}" says so`, async () => {
      const phone = new Phone();
      phone.says["/phone/enrol"] = () => reply(200, options);
      phone.says["/phone/enrol/finish"] = () => reply(422, { error: word });
      await phone.open();
      await enrols("ABCD-EFGH");
      assert.deepEqual([errors(), phone.kept.size], [[word], 0]);
    });
  }

  for (const missing of ["subtle", "credentials", "PublicKeyCredential", "indexedDB"]) {
    test(`is none in a browser without ${missing}`, async () => {
      const phone = new Phone();
      await phone.open({ without: [missing] });
      assert.equal(heading(), "ownphone.unable.title");
    });
  }
});

describe("what is asked", () => {
  test("is shown as it is, with the money above all else", async () => {
    const phone = await Phone.ready(payment);
    await phone.open();
    assert.equal(heading(), "Pixel");
    assert.deepEqual(["amount", "payee", "email", "browser", "address", "place"].map(said),
      ["12.50 EUR", "Grace Hopper", "ada@nod.test", "Firefox on Linux", "192.0.2.7", "Bogotá"]);
    assert.deepEqual(visible("h2 [data-kind]").map((e) => e.dataset.kind), ["transfer"]);
    assert.equal(card().querySelector("[data-left]").textContent, "2:00");
    assert.equal(byId("ownphone-empty").hidden, true);
    const field = card().querySelector("input");
    assert.equal(document.querySelector(`label[for="${field.id}"]`), card().querySelector("label"));
    for (const id of field.getAttribute("aria-describedby").split(" ")) assert.ok(byId(id), id);
  });

  test("leaves out what it does not have", async () => {
    const phone = await Phone.ready(request({ shown: { place: "" } }));
    await phone.open();
    for (const slot of ["place", "amount", "payee", "change"]) assert.ok(card().querySelector(`[data-slot=${slot}]`).closest("[data-line]").hidden, slot);
    assert.deepEqual(visible("h2 [data-kind]").map((e) => e.dataset.kind), ["login"]);
  });

  test("says where it comes from this very browser, as soon as that is known", async () => {
    const phone = await Phone.ready({ ...request(), here: false });
    await phone.open();
    assert.equal(visible("[data-here]").length, 0);
    phone.requests = [{ ...request(), here: true }];
    await hears();
    assert.equal(visible("[data-here]").length, 1);
  });

  test("says where the phone's clock is wrong", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    assert.equal(byId("clock-off").hidden, true);
    const hour = 3600000;
    sleeps(hour);
    await hears();
    assert.equal(byId("clock-off").hidden, false);
    assert.equal(card().querySelector("[data-left]").textContent, "2:00");
  });

  test("names a new password as such", async () => {
    const phone = await Phone.ready(request({ shown: { resets: "yes" } }));
    await phone.open();
    assert.deepEqual(visible("h2 [data-kind]").map((e) => e.dataset.kind), ["reset"]);
  });

  test("comes first when it is new, and takes nobody's number away", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    card().querySelector("input").value = "12";
    phone.requests = [request({ id: "b" }), ...phone.requests];
    await hears();
    assert.deepEqual([...byId("requests").children].map((c) => c.querySelector("input").id), ["number-b", "number-a"]);
    assert.equal(byId("number-a").value, "12");
    assert.equal(byId("ownphone-live").textContent.trim(), "ownphone.kind.login");
    phone.requests = phone.requests.slice(0, 1);
    await hears();
    assert.equal(byId("number-a"), null);
  });

  test("is not shown again by an answer that was overtaken", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    let late;
    phone.says["/phone/requests"] = () => new Promise((done) => (late = done));
    await hears();
    delete phone.says["/phone/requests"];
    phone.requests = [request({ status: "expired" })];
    await hears();
    late(reply(200, { server_time: "2031-01-01T00:00:00Z", requests: [request()], news: [] }));
    await settle();
    assert.deepEqual(visible("#requests [data-if]").map((e) => e.dataset.if), ["expired"]);
  });

  test("is followed by what the owner has not read", async () => {
    const phone = await Phone.ready();
    phone.news = [{ text: "A phone was <added>.", at: shown.asked }];
    await phone.open();
    assert.equal(byId("news").hidden, false);
    assert.ok(byId("news-list").textContent.startsWith("A phone was <added>."));
    assert.equal(byId("ownphone-empty").hidden, false);
  });

  for (const [what, answered, word] of [
    ["its own yes", { status: "approved", mine: true, phone: "Pixel" }, "approved"],
    ["its own no", { status: "denied", mine: true, phone: "Pixel" }, "denied-why"],
    ["a no that was a mistake", { status: "denied", mine: true, phone: "Pixel", why: "me" }, "denied-me"],
    ["another phone's yes", { status: "approved", phone: "iPhone" }, "approved-elsewhere"],
    ["another phone's no", { status: "denied", phone: "iPhone" }, "denied-elsewhere"],
    ["a yes of the phone with the number", { status: "approved" }, "approved-number"],
    ["a no of the phone with the number", { status: "denied" }, "denied-number"],
    ["three wrong numbers", { status: "cancelled", reason: "wrong_number" }, "cancelled-wrong_number"],
    ["a request that was called off", { status: "cancelled", reason: "user" }, "cancelled"],
    ["the end of its time", { status: "expired" }, "expired"],
  ]) {
    test(`says of ${what} what became of it`, async () => {
      const phone = await Phone.ready(request());
      await phone.open();
      phone.requests = [request(answered)];
      await hears();
      assert.deepEqual(visible("#requests [data-if]").map((e) => e.dataset.if), [word]);
      assert.ok(card().querySelector("form").hidden);
      if (word.endsWith("elsewhere")) assert.equal(visible("#requests [data-slot=phone]")[0].textContent, "iPhone");
    });
  }
});

describe("a yes", () => {
  test("signs all that is shown, by both keys, with the number that was typed", async () => {
    const phone = await Phone.ready(payment);
    await phone.open();
    await types("123 456");
    const [{ decision, number, signature, passkey }] = phone.posted("/phone/requests/a");
    assert.deepEqual([decision, number], ["approved", "123456"]);
    const message = messageOf(payment, "approved", "123456");
    assert.ok(signed(phone.pair.publicKey, message, signature));
    const [asked] = phone.passkeys.asked;
    assert.deepEqual(Buffer.from(asked.challenge), message);
    assert.deepEqual([asked.rpId, asked.userVerification, Buffer.from(asked.allowCredentials[0].id).toString()], ["nod.test", "required", "passkey"]);
    assert.equal(passkey.response.signature, Buffer.from("signature").toString("base64url"));
    assert.deepEqual(errors(), []);
  });

  for (const number of ["١٢٣٤٥٦", "۱۲۳ ۴۵۶", "１２３４５６", "१२३४५६"]) {
    test(`takes the digits of other scripts: ${number}`, async () => {
      const phone = await Phone.ready(request());
      await phone.open();
      await types(number);
      assert.deepEqual([errors(), phone.posted("/phone/requests/a")[0]?.number], [[], "123456"]);
    });
  }

  for (const number of ["", "12345", "1234567", "abcdef"]) {
    test(`takes six digits, not "${number}"`, async () => {
      const phone = await Phone.ready(request());
      await phone.open();
      await types(number);
      assert.deepEqual([errors(), phone.sent, phone.passkeys.asked], [["digits"], [], []]);
      assert.equal(card().querySelector("input").getAttribute("aria-invalid"), "true");
      assert.equal(document.activeElement, card().querySelector("input"));
    });
  }

  test("is not sent where the phone was not unlocked", async () => {
    const phone = await Phone.ready(request());
    phone.passkeys.locked = true;
    await phone.open();
    await types("123456");
    assert.deepEqual([errors(), phone.sent], [["passkey"], []]);
  });

  test("with a wrong number says how many tries are left", async () => {
    const phone = await Phone.ready(request());
    phone.says["/phone/requests/a"] = () => reply(422, { error: "number", left: 2 });
    await phone.open();
    await types("123456");
    assert.deepEqual([errors(), said("left")], [["number"], "2"]);
    assert.equal(document.activeElement, card().querySelector("input"));
    delete phone.says["/phone/requests/a"];
    await types("654321");
    assert.deepEqual([errors(), card().querySelector("input").getAttribute("aria-invalid")], [[], null]);
  });

  for (const [what, says, word] of [
    ["that the server refuses", reply(403, { error: "refused" }), "refused"], ["that comes too often", reply(429, {}), "often"],
    ["at a fault", reply(500, undefined), "failed"], ["without a network", null, "offline"],
  ]) {
    test(`${what} says so`, async () => {
      const phone = await Phone.ready(request());
      phone.says["/phone/requests/a"] = () => says ?? offline();
      await phone.open();
      await types("123456");
      assert.deepEqual(errors(), [word]);
    });
  }

  test("is sent once, however often it is pressed", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    card().querySelector("input").value = "123456";
    submits(card().querySelector("form"));
    await types("123456");
    assert.equal(phone.posted("/phone/requests/a").length, 1);
  });
});

describe("a no", () => {
  test("takes one press and no unlocking, and says nothing of a number", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    card().querySelector("input").value = "123456";
    await presses("[data-deny]");
    const [{ decision, number, passkey, signature }] = phone.posted("/phone/requests/a");
    assert.deepEqual([decision, number, passkey, phone.passkeys.asked], ["denied", undefined, undefined, []]);
    assert.ok(signed(phone.pair.publicKey, messageOf(request(), "denied", ""), signature));
  });

  for (const why of ["me", "not_me"]) {
    test(`is explained by one more press, for "${why}"`, async () => {
      const phone = await Phone.ready(request({ status: "denied", mine: true, phone: "Pixel" }));
      await phone.open();
      await presses(`[data-why=${why}]`);
      const [{ answer, signature }] = phone.posted("/phone/requests/a/why");
      assert.equal(answer, why);
      assert.ok(signed(phone.pair.publicKey, digestOf("nod why 1", origin, "a", "nonce", why), signature));
    });
  }
});

describe("a no to somebody else says what they have:", () => {
  for (const [what, asked, word] of [
    ["the password", {}, "ownphone.end.not_me"],
    ["a recovery code", { resets: "yes" }, "ownphone.end.not_me_reset"],
    ["the account", { kind: "transfer" }, "ownphone.end.not_me_inside"],
    ["the account, too", { kind: "confirm" }, "ownphone.end.not_me_inside"],
  ]) {
    test(what, async () => {
      const phone = await Phone.ready(request({ status: "denied", mine: true, phone: "Pixel", why: "not_me", shown: asked }));
      await phone.open();
      assert.deepEqual(visible("#requests [data-if] [data-kind]").map((e) => e.textContent), [word]);
    });
  }
});

describe("a phone that", () => {
  test("is given a code for another account stays what it is, and says so", async () => {
    const phone = await Phone.ready(request());
    await phone.open({ hash: "#ABCD-EFGH" });
    assert.deepEqual([heading(), byId("requests").children.length], ["ownphone.taken.title", 0]);
    location.hash = "";
    document.querySelector("[data-stay]").click();
    await settle();
    assert.deepEqual([heading(), phone.address, byId("requests").children.length], ["Pixel", "/phone", 1]);
  });

  test("has lost its cookie has lost its keys, too", async () => {
    const phone = await Phone.ready();
    phone.state = { status: "none", origin };
    await phone.open();
    assert.equal(heading(), "ownphone.lost.title");
    document.querySelector("[data-phone=lost] [data-again]").click();
    await settle();
    assert.deepEqual([heading(), phone.kept.size], ["ownphone.title", 0]);
  });

  test("nobody knows any more says so, and keeps its keys until it begins anew", async () => {
    const phone = await Phone.ready();
    phone.state = { status: "unknown", origin };
    await phone.open();
    assert.deepEqual([heading(), phone.kept.size, sockets.length], ["ownphone.unknown.title", 1, 0]);
    document.querySelector("[data-phone=unknown] [data-again]").click();
    await settle();
    assert.deepEqual([heading(), phone.kept.size], ["ownphone.title", 0]);
  });

  test("has the cookie of another one and no keys can become one", async () => {
    const phone = new Phone();
    phone.state = { status: "unknown", origin };
    await phone.open();
    assert.equal(heading(), "ownphone.title");
  });

  test("was removed says so, forgets its keys and hears no more", async () => {
    const phone = await Phone.ready(request());
    await phone.open();
    phone.state = { status: "revoked", name: "Pixel", origin };
    phone.says["/phone/requests"] = () => reply(401, phone.state);
    await hears();
    assert.deepEqual([heading(), phone.kept.size], ["ownphone.revoked.title", 0]);
    assert.ok(sockets.every((socket) => socket.closed));
    assert.equal(byId("ownphone-live").textContent.trim(), "ownphone.revoked.title");
  });

  test("has not signed for long signs again, and goes on", async () => {
    const phone = await Phone.ready(request());
    const ready = phone.state;
    phone.state = { ...ready, status: "renew", challenge: "once" };
    phone.says["/phone/renew"] = () => reply(200, (phone.state = ready));
    await phone.open();
    const [{ signature }] = phone.posted("/phone/renew");
    assert.ok(signed(phone.pair.publicKey, digestOf("nod renewal 1", origin, "once"), signature));
    assert.deepEqual([heading(), byId("requests").children.length], ["Pixel", 1]);
  });

  test("has other keys than the server knows is lost", async () => {
    const phone = await Phone.ready();
    phone.state = { ...phone.state, status: "renew", challenge: "once" };
    phone.says["/phone/renew"] = () => reply(403, { error: "refused" });
    await phone.open();
    assert.deepEqual([heading(), sockets.length], ["ownphone.lost.title", 0]);
  });

  test("has lost its keys says so, and can begin again", async () => {
    const phone = await Phone.ready();
    phone.kept.clear();
    await phone.open();
    assert.deepEqual([heading(), sockets.length], ["ownphone.lost.title", 0]);
    visible("[data-again]")[0].click();
    await settle();
    assert.equal(heading(), "ownphone.title");
  });

  test("waits goes on once it is confirmed", async () => {
    const phone = await Phone.ready();
    const ready = phone.state;
    phone.state = { ...ready, status: "waiting" };
    await phone.open();
    assert.equal(heading(), "ownphone.waiting.title");
    phone.state = ready;
    await hears();
    assert.equal(heading(), "Pixel");
  });

  test("has no network at its start says so, and looks again", async () => {
    const phone = await Phone.ready();
    phone.says["/phone/state"] = offline;
    await phone.open();
    assert.equal(heading(), "ownphone.offline.title");
  });
});

// The page that is a phone of one's own.
//
//   enrol    a code from the browser, a name, both keys (phonekeys.js)
//   waiting  until the browser has confirmed this phone
//   ready    what is asked, live; an answer is signed here, over what is shown
//   taken    a code for another account: a browser is the phone of one alone
//   lost     the browser has deleted the keys, or the cookie
//   revoked  the keys are forgotten
//   unknown  nobody's any more; the keys stay, since the server may have another database
//
// The server decides what becomes of an answer. An event only makes the page
// read what is stored.

import { keepWorker, lookForUpdate, showSteps } from "./install.js";
import { Listener } from "./listen.js";
import { entitle, fill, live, once, own, page, read, refill, send, wordOf } from "./ownpage.js";
import { readRequests } from "./ownrequests.js";
import { endPushes, keepPushes } from "./push.js";
import { offerScan } from "./scan.js";
import { base64, base64url } from "./webauthn.js";

const form = /** @type {HTMLFormElement} */ (document.getElementById("enrol-form"));

/** @param {string} name */
const field = (name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

// ---- what the page shows ----

/** @param {string} name */
function show(name) {
  const before = page.dataset.now;
  page.dataset.now = name;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll("[data-phone]"))) {
    part.hidden = !part.dataset.phone?.split(" ").includes(name);
  }
  showSteps(name);
  if (before === name) return;
  const heading = document.getElementById("ownphone-heading")?.innerText ?? "";
  entitle(heading);
  if (before) live.textContent = heading;
}

/** @param {string} word of a sentence on this page; "" for none */
function complain(word) {
  for (const line of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-error]"))) {
    line.hidden = line.dataset.error !== word;
  }
  for (const name of ["code", "name"]) {
    field(name).toggleAttribute("aria-invalid", false);
    if (word === name) {
      field(name).setAttribute("aria-invalid", "true");
      field(name).focus();
    }
  }
}

// ---- a new phone ----

const PAUSES = [1000, 3000]; // before what got no reply is sent again

async function enrol() {
  const code = field("code").value;
  const name = field("name").value.trim();
  if (!name) return complain("name");
  const kept = await phoneKeys.read();
  // Another tab has made a phone of this browser, whose keys are kept.
  if (kept && !kept.finish) return start();
  const keys = kept?.finish?.code === code ? kept : await newKeys(code, name);
  const wrong = keys && await finish(keys);
  if (wrong) complain(wrong);
  else if (keys) await start();
}

/**
 * newKeys begins with a code and makes the keys of a phone, with what adds it. They are
 * kept before the server knows them: a reply may be lost. It says why there are none.
 *
 * @param {string} code
 * @param {string} name
 * @returns {Promise<KeysOfPhone | void>}
 */
async function newKeys(code, name) {
  const begun = await send("/phone/enrol", { code });
  if (begun.status !== 200) return complain(begun.body.error === "code" ? "code" : wordOf(begun.status));
  const made = await makeKeys(begun.body);
  if (!made) return complain("passkey");
  const { origin, challenge } = begun.body;
  const passkey = JSON.stringify(made.passkey);
  const message = await phoneKeys.digest("nod phone 1", origin, challenge, name, passkey);
  const keys = {
    ...made.keys,
    finish: {
      code, name, device_key: base64(made.deviceKey), passkey: base64(new TextEncoder().encode(passkey)),
      signature: await phoneKeys.sign(made.keys.pair, message),
    },
  };
  await phoneKeys.keep(keys);
  return keys;
}

/**
 * finish adds the phone with these keys. Where no reply comes the server may have it all
 * the same, and takes the same again: other keys would leave it a phone that nobody has.
 *
 * @param {KeysOfPhone} keys
 * @returns {Promise<string>} the word of what is wrong; "" once it is added
 */
async function finish({ finish: sent, ...keys }) {
  let { status, body } = await send("/phone/enrol/finish", sent);
  for (const pause of PAUSES) {
    if (status > 0 && status < 500) break;
    await new Promise((done) => setTimeout(done, pause));
    ({ status, body } = await send("/phone/enrol/finish", sent));
  }
  if (status === 0 || status >= 500 || status === 429) return wordOf(status); // no word about the phone
  if (status !== 200) {
    await phoneKeys.forget();
    return body.error ?? wordOf(status);
  }
  await phoneKeys.keep(keys);
  forgetCode();
  void navigator.storage?.persist?.().catch(() => {}); // or the browser may delete the keys for room
  return "";
}

// forgetCode takes a code that was used or is of no use out of the address.
function forgetCode() {
  history.replaceState(null, "", location.pathname);
}

/**
 * makeKeys makes both keys; null where the person or the browser refuses.
 *
 * @param {any} options of the server
 */
async function makeKeys(options) {
  try {
    const pair = /** @type {CryptoKeyPair} */ (await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]));
    const deviceKey = await crypto.subtle.exportKey("spki", pair.publicKey);
    const made = /** @type {PublicKeyCredential | null} */ (await navigator.credentials.create({
      publicKey: {
        rp: { id: options.site, name: options.site_name },
        user: { id: fromBase64(options.owner), name: options.email, displayName: options.email },
        challenge: await phoneKeys.digest("nod passkey 1", options.origin, options.challenge, base64url(deviceKey)),
        pubKeyCredParams: options.keys.map((/** @type {number} */ alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
        attestation: "none",
      },
    }));
    if (!made) return null;
    const response = /** @type {AuthenticatorAttestationResponse} */ (made.response);
    return {
      keys: { pair, credential: made.rawId }, deviceKey,
      passkey: {
        id: made.id, rawId: base64url(made.rawId), type: made.type, clientExtensionResults: {},
        response: { clientDataJSON: base64url(response.clientDataJSON), attestationObject: base64url(response.attestationObject) },
      },
    };
  } catch {
    return null;
  }
}

// ---- how this phone stands ----

const listener = new Listener({ events: "/phone/events", stream: "/phone/stream", status: "/phone/poll" }, {
  state: () => void (page.dataset.now === "ready" ? readRequests() : start()),
  transport(name) {
    for (const way of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".way"))) way.hidden = way.dataset.way !== name;
    for (const badge of /** @type {NodeListOf<HTMLElement>} */ (page.querySelectorAll(".badge"))) badge.dataset.way = name;
    // A server that was away may come back as a newer one.
    if (name !== "connecting" && name !== "lost") lookForUpdate();
  },
  gone: () => void start(),
  blocked: () => {},
});

let starting = false;

// start finds out how the phone stands, and shows that.
async function start() {
  if (starting) return;
  starting = true;
  try {
    await stand();
  } finally {
    starting = false;
  }
}

own.again = start;

const added = ["waiting", "ready", "renew"]; // by these words the server has the phone of the cookie

/** @returns {Promise<void>} */
async function stand() {
  const now = /** @type {StateOfPhone | null} */ (await read("/phone/state"));
  if (!now) {
    if (!page.dataset.now) show("offline");
    setTimeout(() => void start(), 3000);
    return;
  }
  own.phone = now;
  own.keys = await phoneKeys.read();
  let wrong = "";
  if (own.keys?.finish && added.includes(now.status)) {
    delete own.keys.finish;
    await phoneKeys.keep(own.keys);
  }
  if (own.keys?.finish) {
    if (!field("code").value) takeCode(own.keys.finish.code);
    wrong = await finish(own.keys);
    if (!wrong) return stand();
    own.keys = await phoneKeys.read();
  }
  fill(page, "name", now.name ?? "");
  if (now.status === "revoked" && !wrong) { // by the cookie of a phone before, where no reply came
    await phoneKeys.forget();
    own.keys = undefined;
  }
  if (now.status === "renew" && own.keys && !(await renew(own.keys))) return;
  show(standing());
  if (wrong) complain(wrong);
  const hears = page.dataset.now === "ready" || page.dataset.now === "waiting";
  if (hears) listener.start();
  else listener.stop();
  if (hears) void keepWorker();
  if (page.dataset.now !== "ready") {
    endPushes();
    return;
  }
  await readRequests();
  void keepPushes();
}

// standing is the name of what the page shows. Cookie and keys are one phone: what the
// browser has deleted of either makes the other worthless.
function standing() {
  const { phone: { status }, keys } = own;
  const adds = !keys || keys.finish; // this browser can be added, or has yet to hear whether it was
  if (status === "none") return adds ? "none" : "lost";
  if (status === "unknown" && adds) return "none";
  if (status === "renew" || (status === "ready" || status === "waiting") && !keys) return "lost";
  return status === "ready" && location.hash.length > 1 ? "taken" : status;
}

/**
 * renew signs the challenge; false where it has to be tried again.
 *
 * @param {KeysOfPhone} keys
 */
async function renew({ pair }) {
  const { origin, challenge = "" } = own.phone;
  const signature = await phoneKeys.sign(pair, await phoneKeys.renewalOf(origin, challenge));
  const renewed = await send("/phone/renew", { signature });
  if (renewed.status === 200) {
    own.phone = renewed.body;
    return true;
  }
  if (renewed.status === 403) return true; // other keys than this phone's
  setTimeout(() => void start(), 1000);
  return false;
}

// ---- the beginning ----

function guessName() {
  const agent = navigator.userAgent;
  if (/iPhone/.test(agent)) return "iPhone";
  if (/iPad/.test(agent)) return "iPad";
  return /Android/.test(agent) ? page.dataset.android ?? "" : page.dataset.computer ?? "";
}

/** @param {string} code of an address or a QR code */
function takeCode(code) {
  field("code").value = code.toUpperCase();
}

// another shows the form for who begins anew, without what was left of the phone before.
async function another() {
  await phoneKeys.forget();
  show("none");
}

document.documentElement.dataset.script = "running"; // or the way it hears is hidden
const able = "subtle" in crypto && "credentials" in navigator && "PublicKeyCredential" in window && "indexedDB" in window;
if (!able) show("unable");
else {
  for (const name of ["code", "name"]) refill(field(name));
  if (location.hash.length > 1) takeCode(location.hash.slice(1));
  if (!field("name").value) field("name").value = guessName();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    complain("");
    void once(form, enrol);
  });
  for (const again of page.querySelectorAll("[data-again]")) again.addEventListener("click", () => void another());
  page.querySelector("[data-stay]")?.addEventListener("click", () => {
    forgetCode();
    void start();
  });
  void offerScan((code) => {
    takeCode(code);
    field("name").focus();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && void listener.wake());
  addEventListener("online", () => void listener.wake(true));
  addEventListener("offline", () => listener.offline());
  // A code that is scanned while the page is open comes with the address alone.
  addEventListener("hashchange", () => {
    if (location.hash.length > 1) takeCode(location.hash.slice(1));
    if (location.hash.length > 1 && page.dataset.now === "ready") void start();
  });
  addEventListener("pageshow", (event) => event.persisted && void start());
  void start();
}

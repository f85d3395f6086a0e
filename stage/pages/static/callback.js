// The callback, taken apart: what is signed, the two signatures, and what becomes of
// one that is sent again, late, changed or unsigned. Each is really sent.

/** @typedef {{status: string, reason: string, decided_at: string, consumed: boolean}} Row */
/** @typedef {{how: string, status: number, rule: string, before: Row, after: Row}} Trick */
/** @typedef {{nonce: string, method: string, url: string, params: string, signature: string, right: string, trick: Trick | null}} Apart */

import { byId, dialog as dialogOf } from "./page.js";
import { post, read, wordsOf } from "./server.js";

const dialog = dialogOf("callback");

/** @param {Row} row */
function words({ status, reason, decided_at: decided, consumed }) {
  const parts = [reason ? `${status} (${reason})` : status];
  if (!decided.startsWith("0001")) parts.push(`decided ${decided.slice(11, 23)}`);
  if (consumed) parts.push("used");
  return parts.join(", ");
}

/** @type {Record<string, string>} */
const names = { replay: "Replayed", change: "One byte changed", late: "Too late", old: "With an old nonce", unsigned: "Unsigned" };

/** @param {Trick | null} trick */
function showTrick(trick) {
  byId("trick").hidden = !trick;
  if (!trick) return;
  const taken = trick.status < 300;
  const same = words(trick.before) === words(trick.after);
  byId("trick-title").textContent = `${names[trick.how]}: ${trick.status} ${taken ? "OK" : "Unauthorized"}`;
  byId("trick-title").className = taken ? "" : "refused";
  byId("trick-rule").textContent = trick.rule;
  byId("trick-before").textContent = words(trick.before);
  byId("trick-after").textContent = words(trick.after);
  byId("trick-proof").textContent = same ? "Nothing has changed." : "The row has changed.";
}

/** @param {Apart | null} apart */
function show(apart) {
  byId("apart").hidden = !apart;
  byId("apart-none").hidden = Boolean(apart);
  if (!apart) return;
  const { nonce, method, url, params, signature, right } = apart;
  for (const [id, text] of Object.entries({ nonce, method, url, params })) byId(`part-${id}`).textContent = text;
  byId("signature-sent").textContent = signature || "none";
  byId("signature-right").textContent = right;
  const met = signature === right;
  byId("signature-met").textContent = met ? "They meet: Authy has sent it." : "They do not meet.";
  byId("signature-met").className = met ? "met" : "refused";
  showTrick(apart.trick);
}

export async function openCallback() {
  byId("callback-said").textContent = "";
  show(await read("/stage/callback"));
  if (!dialog.open) dialog.showModal();
}

/**
 * @param {string} how
 * @param {string} phone whose request may be late
 */
export async function play(how, phone) {
  byId("callback-said").textContent = "";
  try {
    show(await (await post("/stage/callback", { how, phone })).json());
  } catch (error) {
    byId("callback-said").textContent = wordsOf(error);
    throw error;
  }
  if (!dialog.open) dialog.showModal();
}

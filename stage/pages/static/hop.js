// One hop, as it was sent.

import { byId, dialog } from "./page.js";

/** @typedef {{from: string, to: string, size: number, at: string, note?: string, head?: string, body?: string}} Hop */

/**
 * @param {string} title
 * @param {Hop} hop
 */
export function showHop(title, { from, to, size, at, note, head, body }) {
  byId("hop-title").textContent = title;
  byId("hop-facts").textContent = `${from} → ${to}, ${size} bytes, at ${new Date(at).toLocaleTimeString()}${note ? `, ${note}` : ""}`;
  byId("hop-head").textContent = head ?? "";
  byId("hop-body").textContent = body ?? "";
  dialog("hop").showModal();
}

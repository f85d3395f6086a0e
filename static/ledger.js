// The ledger of transfers, live. Every event only makes it read the stored
// state; a transfer that is approved is sent by its own form, with what the
// phone has shown, and the server decides.

import "./form.js";
import { backOff } from "./listen.js";

const RECHECK_INTERVAL = 5000; // while a transfer waits and no event comes

const ledger = document.getElementById("transfers");
const { eventsUrl = "", statusUrl = "" } = ledger?.dataset ?? {};
const lines = /** @type {HTMLElement[]} */ ([...(ledger?.querySelectorAll("[data-transfer]") ?? [])]);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
/** @type {WebSocket | null} */
let socket = null;
let breaks = 0;
let newest = 0; // revision of the newest state

const waiting = () => lines.some((line) => line.dataset.status === "awaiting");

/** @param {HTMLElement} line */
const formOf = (line) => /** @type {HTMLFormElement | null} */ (line.querySelector("[data-execute]"));

/**
 * @param {HTMLElement} line
 * @param {string} status
 */
function show(line, status) {
  if (line.dataset.status === status) return;
  line.dataset.status = status;
  let words = status;
  for (const text of /** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("[data-state]"))) {
    text.hidden = text.dataset.state !== status;
    if (!text.hidden) words = text.textContent;
  }
  announce(`${line.querySelector(".entry-what")?.textContent}: ${words}`);
  const form = formOf(line);
  if (status === "approved") form?.submit();
  else if (status !== "awaiting") form?.remove();
}

/** @param {string} text */
function announce(text) {
  /** @type {HTMLElement} */ (document.getElementById("ledger-live")).textContent = text;
}

async function read() {
  clearTimeout(timer);
  try {
    const reply = await fetch(statusUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (reply.status === 401) location.reload();
    else if (reply.ok) showAll(await reply.json());
  } catch {
    // Read again below.
  }
  if (waiting()) timer = setTimeout(read, RECHECK_INTERVAL);
  else closeSocket();
}

/**
 * An answer that was overtaken by a newer one is dropped.
 *
 * @param {{revision?: number, transfers: {id: string, status: string}[]}} state
 */
function showAll({ revision = 0, transfers }) {
  if (revision < newest) return;
  newest = revision;
  for (const { id, status } of transfers) {
    const line = lines.find((one) => one.dataset.transfer === id);
    if (line) show(line, status);
  }
}

// A socket that is still opening is closed once it is open: browsers report
// an interrupted handshake as an error.
function closeSocket() {
  if (socket?.readyState === WebSocket.OPEN) socket.close();
}

function listen() {
  if (!eventsUrl || !waiting()) return;
  const url = new URL(eventsUrl, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url);
  socket.onopen = () => waiting() || closeSocket();
  socket.onmessage = () => {
    breaks = 0;
    read();
  };
  socket.onclose = () => setTimeout(listen, backOff(breaks++));
}

function begin() {
  const approved = lines.find((line) => line.dataset.status === "approved");
  if (approved) formOf(approved)?.submit();
  else if (waiting()) {
    listen();
    read();
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && waiting() && read());
  addEventListener("online", () => waiting() && read());
}

if (statusUrl) begin();

// The ledger of transfers, live. Whatever is heard only makes it read the
// stored state; a transfer that is approved is sent by its own form, with
// what the phone has shown, and the server decides.

import "./form.js";
import { backOff } from "./listen.js";

const SAFETY = 5000; // while a transfer waits and nothing is heard
const ledger = document.getElementById("transfers");

let timer = 0;
let socket = null;
let breaks = 0;

const lines = () => [...ledger.querySelectorAll("[data-transfer]")];
const waiting = () => lines().some((line) => line.dataset.status === "awaiting");

function show(line, status) {
  if (line.dataset.status === status) return;
  line.dataset.status = status;
  for (const text of line.querySelectorAll("[data-state]")) text.hidden = text.dataset.state !== status;
  const said = line.querySelector("[data-state]:not([hidden])");
  document.getElementById("ledger-live").textContent =
    `${line.querySelector(".entry-what").textContent}: ${said ? said.textContent : status}`;
  const form = line.querySelector("[data-execute]");
  if (status === "approved") form?.submit();
  else if (status !== "awaiting") form?.remove();
}

async function read() {
  clearTimeout(timer);
  try {
    const reply = await fetch(ledger.dataset.statusUrl, { headers: { Accept: "application/json" }, cache: "no-store" });
    if (reply.status === 401) location.reload();
    else if (reply.ok) {
      for (const { id, status } of (await reply.json()).transfers) {
        const line = lines().find((one) => one.dataset.transfer === id);
        if (line) show(line, status);
      }
    }
  } catch {
    // Read again below.
  }
  if (waiting()) timer = setTimeout(read, SAFETY);
  else hangUp();
}

// A socket that is only opening is closed once it is open: to break off a
// handshake counts as an error.
function hangUp() {
  if (socket?.readyState === WebSocket.OPEN) socket.close();
}

function listen() {
  if (!ledger.dataset.eventsUrl || !waiting()) return;
  const url = new URL(ledger.dataset.eventsUrl, location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url);
  socket.onopen = () => waiting() || hangUp();
  socket.onmessage = () => {
    breaks = 0;
    read();
  };
  socket.onclose = () => waiting() && setTimeout(listen, backOff(breaks++));
}

if (ledger?.dataset.statusUrl) {
  const approved = lines().find((line) => line.dataset.status === "approved");
  if (approved) approved.querySelector("[data-execute]")?.submit();
  else if (waiting()) {
    listen();
    read();
  }
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && waiting() && read());
  addEventListener("online", () => waiting() && read());
}

// The page that confirms a change of the account. An event, or the stored state
// that is asked for every few seconds, only makes it send its form once the phone
// has said yes, or load itself again; the server decides.

import "./form.js";
import { Countdown } from "./countdown.js";
import { ask, backOff, socketURL } from "./listen.js";

const ASK_INTERVAL = 3000;
const REPLY_TIMEOUT = 5000;

const page = document.getElementById("change");
const { status = "", statusUrl = "", eventsUrl = "", selfUrl = "" } = page?.dataset ?? {};
const form = /** @type {HTMLFormElement | null} */ (document.getElementById("change-form"));

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let breaks = 0;
let isOver = false; // the page is being left

function leave() {
  clearTimeout(timer);
  isOver = true;
}

async function read() {
  if (isOver) return;
  clearTimeout(timer);
  let state;
  try {
    const reply = await ask(statusUrl, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
    if (reply.ok) state = await reply.json();
    else if (reply.status === 401 || reply.status === 404) state = { status: "over" };
  } catch {
    // asked again below
  }
  if (isOver) return;
  if (state && state.status !== "pending") goOn(state.status);
  else timer = setTimeout(read, ASK_INTERVAL);
}

/** @param {string} now */
function goOn(now) {
  leave();
  if (now === "approved") form?.submit();
  else location.replace(selfUrl);
}

function listen() {
  if (isOver) return;
  let socket;
  try {
    socket = new WebSocket(socketURL(eventsUrl));
  } catch {
    return; // the state is asked for all the same
  }
  socket.onmessage = () => {
    breaks = 0;
    read();
  };
  socket.onclose = () => setTimeout(listen, backOff(breaks++));
}

const left = document.getElementById("countdown");
const bar = document.getElementById("ring-bar");
if (left) {
  document.documentElement.dataset.script = "running"; // or the time left is hidden
  const countdown = new Countdown((seconds) => {
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    if (bar) bar.setAttribute("stroke-dasharray", `${seconds} ${bar.getAttribute("pathLength")}`);
  });
  countdown.set(left.dataset.expiresAt ?? "", left.dataset.serverNow ?? "");
}

if (status === "approved") form?.submit();
else if (status === "pending") {
  document.addEventListener("submit", leave);
  listen();
  read();
}
addEventListener("pageshow", (event) => event.persisted && location.replace(selfUrl));

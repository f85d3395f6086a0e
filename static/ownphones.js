// The page with the code for a new phone: it leads on once a phone has used the code, or
// it is too old.

import { ask, pause } from "./listen.js";

const INTERVAL = 2000;
const REPLY_TIMEOUT = 5000;

const { statusUrl = "", nextUrl = "" } = document.getElementById("ownphones")?.dataset ?? {};

async function wait() {
  for (;;) {
    await pause(INTERVAL);
    try {
      const reply = await ask(statusUrl, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
      if (reply.status === 401 || (reply.ok && !(await reply.json()).code)) return location.replace(nextUrl);
    } catch {
      // asked again
    }
  }
}

if (statusUrl) {
  document.documentElement.dataset.script = "running"; // shows that the page goes on by itself
  void wait();
}

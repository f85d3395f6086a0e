// Three ways to hear the server's state, chosen by trying:
//
//   socket  WebSocket: at once
//   stream  EventSource: at once, where a proxy eats upgrades
//   poll    GET every 2 s, where that fails too
//
// plus "connecting" and "lost" (no way works, trying again). A new way
// replaces the old one only when its first message is here, and every way
// begins with the stored state, so a change of way loses nothing.
//
// A socket can be dead without the browser knowing. So the state is also read
// when the page wakes up, and every 25 s while it is looked at.

const PATIENCE = 4000; // for the first message of a way
const POLL = 2000;
const UPGRADE = 30000; // how often a lesser way tries for the socket
const SAFETY = 25000;
const SOCKET_TRIES = 3; // breaks in a row before another way is tried
const REPLY = 5000;

export class Listener {
  #urls;
  #on;
  #way = "";
  #live = null; // {close()} of the way in use
  #trying = null; // {close()} of the way being tried
  #timers = new Map();
  #breaks = 0;
  #running = false;
  #heard = ""; // server_time of the newest state

  // urls: {events, stream, status}. on: {state(object), way(name),
  // gone()}; gone says that this browser waits for nothing any more, and
  // nobody knows why.
  constructor(urls, on) {
    this.#urls = urls;
    this.#on = on;
  }

  start() {
    if (this.#running) return;
    this.#running = true;
    this.#breaks = 0;
    this.#use("connecting", null);
    this.#trySocket(() => this.#tryStream());
    this.#safety();
  }

  stop() {
    this.#running = false;
    this.#drop();
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  // wake re-reads the state now. With anew, the connection may have died in
  // the meantime and is made again.
  wake(anew = false) {
    if (!this.#running) return this.check();
    if (anew || this.#way === "connecting" || this.#way === "lost") {
      this.#breaks = 0;
      this.#cancel("again");
      this.#trySocket(() => this.#live || this.#tryStream());
    }
    return this.check();
  }

  // check asks once. It resolves to the status code, 0 without a network.
  async check() {
    let reply;
    try {
      reply = await fetch(this.#urls.status, {
        headers: { Accept: "application/json" },
        cache: "no-store",
        credentials: "same-origin",
        signal: abortAfter(REPLY),
      });
      if (reply.ok) this.#deliver(await reply.json());
    } catch {
      return 0;
    }
    if (reply.status === 401) {
      const said = await reply.json().catch(() => ({}));
      if (said.reason) this.#deliver(said);
      else this.#on.gone();
    }
    return reply.status;
  }

  #deliver(state) {
    // An answer that was overtaken by a newer one is dropped.
    if (state.server_time && state.server_time < this.#heard) return;
    this.#heard = state.server_time || this.#heard;
    this.#on.state(state);
  }

  #read(text) {
    try {
      this.#deliver(JSON.parse(text));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }

  // ---- ways ----

  #trySocket(failed) {
    this.#trying?.close();
    let socket;
    try {
      socket = new WebSocket(this.#urls.events);
    } catch {
      failed();
      return;
    }
    const me = { close: () => (socket.onmessage = socket.onclose = null, this.#cancel("patience"), socket.close()) };
    this.#trying = me;
    const giveUp = () => {
      if (this.#trying === me) this.#trying = null;
      me.close();
      if (this.#running) failed();
    };
    this.#later("patience", PATIENCE, giveUp);
    socket.onmessage = (event) => {
      if (this.#trying === me) this.#adopt("socket", me);
      this.#read(event.data);
    };
    socket.onclose = (event) => (this.#live === me ? this.#broken(event.code) : giveUp());
  }

  #tryStream() {
    this.#trying?.close();
    const stream = new EventSource(this.#urls.stream);
    const me = { close: () => (stream.onmessage = stream.onerror = null, this.#cancel("patience"), stream.close()) };
    this.#trying = me;
    const giveUp = () => {
      if (this.#trying === me) this.#trying = null;
      me.close();
      if (this.#running) this.#startPolling();
    };
    this.#later("patience", PATIENCE, giveUp);
    stream.onmessage = (event) => {
      if (this.#trying === me) this.#adopt("stream", me);
      this.#read(event.data);
    };
    stream.onerror = () => (this.#live === me ? this.#broken(0) : giveUp());
  }

  #startPolling() {
    this.#adopt("connecting", { close: () => this.#cancel("poll") });
    this.#poll(0);
  }

  async #poll(failures) {
    const me = this.#live;
    const code = await this.check();
    if (!this.#running || this.#live !== me) return;
    const answered = code > 0 && code < 500 && code !== 429;
    this.#say(answered ? "poll" : "lost");
    // The network is back: the socket is worth a try at once.
    if (answered && failures > 0) this.#trySocket(() => {});
    this.#later("poll", answered ? POLL : backOff(failures), () => this.#poll(answered ? 0 : failures + 1));
  }

  // ---- changes of way ----

  #adopt(way, me) {
    this.#cancel("patience");
    if (this.#trying !== me) this.#trying?.close();
    this.#trying = null;
    this.#use(way, me);
    if (way === "socket") {
      this.#breaks = 0;
      this.#cancel("upgrade");
    } else {
      this.#upgrade();
    }
  }

  #use(way, me) {
    if (this.#live !== me) this.#live?.close();
    this.#live = me;
    this.#say(way);
  }

  #say(way) {
    if (this.#way === way) return;
    this.#way = way;
    this.#on.way(way);
  }

  // broken: 1000 and 1008 of a socket, and any end of a stream, may be the
  // server's word that something has changed, so it is read first; after a
  // restart or a lost line it is dialled again.
  async #broken(code) {
    this.#use("connecting", null);
    if (code === 0 || code === 1000 || code === 1008) await this.check();
    if (!this.#running || this.#live) return;
    const tries = this.#breaks++;
    this.#later("again", backOff(tries), () => {
      if (this.#live) return;
      this.#trySocket(() => (this.#breaks < SOCKET_TRIES ? this.#broken(1006) : this.#tryStream()));
    });
  }

  #upgrade() {
    this.#later("upgrade", UPGRADE, () => {
      if (this.#way === "stream" || this.#way === "poll") this.#trySocket(() => {});
      this.#upgrade();
    });
  }

  #safety() {
    this.#later("safety", SAFETY, () => {
      if (document.visibilityState === "visible" && this.#way !== "poll") this.check();
      this.#safety();
    });
  }

  #drop() {
    this.#trying?.close();
    this.#live?.close();
    this.#trying = this.#live = null;
    this.#way = "";
  }

  #later(name, delay, run) {
    this.#cancel(name);
    this.#timers.set(name, setTimeout(run, delay));
  }

  #cancel(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}

// backOff grows from a quarter of a second to 4 s; the jitter keeps a
// thousand pages from coming back in the same moment.
export function backOff(tries) {
  return Math.min(4000, 250 * 2 ** tries) * (0.5 + Math.random());
}

// abortAfter is AbortSignal.timeout, which Chrome before 103, Firefox before
// 100 and Safari before 16 lack.
export function abortAfter(ms) {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

// Three transports carry the server's state to the page, chosen by trying:
//
//   socket  WebSocket: at once
//   stream  EventSource: at once, where a proxy drops upgrades
//   poll    GET every 2 s, where that fails too
//
// plus "connecting" and "lost" (no transport works, trying again). A new
// transport replaces the old one only when its first message is here, and
// each begins with the stored state, so a change of transport loses nothing.
//
// Answers overtake each other, so each state carries a revision, and a state
// that is older than the newest one is dropped. No clock orders them.
//
// A socket can be dead without the browser knowing. So the state is also read
// when the page wakes up, after a sleep of the machine, and every 25 s while the
// page is visible.
//
// A browser may lack a transport or refuse one. Where it refuses all of them,
// although the server can be reached, the page without scripts has to take over.
//
// A leading underscore means private, and the linter holds everybody to it:
// Safari 14 knows neither private fields nor private methods.

const FIRST_MESSAGE_TIMEOUT = 4000;
const REPLY_TIMEOUT = 5000;
const POLL_INTERVAL = 2000;
const UPGRADE_INTERVAL = 30000; // how often stream and poll try for the socket
const RECHECK_INTERVAL = 25000;
const SOCKET_TRIES = 3; // breaks in a row before the stream is tried
const REFUSALS = 3; // polls in a row that did not get out before the server is probed
const TICK = 2000; // how often a sleep is looked for
const SLEEP = 3000; // what a tick may be late by without a sleep

/**
 * What the server says of a sign-in.
 *
 * @typedef {object} State
 * @property {string} status
 * @property {string} [reason]
 * @property {string} [number]
 * @property {string} [expires_at]
 * @property {string} [retry_at]
 * @property {string} [server_time]
 * @property {number} [revision] grows with every change; 0 where it is missing
 */

/** @typedef {{close: () => void}} Connection */

export class Listener {
  /**
   * on.gone says that this browser waits for nothing any more, and nobody
   * knows why; on.blocked that no transport gets out although the server is
   * there.
   *
   * @param {{events: string, stream: string, status: string}} urls
   * @param {{state: (state: State) => void, transport: (name: string) => void, gone: () => void, blocked: () => void}} on
   */
  constructor(urls, on) {
    this._urls = {
      events: socketURL(urls.events), stream: absolute(urls.stream).href, status: absolute(urls.status).href,
    };
    this._on = on;
    this._transport = ""; // what the page was told last
    this._name = ""; // of the connection in use
    /** @type {Connection | null} */
    this._live = null; // the connection in use
    /** @type {Connection | null} */
    this._candidate = null; // the connection being tried
    /** @type {Map<string, ReturnType<typeof setTimeout>>} */
    this._timers = new Map();
    this._breaks = 0;
    this._running = false;
    this._newest = { revision: 0, ended: false };
    this._refused = false; // the last question did not get out at all
  }

  start() {
    if (this._running) return;
    this._running = true;
    this._breaks = 0;
    this._use("connecting", null);
    this._trySocket(() => this._tryStream());
    this._recheck();
    this._watchSleep(mark());
  }

  stop() {
    this._running = false;
    this._drop();
    for (const timer of this._timers.values()) clearTimeout(timer);
    this._timers.clear();
  }

  // wake reads the state now. With reconnect, the connection may have died in
  // the meantime and is made again.
  wake(reconnect = false) {
    if (!this._running) return this.check();
    if (reconnect || this._transport === "connecting" || this._transport === "lost") {
      this._breaks = 0;
      this._cancel("retry");
      this._trySocket(() => this._live || this._tryStream());
    }
    return this.check();
  }

  // offline takes note that the browser believes to have no network. It may be
  // mistaken, so the server is asked: what answers is shown again.
  offline() {
    if (!this._running) return;
    this._report("lost");
    this.check();
  }

  /**
   * check asks once. It resolves to the status code, 0 without a network.
   *
   * @returns {Promise<number>}
   */
  async check() {
    let reply, state;
    try {
      reply = await ask(this._urls.status, { headers: { Accept: "application/json" } }, REPLY_TIMEOUT);
      if (reply.ok) state = await reply.json();
      else if (reply.status === 401) state = await reply.json().catch(() => ({}));
    } catch (error) {
      this._refused = !isTimeout(error);
      return 0;
    }
    if (isAnswer(reply.status)) this._heard();
    // Outside of the try: a page that fails is no network that fails.
    if (reply.ok) this._deliver(state);
    else if (reply.status === 401 && state.reason) this._end(state);
    else if (reply.status === 401) this._on.gone();
    return reply.status;
  }

  /** @param {State} state */
  _deliver(state) {
    const revision = state.revision ?? 0;
    const ended = state.status !== "pending";
    const newest = this._newest;
    // "signed_in" may be said by the session that came after, and counts always.
    if (state.status !== "signed_in") {
      if (revision < newest.revision) return;
      if (revision === newest.revision && newest.ended && !ended) return;
      this._newest = { revision, ended };
    }
    this._on.state(state);
  }

  /**
   * _end passes on that the session is over. Nothing of it can be newer, and
   * what comes after it belongs to another session, whose revisions say
   * nothing about those before.
   *
   * @param {State} state
   */
  _end(state) {
    this._newest = { revision: 0, ended: false };
    this._on.state(state);
  }

  /** @param {string} text */
  _parse(text) {
    this._heard();
    let state;
    try {
      state = JSON.parse(text);
    } catch {
      return;
    }
    this._deliver(state);
  }

  // _heard shows the transport in use again, after a network that seemed lost.
  _heard() {
    if (this._running) this._report(this._live ? this._name : "connecting");
  }

  // ---- transports ----

  /** @param {() => void} failed */
  _trySocket(failed) {
    this._candidate?.close();
    /** @type {WebSocket} */
    let socket;
    try {
      socket = new WebSocket(this._urls.events);
    } catch {
      this._candidate = null;
      failed();
      return;
    }
    const connection = {
      close: () => {
        socket.onmessage = socket.onclose = null;
        this._cancel("timeout");
        socket.close();
      },
    };
    const giveUp = this._try(connection, failed);
    socket.onmessage = (event) => {
      if (this._candidate === connection) this._adopt("socket", connection);
      this._parse(event.data);
    };
    socket.onclose = (event) => (this._live === connection ? this._broken(event.code) : giveUp());
  }

  _tryStream() {
    this._candidate?.close();
    /** @type {EventSource} */
    let stream;
    try {
      stream = new EventSource(this._urls.stream);
    } catch {
      this._candidate = null;
      this._startPolling();
      return;
    }
    const connection = {
      close: () => {
        stream.onmessage = stream.onerror = null;
        this._cancel("timeout");
        stream.close();
      },
    };
    const giveUp = this._try(connection, () => this._startPolling());
    stream.onmessage = (event) => {
      if (this._candidate === connection) this._adopt("stream", connection);
      this._parse(event.data);
    };
    stream.onerror = () => (this._live === connection ? this._broken(0) : giveUp());
  }

  /**
   * _try makes the connection the candidate until its first message or the
   * timeout. It returns the function that gives the candidate up.
   *
   * @param {Connection} connection
   * @param {() => void} failed
   */
  _try(connection, failed) {
    this._candidate = connection;
    const giveUp = () => {
      if (this._candidate === connection) this._candidate = null;
      connection.close();
      failed();
    };
    this._later("timeout", FIRST_MESSAGE_TIMEOUT, giveUp);
    return giveUp;
  }

  _startPolling() {
    this._adopt("connecting", { close: () => this._cancel("poll") });
    this._poll(0);
  }

  /** @param {number} failures */
  async _poll(failures) {
    const connection = this._live;
    const code = await this.check();
    if (!this._running || this._live !== connection) return;
    const answered = isAnswer(code);
    if (answered) this._name = "poll";
    this._report(answered ? "poll" : "lost");
    if (code === 0 && this._refused && failures + 1 >= REFUSALS && await reachable()) {
      if (this._running && this._live === connection) this._on.blocked();
      return;
    }
    // The network is back: the socket is worth a try at once.
    if (answered && failures > 0) this._trySocket(() => {});
    this._later("poll", answered ? POLL_INTERVAL : backOff(failures), () => this._poll(answered ? 0 : failures + 1));
  }

  // ---- changes of transport ----

  /**
   * @param {string} transport
   * @param {Connection} connection
   */
  _adopt(transport, connection) {
    this._cancel("timeout");
    if (this._candidate !== connection) this._candidate?.close();
    this._candidate = null;
    this._use(transport, connection);
    if (transport === "socket") this._breaks = 0;
    else this._upgrade();
  }

  /**
   * @param {string} transport
   * @param {Connection | null} connection
   */
  _use(transport, connection) {
    if (this._live !== connection) this._live?.close();
    this._live = connection;
    this._name = transport;
    this._report(transport);
  }

  /** @param {string} transport */
  _report(transport) {
    if (this._transport === transport) return;
    this._transport = transport;
    this._on.transport(transport);
  }

  /**
   * 1000 and 1008 of a socket, and any end of a stream, may be the server's
   * word that something has changed, so the state is read first. After a
   * restart or a lost connection the page reconnects.
   *
   * @param {number} code
   */
  async _broken(code) {
    this._use("connecting", null);
    if (code === 0 || code === 1000 || code === 1008) await this.check();
    if (!this._running || this._live) return;
    const tries = this._breaks++;
    this._later("retry", backOff(tries), () => {
      if (this._live) return;
      this._trySocket(() => (this._breaks < SOCKET_TRIES ? this._broken(1006) : this._tryStream()));
    });
  }

  _upgrade() {
    this._later("upgrade", UPGRADE_INTERVAL, () => {
      if (this._transport === "stream" || this._transport === "poll") this._trySocket(() => {});
      this._upgrade();
    });
  }

  _recheck() {
    this._later("recheck", RECHECK_INTERVAL, () => {
      if (document.visibilityState === "visible" && this._transport !== "poll") this.check();
      this._recheck();
    });
  }

  /**
   * _watchSleep wakes the page after the machine has slept. The wall clock is
   * only a hint here: if it was set, the page asks once too often.
   *
   * @param {Mark} before
   */
  _watchSleep(before) {
    this._later("sleep", TICK, () => {
      const slept = since(before) > TICK + SLEEP;
      this._watchSleep(mark());
      if (slept && document.visibilityState === "visible") this.wake(true);
    });
  }

  _drop() {
    this._candidate?.close();
    this._live?.close();
    this._candidate = this._live = null;
    this._transport = "";
  }

  /**
   * @param {string} name
   * @param {number} delay
   * @param {() => void} run
   */
  _later(name, delay, run) {
    this._cancel(name);
    this._timers.set(name, setTimeout(run, delay));
  }

  /** @param {string} name */
  _cancel(name) {
    clearTimeout(this._timers.get(name));
    this._timers.delete(name);
  }
}

/**
 * backOff grows from a quarter of a second to 4 s; the jitter keeps a
 * thousand pages from coming back in the same moment.
 *
 * @param {number} tries
 */
export function backOff(tries) {
  return Math.min(4000, 250 * 2 ** tries) * (0.5 + Math.random());
}

/** @typedef {{ticks: number, clock: number}} Mark a moment by both clocks */

/** @returns {Mark} */
export const mark = () => ({ ticks: performance.now(), clock: Date.now() });

/**
 * since is how many milliseconds have passed. Some browsers stop the first
 * clock while the machine sleeps, and anybody may set the second, so the longer
 * time counts; nothing but a question to the server may depend on it.
 *
 * @param {Mark} before
 */
export const since = (before) => Math.max(performance.now() - before.ticks, Date.now() - before.clock);

/**
 * isAnswer is false where a later try may fare better.
 *
 * @param {number} code
 */
export const isAnswer = (code) => code > 0 && code < 500 && code !== 429;

/** @param {string} path */
const absolute = (path) => new URL(path, location.href);

/** @param {string} path */
export function socketURL(path) {
  const url = absolute(path);
  url.protocol = url.protocol.replace("http", "ws");
  return url.href;
}

const timedOut = new Error("no reply in time");

/** @param {unknown} error */
export const isTimeout = (error) => error === timedOut;

/**
 * ask is fetch with a time limit. It does not depend on what an older browser
 * lacks: AbortSignal.timeout came with Chrome 103, Firefox 100 and Safari 16.
 *
 * @param {string} url
 * @param {RequestInit} options
 * @param {number} ms
 * @returns {Promise<Response>}
 */
export function ask(url, options, ms) {
  const controller = typeof AbortController === "function" ? new AbortController() : null;
  return new Promise((resolve, reject) => {
    setTimeout(() => {
      reject(timedOut);
      controller?.abort();
    }, ms);
    fetch(url, { cache: "no-store", credentials: "same-origin", signal: controller?.signal, ...options }).then(resolve, reject);
  });
}

/**
 * reachable reports whether the server is there, by an image: where fetch is
 * refused, by an extension for one, images still load.
 *
 * @returns {Promise<boolean>}
 */
export function reachable() {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => resolve(true);
    image.onerror = () => resolve(false);
    setTimeout(() => resolve(false), REPLY_TIMEOUT);
    image.src = `/static/favicon.svg?${Date.now()}`;
  });
}

/** @param {number} ms */
export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * @param {EventTarget} target
 * @param {string} event
 */
export const once = (target, event) => new Promise((done) => target.addEventListener(event, done, { once: true }));

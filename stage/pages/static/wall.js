// The wall: a tile for each phone of the audience, which flips as its person taps. It is
// the browser of all of them, so it says what it has shown: there a flip ends.

import { duration } from "./diagram.js";
import { follow } from "./live.js";

/** @typedef {{name: string, state: string, number?: string, ms?: number}} Tile */
/** @typedef {{revision: number, url: string, tiles: Tile[]}} State */

const SAID_EVERY = 3000; // a screen reader hears counts, not each tile
const SHAPE = 1.5; // of a tile, width to height

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {number[]} numbers sorted */
const median = (numbers) => numbers[Math.floor(numbers.length / 2)];

/** @type {Record<string, [main: string, words: string]>} */
const looks = {
  ready: ["", "ready"], asking: ["…", "is asked"], waiting: ["", "waits for the tap"], in: ["✓", "is in"], denied: ["✗", "denied"],
  late: ["–", "too late"], limited: ["!", "asked too often"], failed: ["!", "did not work"],
};

/** @param {Tile} tile */
function look({ state, number, ms }) {
  const [main, words] = looks[state];
  return [number || (ms && state === "in" ? duration(ms) : main), words];
}

/**
 * columns makes the tiles as large as the room for them allows.
 *
 * @param {number} n
 * @param {number} width
 * @param {number} height
 */
export function columns(n, width, height) {
  let best = 1;
  let most = 0;
  for (let columnsNow = 1; columnsNow <= n; columnsNow++) {
    const size = Math.min(width / columnsNow / SHAPE, height / Math.ceil(n / columnsNow));
    if (size > most) [best, most] = [columnsNow, size];
  }
  return best;
}

/** counts are what the wall says in numbers. @param {Tile[]} tiles */
export function counts(tiles) {
  const times = tiles.map(({ ms }) => ms ?? 0).filter(Boolean).sort((a, b) => a - b);
  return {
    phones: tiles.length, asked: tiles.filter(({ state }) => state !== "ready").length, in: tiles.filter(({ state }) => state === "in").length,
    median: times.length ? median(times) : 0, slowest: times[times.length - 1] ?? 0,
  };
}

export class Wall {
  constructor() {
    this._section = byId("wall");
    this._tiles = byId("tiles");
    this._url = "";
    /** @type {Tile[]} */
    this._shown = [];
    this._said = "";
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this._saying = undefined;
    this._followed = false;
    new ResizeObserver(() => this._fit()).observe(this._tiles);
  }

  get isShown() {
    return !this._section.hidden;
  }

  /** @param {boolean} shown */
  show(shown) {
    this._section.hidden = !shown;
    byId("panes").hidden = shown;
    if (!shown || this._followed) return;
    this._followed = true;
    follow("/stage/wall", (/** @type {State} */ state, answer) => {
      this._take(state);
      // On the screen with the next frame; a window that nobody sees draws none.
      const tell = () => answer(String(state.revision));
      if (document.hidden || !this.isShown) tell();
      else requestAnimationFrame(() => setTimeout(tell, 0));
    });
  }

  /** @param {State} state */
  _take({ url, tiles }) {
    if (url && url !== this._url) {
      /** @type {HTMLImageElement} */ (byId("wall-qr")).src = `/stage/join.png?${encodeURIComponent(url)}`;
      byId("wall-url").replaceChildren(...url.split(/(?=\/join)/).flatMap((part) => [part, document.createElement("wbr")]));
      this._url = url;
    }
    if (tiles.length < this._shown.length) this._clear();
    tiles.forEach((tile, i) => this._draw(tile, i));
    this._shown = tiles;
    this._section.classList.toggle("vacant", tiles.length === 0);
    this._fit();
    this._count();
  }

  _clear() {
    this._tiles.replaceChildren();
    this._shown = [];
  }

  /**
   * @param {Tile} tile
   * @param {number} i
   */
  _draw(tile, i) {
    const before = this._shown[i];
    const [main, words] = look(tile);
    if (before && before.name === tile.name && before.state === tile.state && look(before)[0] === main) return;
    const line = /** @type {HTMLElement} */ (this._tiles.children[i] ?? this._tiles.appendChild(this._made()));
    /** @param {string} part @param {string} text */
    const set = (part, text) => (/** @type {HTMLElement} */ (line.querySelector(part)).textContent = text);
    set(".tile-name", tile.name);
    set(".tile-main", main);
    set(".tile-words", words);
    line.classList.toggle("flips", before?.state === "waiting" && tile.state !== "waiting");
    line.dataset.state = tile.state;
  }

  _made() {
    const template = /** @type {HTMLTemplateElement} */ (byId("tile"));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    return /** @type {HTMLElement} */ (copy.firstElementChild);
  }

  _fit() {
    const n = this._shown.length;
    if (n === 0 || !this.isShown) return;
    const across = columns(n, this._tiles.clientWidth, this._tiles.clientHeight);
    this._tiles.style.setProperty("--across", String(across));
    this._tiles.style.setProperty("--down", String(Math.ceil(n / across)));
  }

  _count() {
    const now = counts(this._shown);
    byId("wall-phones").textContent = String(now.phones);
    byId("wall-in").textContent = now.asked ? `${now.in} of ${now.asked}` : "0";
    byId("wall-median").textContent = now.median ? duration(now.median) : "–";
    byId("wall-slowest").textContent = now.slowest ? duration(now.slowest) : "–";
    const text = `${now.phones} ${now.phones === 1 ? "phone" : "phones"}, ${now.in} signed in.`;
    if (text === this._said || this._saying) return;
    this._saying = setTimeout(() => {
      this._saying = undefined;
      const latest = counts(this._shown);
      this._said = `${latest.phones} ${latest.phones === 1 ? "phone" : "phones"}, ${latest.in} signed in.`;
      byId("wall-said").textContent = this._said;
    }, SAID_EVERY);
  }
}

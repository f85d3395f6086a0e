import test, { beforeEach, describe } from "node:test";
import assert from "node:assert/strict";
import { advance, byId, load, setPage, sockets } from "./browser.mjs";

const page = `<section id="wall" hidden><img id="wall-qr"><p id="wall-url"></p><dd id="wall-phones"></dd><dd id="wall-in"></dd>
  <dd id="wall-median"></dd><dd id="wall-slowest"></dd><p id="wall-said"></p><ol id="tiles"></ol>
  <template id="tile"><li><span class="tile-name"></span><strong class="tile-main"></strong><span class="tile-words"></span></li></template></section>
  <main id="panes"></main>`;

let module;
let wall;

beforeEach(async () => {
  setPage(page);
  globalThis.ResizeObserver = class { observe() {} };
  globalThis.requestAnimationFrame = (draw) => setTimeout(draw, 16);
  module = await load("stage/pages/static/wall.js");
  wall = new module.Wall();
  wall.show(true);
});

const hear = (revision, tiles, url = "http://192.0.2.1:3002/join/A") => sockets[sockets.length - 1].says({ revision, url, tiles });
const tiles = () => [...byId("tiles").children].map((line) => line.textContent);
const tile = (name, state, more = {}) => ({ name, state, ...more });

describe("the wall", () => {
  test("shows a tile for each phone, with the number to compare and then the time", async () => {
    hear(1, [tile("Amber Badger", "waiting", { number: "42" }), tile("Bold Crane", "ready")]);
    assert.deepEqual(tiles(), ["Amber Badger42waits for the tap", "Bold Craneready"]);
    hear(2, [tile("Amber Badger", "in"), tile("Bold Crane", "denied", { ms: 31 })]);
    hear(3, [tile("Amber Badger", "in", { ms: 48.2 }), tile("Bold Crane", "denied", { ms: 31 })]);
    assert.deepEqual(tiles(), ["Amber Badger48 msis in", "Bold Crane✗denied"]);
    assert.equal(byId("wall-in").textContent, "1 of 2");
    assert.equal(byId("wall-slowest").textContent, "48 ms");
  });

  test("says what it has shown once the browser has drawn it", async () => {
    const socket = sockets[sockets.length - 1];
    hear(7, [tile("Amber Badger", "in")]);
    assert.deepEqual(socket.sent, []);
    await advance(40);
    assert.deepEqual(socket.sent, ["7"]);
  });

  test("is empty after a reset, under another address", () => {
    hear(1, [tile("Amber Badger", "in", { ms: 5 })]);
    hear(0, [], "http://192.0.2.1:3002/join/B");
    assert.deepEqual(tiles(), []);
    assert.equal(byId("wall-url").textContent, "http://192.0.2.1:3002/join/B");
  });

  test("tells a screen reader counts, and not each of a crowd", async () => {
    hear(1, [tile("Amber Badger", "waiting", { number: "42" })]);
    hear(2, [tile("Amber Badger", "in")]);
    assert.equal(byId("wall-said").textContent, "");
    await advance(3000);
    assert.equal(byId("wall-said").textContent, "1 phone, 1 signed in.");
  });
});

test("tiles are as large as the room for them allows", () => {
  assert.equal(module.columns(1, 980, 660), 1);
  assert.equal(module.columns(3, 980, 660), 2);
  assert.equal(module.columns(100, 980, 660), 10);
});

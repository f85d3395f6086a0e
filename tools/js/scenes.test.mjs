import test from "node:test";
import assert from "node:assert/strict";
import { load, setPage } from "./browser.mjs";

setPage("");
const { scenes, told } = await load("stage/pages/static/scenes.js");

test("a scene went as told once the wire has told all of it, in its order", () => {
  const scene = { wants: ["a", "b"], never: ["x"] };
  assert.equal(told(scene, ["a", "c"]), false);
  assert.equal(told(scene, ["b", "a"]), false);
  assert.equal(told(scene, ["a", "c", "b"]), true);
  assert.equal(told(scene, ["a", "x", "b"]), false);
  assert.equal(told({ wants: ["a"], also: ["z"] }, ["a"]), false);
  assert.equal(told({ wants: ["a"], also: ["z"] }, ["z", "a"]), true);
});

test("no scene is as told before it has begun", () => {
  for (const scene of scenes) assert.equal(told(scene, []), false, scene.title);
});

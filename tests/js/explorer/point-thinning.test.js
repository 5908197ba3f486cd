// On slow graphics a part of the map's points is drawn while it moves, and all when it rests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { lightWhileMoving } from "../../../static/js/explorer/point-thinning.js";

/** A map of `count` points that notes what it is told to draw; `move(ms)` is a movement so much later. */
function made(context, count, selected = []) {
  let now = 1000;
  let moved = () => {};
  const told = [];
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(performance, "now", () => now);
  lightWhileMoving({
    get: () => selected,
    subscribe: (event, listener) => { if (event === "view") moved = listener; },
    filter: (points) => told.push(points),
    unfilter: () => told.push("all"),
  }, count);
  return { told, move: (later) => { now += later; context.mock.timers.tick(later); moved(); }, rest: (ms) => context.mock.timers.tick(ms) };
}

test("quick graphics draw all points, however the map moves", (context) => {
  const map = made(context, 400_000);
  for (const later of [0, 16, 17, 49, 60, 16, 30, 400, 16]) map.move(later);
  map.rest(1000);
  assert.deepEqual(map.told, []);
});

test("slow graphics draw fewer from the second stutter on, and all at rest", (context) => {
  const map = made(context, 400_000, [3]);
  for (const later of [0, 100, 100]) map.move(later);
  assert.equal(map.told.length, 1);
  assert.equal(map.told[0].length, 100_001);
  assert.deepEqual(map.told[0].slice(0, 4), [0, 3, 4, 8]); // one in four, and the marked one
  for (const later of [60, 60]) map.move(later);
  assert.equal(map.told[1].length, 40_001); // still slow: one in ten
  map.rest(400);
  assert.equal(map.told[2], "all");
  map.move(5000);
  assert.equal(map.told[3].length, 40_001); // it is known from now on
});

test("ten thousand points are always drawn", (context) => {
  const map = made(context, 50_000);
  for (let step = 0; step < 12; step += 1) map.move(240);
  assert.deepEqual(map.told.map((points) => points.length), [10_000]);
});

test("a small map is drawn whole on any graphics", (context) => {
  const map = made(context, 9_000);
  for (let step = 0; step < 12; step += 1) map.move(240);
  assert.deepEqual(map.told, []);
});

// On slow graphics the map draws fewer points while it moves, and all points at rest.
import assert from "node:assert/strict";
import { test } from "node:test";
import { thinWhileMoving } from "../../../static/js/explorer/map-interaction.js";

/** A stub map of `count` points that records what it draws; `move(ms)` simulates a movement after that time. */
function stubMap(context, count, selected = []) {
  let now = 1000;
  let moved = () => {};
  const drawn = [];
  context.mock.timers.enable({ apis: ["setTimeout"] });
  context.mock.method(performance, "now", () => now);
  thinWhileMoving({
    get: () => selected,
    subscribe: (event, listener) => { if (event === "view") moved = listener; },
    filter: (points) => drawn.push(points),
    unfilter: () => drawn.push("all"),
  }, count);
  return { drawn, move: (elapsed) => { now += elapsed; context.mock.timers.tick(elapsed); moved(); }, rest: (ms) => context.mock.timers.tick(ms) };
}

test("fast graphics always draw all points", (context) => {
  const map = stubMap(context, 400_000);
  for (const elapsed of [0, 16, 17, 49, 60, 16, 30, 400, 16]) map.move(elapsed);
  map.rest(1000);
  assert.deepEqual(map.drawn, []);
});

test("slow graphics draw fewer points after two slow frames, and all at rest", (context) => {
  const map = stubMap(context, 400_000, [3]);
  for (const elapsed of [0, 100, 100]) map.move(elapsed);
  assert.equal(map.drawn.length, 1);
  assert.equal(map.drawn[0].length, 100_001);
  assert.deepEqual(map.drawn[0].slice(0, 4), [0, 3, 4, 8]); // one in four, and the selected point
  for (const elapsed of [60, 60]) map.move(elapsed);
  assert.equal(map.drawn[1].length, 40_001); // still slow: one in ten
  map.rest(400);
  assert.equal(map.drawn[2], "all");
  map.move(5000);
  assert.equal(map.drawn[3].length, 40_001); // the stride is remembered
});

test("at least ten thousand points are drawn", (context) => {
  const map = stubMap(context, 50_000);
  for (let step = 0; step < 12; step += 1) map.move(240);
  assert.deepEqual(map.drawn.map((points) => points.length), [10_000]);
});

test("a small map is always drawn completely", (context) => {
  const map = stubMap(context, 9_000);
  for (let step = 0; step < 12; step += 1) map.move(240);
  assert.deepEqual(map.drawn, []);
});

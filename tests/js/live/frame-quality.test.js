// The frames sent to the server become smaller on a slow connection, and better again when it recovers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameQuality, LEVELS } from "../../../static/js/live/frame-quality.js";

/** @param {FrameQuality} quality  @param {number} milliseconds  @param {number} times */
function observe(quality, milliseconds, times) {
  for (let frame = 0; frame < times; frame += 1) quality.observe(milliseconds);
  return LEVELS.indexOf(quality.level);
}

test("levels become smaller", () => {
  for (const [index, { side, quality }] of LEVELS.entries()) {
    if (index) assert.ok(side <= LEVELS[index - 1].side && quality < LEVELS[index - 1].quality);
  }
});

test("a fast connection keeps the best level, and single slow frames change nothing", () => {
  const quality = new FrameQuality();
  assert.equal(observe(quality, 20, 100), 0);
  for (let time = 0; time < 10; time += 1) {
    observe(quality, 900, 2);
    assert.equal(observe(quality, 20, 1), 0);
  }
});

test("three slow frames in a row take one step down, to the smallest level at most", () => {
  const quality = new FrameQuality();
  assert.equal(observe(quality, 300, 3), 1);
  assert.equal(observe(quality, 300, 3), 2);
  assert.equal(observe(quality, 300, 60), LEVELS.length - 1);
});

test("a connection neither slow nor fast keeps the level", () => {
  const quality = new FrameQuality();
  observe(quality, 300, 3);
  assert.equal(observe(quality, 100, 500), 1);
});

test("the level recovers after thirty fast frames a step", () => {
  const quality = new FrameQuality();
  observe(quality, 300, 6);
  assert.equal(observe(quality, 20, 29), 2);
  assert.equal(observe(quality, 20, 1), 1);
  assert.equal(observe(quality, 20, 30), 0);
});

test("a better level that proves too slow is tried again later each time", () => {
  const quality = new FrameQuality();
  observe(quality, 300, 3);
  const waits = [];
  for (let attempt = 0; attempt < 7; attempt += 1) {
    let frames = 0;
    while (LEVELS.indexOf(quality.level) === 1) {
      quality.observe(20);
      frames += 1;
    }
    waits.push(frames);
    observe(quality, 300, 3); // the better level is too slow
  }
  assert.deepEqual(waits, [30, 60, 120, 240, 480, 480, 480]);
});

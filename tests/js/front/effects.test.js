import assert from "node:assert/strict";
import { test } from "node:test";

import { cropRegion, largest } from "../../../static/js/front/effects.js";

const face = { x: 0.35, y: 0.2, width: 0.2, height: 0.3 };

test("no crop keeps the whole image", () => {
  assert.deepEqual(cropRegion(0, face), { x: 0, y: 0, side: 1 });
});

test("the full crop cuts into the face and is centered on it", () => {
  const { x, y, side } = cropRegion(100, face);
  assert.ok(Math.abs(side - 0.21) < 1e-9);
  assert.ok(Math.abs(x + side / 2 - 0.45) < 1e-9 && Math.abs(y + side / 2 - 0.35) < 1e-9);
});

test("the crop shrinks steadily and stays within the image, also for a face at the edge", () => {
  const corner = { x: 0.9, y: -0.05, width: 0.15, height: 0.2 };
  let last = 1.0001;
  for (let crop = 0; crop <= 100; crop += 5) {
    const { x, y, side } = cropRegion(crop, corner);
    assert.ok(side < last && x >= 0 && y >= 0 && x + side <= 1 + 1e-9 && y + side <= 1 + 1e-9);
    last = side;
  }
});

test("the largest face leads; without a face the center does", () => {
  assert.equal(largest([{ ...face, width: 0.1 }, face]), face);
  assert.deepEqual(largest([]), { x: 0.3, y: 0.2, width: 0.4, height: 0.5 });
});

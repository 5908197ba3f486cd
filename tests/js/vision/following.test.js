import assert from "node:assert/strict";
import { test } from "node:test";

import { FaceDetector } from "../../../static/js/vision/faces.js";
import { Following, FrameDetector, follow } from "../../../static/js/vision/following.js";

const SIZES = [[128, 96], [128, 128], [96, 128], [256, 192]];

/** A dark frame with one bright square, the "face", or none. */
function frame(square, width = 640, height = 480) {
  const data = new Uint8ClampedArray(4 * width * height);
  if (square) for (let y = square.y; y < square.y + square.side; y++) data.fill(255, 4 * (y * width + square.x), 4 * (y * width + square.x + square.side));
  return { data, width, height };
}

/** A stub network that detects bright pixels as a face; `runs` lists the input sizes. */
function brightnessNetwork() {
  const runs = [];
  const network = async (input, width, height) => {
    runs.push(`${width}x${height}`);
    const values = new Float32Array(width * height), logits = new Float32Array((width * height) / 16).fill(-10);
    const [xs, ys] = [[], []];
    for (let at = 0; at < width * height; at++) if (input[3 * at] > 0) (xs.push(at % width), ys.push(Math.floor(at / width)));
    if (xs.length) {
      const [left, right, top, bottom] = [xs[0], Math.max(...xs) + 1, ys[0], Math.max(...ys) + 1];
      const [x, y] = [(left + right) / 2, (top + bottom) / 2], column = Math.floor(x / 4), row = Math.floor(y / 4), cell = (row * width) / 4 + column;
      logits[cell] = 5;
      values.set([x - 4 * column - 2, y - 4 * row - 2, right - left, bottom - top, ...Array(12).fill(0)], 16 * cell);
    }
    return { values, logits };
  };
  return { network, runs };
}

const assertNear = (face, { x, y, side }) => {
  const expected = [x / 640, y / 480, side / 640, side / 480];
  face.box.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 0.01, `${face.box} is not ${expected}`));
};

test("a moving face is followed, and the whole frame is searched often enough to find a new one within 300 ms", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  const searched = [];
  for (let time = 0; time < 1000; time += 50) {
    const square = { x: 200 + time / 5, y: 150 + time / 10, side: 90 };
    const [face] = await frames.detect(frame(square), { time });
    assertNear(face, square);
    const sizes = runs.splice(0);
    if (sizes.includes("256x192")) searched.push(time);
    else assert.deepEqual(sizes, ["128x96"]);
  }
  assert.deepEqual(searched, [0, 350, 700]);
});

test("the first frame of a camera is searched at one size only, the second at all sizes that its faces need", async () => {
  for (const square of [{ x: 200, y: 150, side: 90 }, null]) {
    const { network, runs } = brightnessNetwork();
    const frames = new FrameDetector(new FaceDetector(network, SIZES));
    assert.equal((await frames.detect(frame(square))).length, square ? 1 : 0);
    assert.deepEqual(runs.splice(0), ["128x96"]);
    await frames.detect(frame(square));
    assert.deepEqual(runs, ["256x192", ...(square ? [] : ["128x96", "128x96"])]);
  }
});

test("a slow reader follows every other frame of a camera, none of a video with frames as far apart", () => {
  for (const minFollowed of [0, 1]) {
    const following = new Following();
    const followed = [];
    for (let time = 0; time < 3000; time += 500) {
      followed.push(following.next({ width: 4, height: 3 }, time, minFollowed).length);
      following.update(["face"], [0.9], followed[followed.length - 1] > 0);
    }
    assert.deepEqual(followed, minFollowed ? [0, 1, 0, 1, 0, 1] : [0, 0, 0, 0, 0, 0]);
  }
});

test("a lost face triggers a search in the same frame", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  await frames.detect(frame({ x: 100, y: 100, side: 80 }), { time: 0 });
  runs.length = 0;
  const elsewhere = { x: 450, y: 300, side: 80 };
  const [face] = await frames.detect(frame(elsewhere), { time: 50 });
  assertNear(face, elsewhere);
  assert.ok(runs.includes("256x192"));
  assert.deepEqual(await frames.detect(frame(null), { time: 100 }), []);
});

test("frames are searched while there is no face, and after the frame size changes", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  assert.deepEqual(await frames.detect(frame(null), { time: 0 }), []);
  for (const time of [30, 60]) {
    runs.length = 0;
    assert.deepEqual(await frames.detect(frame(null), { time }), []);
    assert.ok(runs.includes("256x192"));
  }
  await frames.detect(frame({ x: 100, y: 100, side: 80 }), { time: 100 });
  runs.length = 0;
  await frames.detect(frame({ x: 100, y: 100, side: 80 }, 320, 240), { time: 150 });
  assert.ok(runs.includes("256x192"));
});

test("the frame is searched if following its faces would cost as much", async () => {
  const { network, runs } = brightnessNetwork();
  const detector = new FaceDetector(network, SIZES);
  const [face] = await detector.detect(frame({ x: 20, y: 20, side: 60 }));
  const corners = [[0, 0], [0.8, 0], [0, 0.8], [0.8, 0.8]].map(([x, y]) => ({ ...face, box: [x, y, face.box[2], face.box[3]] }));
  runs.length = 0;
  assert.equal(await follow(detector, frame(null), corners, 0.5), null);
  assert.deepEqual(runs, []);
});

test("following stops when two faces merge into one", async () => {
  const { network } = brightnessNetwork();
  const detector = new FaceDetector(network, SIZES);
  const image = frame({ x: 200, y: 150, side: 90 });
  const [one] = await detector.detect(image, { longSides: [128, 256] });
  assert.equal((await follow(detector, image, [one], 0.5)).length, 1);
  assert.equal(await follow(detector, image, [one, { ...one, box: one.box.map((value, i) => value + (i ? 0 : 0.02)) }], 0.5), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { FaceDetector, FrameDetector } from "../../../static/js/vision/faces.js";

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

test("a moving face is followed, and the whole frame is searched every 300 ms", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  const searched = [];
  for (let now = 0; now < 1000; now += 50) {
    const square = { x: 200 + now / 5, y: 150 + now / 10, side: 90 };
    const [face] = await frames.detect(frame(square), { now });
    assertNear(face, square);
    if (runs.splice(0).includes("256x192")) searched.push(now);
  }
  assert.deepEqual(searched, [50, 350, 650, 950]);
});

test("the first frame is searched at one size only, the second at all sizes that its faces need", async () => {
  for (const square of [{ x: 200, y: 150, side: 90 }, null]) {
    const { network, runs } = brightnessNetwork();
    const frames = new FrameDetector(new FaceDetector(network, SIZES));
    assert.equal((await frames.detect(frame(square), { now: 0 })).length, square ? 1 : 0);
    assert.deepEqual(runs.splice(0), ["128x96"]);
    await frames.detect(frame(square), { now: 30 });
    assert.deepEqual(runs, ["128x96", "256x192", ...(square ? [] : ["128x96"])]);
  }
});

test("on a slow device, three frames are followed between searches", async () => {
  const detector = recording([face(0.1)]);
  const frames = new FrameDetector(detector);
  for (let now = -500; now < 4000; now += 500) await frames.detect(frame(null), { now });
  assert.deepEqual(detector.calls.slice(1), ["search", "follow", "follow", "follow", "search", "follow", "follow", "follow"]);
});

test("a lost face triggers a search in the same frame", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  await frames.detect(frame({ x: 100, y: 100, side: 80 }), { now: 0 });
  runs.length = 0;
  const elsewhere = { x: 450, y: 300, side: 80 };
  const [face] = await frames.detect(frame(elsewhere), { now: 50 });
  assertNear(face, elsewhere);
  assert.ok(runs.includes("256x192"));
  assert.deepEqual(await frames.detect(frame(null), { now: 100 }), []);
});

test("frames are searched while there is no face, and after the frame size changes", async () => {
  const { network, runs } = brightnessNetwork();
  const frames = new FrameDetector(new FaceDetector(network, SIZES));
  assert.deepEqual(await frames.detect(frame(null), { now: 0 }), []);
  for (const now of [30, 60]) {
    runs.length = 0;
    assert.deepEqual(await frames.detect(frame(null), { now }), []);
    assert.ok(runs.includes("256x192"));
  }
  await frames.detect(frame({ x: 100, y: 100, side: 80 }), { now: 100 });
  runs.length = 0;
  await frames.detect(frame({ x: 100, y: 100, side: 80 }, 320, 240), { now: 150 });
  assert.ok(runs.includes("256x192"));
});

/** A stub detector that returns the given faces and records its calls. */
const recording = (faces, followed = faces) => ({ calls: [], async detect() { return this.calls.push("search"), faces; }, async follow() { return this.calls.push("follow"), followed; } });
const face = (x, score = 0.9) => ({ box: [x, 0.4, 0.1, 0.1], landmarks: {}, score });

test("faces are sorted by score, whether searched or followed", async () => {
  const frames = new FrameDetector(recording([face(0.1), face(0.5)], [face(0.1, 0.7), face(0.5, 0.8)]));
  for (const now of [0, 30]) await frames.detect(frame(null), { now });
  assert.deepEqual((await frames.detect(frame(null), { now: 60 })).map(({ score }) => score), [0.8, 0.7]);
});

test("more than three faces are searched for instead of followed", async () => {
  const detector = recording([0, 0.2, 0.4, 0.6].map((x) => face(x)));
  const frames = new FrameDetector(detector);
  for (const now of [0, 50, 100]) await frames.detect(frame(null), { now });
  assert.deepEqual(detector.calls, ["search", "search", "search"]);
});

test("following stops when two faces merge into one", async () => {
  const { network } = brightnessNetwork();
  const detector = new FaceDetector(network, SIZES);
  const image = frame({ x: 200, y: 150, side: 90 });
  const [one] = await detector.detect(image, { longSides: [128, 256] });
  assert.equal((await detector.follow(image, [one], 0.5)).length, 1);
  assert.equal(await detector.follow(image, [one, { ...one, box: one.box.map((value, i) => value + (i ? 0 : 0.02)) }], 0.5), null);
});

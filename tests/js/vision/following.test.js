import assert from "node:assert/strict";
import { test } from "node:test";

import { FaceDetector } from "../../../static/js/vision/faces.js";
import { Follower } from "../../../static/js/vision/following.js";

const SIZES = [[128, 96], [128, 128], [96, 128], [256, 192]];

/** A dark picture with one bright square in it, "the face", or none. */
function picture(square, width = 640, height = 480) {
  const data = new Uint8ClampedArray(4 * width * height);
  if (square) for (let y = square.y; y < square.y + square.side; y++) data.fill(255, 4 * (y * width + square.x), 4 * (y * width + square.x + square.side));
  return { data, width, height };
}

/** A net that takes what is bright for a face; `runs` are the sizes it was run at. */
function brightness() {
  const runs = [];
  const net = async (input, width, height) => {
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
  return { net, runs };
}

const near = (face, { x, y, side }) => {
  const wanted = [x / 640, y / 480, side / 640, side / 480];
  face.box.forEach((value, i) => assert.ok(Math.abs(value - wanted[i]) < 0.01, `${face.box} is not ${wanted}`));
};

test("a face that moves is looked for where it was, and the whole picture is searched now and then", async () => {
  const { net, runs } = brightness();
  const follower = new Follower(new FaceDetector(net, SIZES));
  const searched = [];
  for (let now = 0; now < 1000; now += 50) {
    const square = { x: 200 + now / 5, y: 150 + now / 10, side: 90 };
    const [face] = await follower.detect(picture(square), { now });
    near(face, square);
    if (runs.splice(0).includes("256x192")) searched.push(now);
  }
  assert.deepEqual(searched, [50, 350, 650, 950]);
});

test("a camera's first frame is looked at coarsely alone, the second searched whatever was found", async () => {
  for (const square of [{ x: 200, y: 150, side: 90 }, null]) {
    const { net, runs } = brightness();
    const follower = new Follower(new FaceDetector(net, SIZES));
    assert.equal((await follower.detect(picture(square), { now: 0 })).length, square ? 1 : 0);
    assert.deepEqual(runs.splice(0), ["128x96"]);
    await follower.detect(picture(square), { now: 30 });
    assert.deepEqual(runs, ["128x96", "256x192"]);
  }
});

test("where a search takes long, three frames are followed before the next", async () => {
  const detector = counting([face(0.1)]);
  const follower = new Follower(detector);
  for (let now = -500; now < 4000; now += 500) await follower.detect(picture(null), { now });
  assert.deepEqual(detector.asked.slice(1), ["search", "follow", "follow", "follow", "search", "follow", "follow", "follow"]);
});

test("a face that is lost is searched for in the same frame", async () => {
  const { net, runs } = brightness();
  const follower = new Follower(new FaceDetector(net, SIZES));
  await follower.detect(picture({ x: 100, y: 100, side: 80 }), { now: 0 });
  runs.length = 0;
  const elsewhere = { x: 450, y: 300, side: 80 };
  const [face] = await follower.detect(picture(elsewhere), { now: 50 });
  near(face, elsewhere);
  assert.ok(runs.includes("256x192"));
  assert.deepEqual(await follower.detect(picture(null), { now: 100 }), []);
});

test("without a face every frame is searched, and so is a camera's first of another size", async () => {
  const { net, runs } = brightness();
  const follower = new Follower(new FaceDetector(net, SIZES));
  assert.deepEqual(await follower.detect(picture(null), { now: 0 }), []);
  for (const now of [30, 60]) {
    runs.length = 0;
    assert.deepEqual(await follower.detect(picture(null), { now }), []);
    assert.ok(runs.includes("256x192"));
  }
  await follower.detect(picture({ x: 100, y: 100, side: 80 }), { now: 100 });
  runs.length = 0;
  await follower.detect(picture({ x: 100, y: 100, side: 80 }, 320, 240), { now: 150 });
  assert.ok(runs.includes("256x192"));
});

/** A detector of stated faces that counts how it was asked. */
const counting = (faces, followed = faces) => ({ asked: [], async detect() { return this.asked.push("search"), faces; }, async follow() { return this.asked.push("follow"), followed; } });
const face = (x, score = 0.9) => ({ box: [x, 0.4, 0.1, 0.1], landmarks: {}, score });

test("the best score comes first, however the faces were found", async () => {
  const follower = new Follower(counting([face(0.1), face(0.5)], [face(0.1, 0.7), face(0.5, 0.8)]));
  for (const now of [0, 30]) await follower.detect(picture(null), { now });
  assert.deepEqual((await follower.detect(picture(null), { now: 60 })).map(({ score }) => score), [0.8, 0.7]);
});

test("many faces are searched for at once", async () => {
  const detector = counting([0, 0.2, 0.4, 0.6].map((x) => face(x)));
  const follower = new Follower(detector);
  for (const now of [0, 50, 100]) await follower.detect(picture(null), { now });
  assert.deepEqual(detector.asked, ["search", "search", "search"]);
});

test("two faces that have become one are no longer followed", async () => {
  const { net } = brightness();
  const detector = new FaceDetector(net, SIZES);
  const seen = picture({ x: 200, y: 150, side: 90 });
  const [one] = await detector.detect(seen, { longSides: [128, 256] });
  assert.equal((await detector.follow(seen, [one], 0.5)).length, 1);
  assert.equal(await detector.follow(seen, [one, { ...one, box: one.box.map((value, i) => value + (i ? 0 : 0.02)) }], 0.5), null);
});

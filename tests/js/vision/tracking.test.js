import assert from "node:assert/strict";
import { test } from "node:test";

import { Tracker, boxAt, iou, smooth } from "../../../static/js/vision/tracking.js";
import { tenVotes } from "../../../static/js/vision/expressions.js";

const ten = (probabilities) => tenVotes(Object.keys(probabilities), Object.values(probabilities));
const LABELS = ["neutral", "happiness", "surprise"];

/** A face of size 0.2 around a center. */
function face(x, y, { score = 0.9, probabilities = { neutral: 0.2, happiness: 0.7, surprise: 0.1 }, unsure = false } = {}) {
  return {
    box: { x: x - 0.1, y: y - 0.1, width: 0.2, height: 0.2 },
    landmarks: { right_eye: [x - 0.04, y - 0.03], left_eye: [x + 0.04, y - 0.03], nose: [x, y], mouth: [x, y + 0.05] },
    score, probabilities, votes: ten(probabilities), expression: "happiness", unsure,
  };
}

/** A seeded generator of numbers in 0 … 1, so that failures are reproducible. */
function random(seed) {
  return () => {
    seed = (seed * 1664525 + 1013904223) % 4294967296;
    return seed / 4294967296;
  };
}

/** Track simulated faces for ten seconds; returns the set of ids assigned to each. */
function track(places, { interval = 80, missing = 0, merge = false, seed = 1 } = {}) {
  const tracker = new Tracker();
  const next = random(seed);
  const ids = places(0).map(() => new Set());
  for (let time = 0; time < 10_000; time += interval * (0.7 + 0.6 * next())) {
    let visible = places(time / 1000).map(([x, y], who) => ({ who, x: x + 0.006 * (next() - 0.5), y: y + 0.006 * (next() - 0.5) }));
    visible = visible.filter(() => next() >= missing);
    if (merge && visible.length === 2 && iou(face(visible[0].x, visible[0].y).box, face(visible[1].x, visible[1].y).box) > 0.3) visible.pop();
    const order = visible.map((one) => ({ ...one, key: next() })).sort((a, b) => a.key - b.key);
    const faces = order.map(({ x, y }) => face(x, y));
    for (const track of tracker.update(faces, time)) ids[order[faces.indexOf(track.face)].who].add(track.id);
  }
  return ids;
}

const across = (t) => [[0.5 + 0.35 * Math.cos(t), 0.45], [0.5 - 0.35 * Math.cos(t), 0.55]];
const five = (t) => [0, 1, 2, 3, 4].map((i) => [0.5 + 0.38 * Math.cos(0.8 * t + i * 1.2566), 0.5 + 0.36 * Math.sin(0.8 * t + i * 1.2566)]);

for (const [name, places, options, count] of [
  ["two faces that cross", across, {}, 2],
  ["two faces that cross, one occluding the other", across, { merge: true }, 2],
  ["two faces that cross, at five frames per second", across, { interval: 200 }, 2],
  ["five moving faces", five, {}, 5],
  ["five moving faces, 10 % of detections missed", five, { missing: 0.1 }, 5],
]) {
  test(`identity: ${name}`, () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const ids = track(places, { ...options, seed });
      assert.equal(ids.length, count);
      assert.deepEqual(ids.map((set) => set.size), Array(count).fill(1), `seed ${seed}: an identity changed`);
      assert.equal(new Set(ids.flatMap((set) => [...set])).size, count, `seed ${seed}: two faces shared an identity`);
    }
  });
}

test("a track starts at a score of 0.6 and continues at 0.4", () => {
  const tracker = new Tracker();
  assert.equal(tracker.update([face(0.5, 0.5, { score: 0.55 })], 0).length, 0);
  assert.equal(tracker.update([face(0.5, 0.5, { score: 0.65 })], 100).length, 1);
  assert.equal(tracker.update([face(0.5, 0.5, { score: 0.45 })], 200).length, 1);
  assert.equal(tracker.update([face(0.5, 0.5, { score: 0.35 })], 300).length, 0);
});

test("a face hidden for one second keeps its identity; after two seconds it gets a new one", () => {
  const tracker = new Tracker();
  const [first] = tracker.update([face(0.5, 0.5)], 0);
  tracker.update([], 500);
  const [again] = tracker.update([face(0.51, 0.5)], 1000);
  assert.equal(again.id, first.id);
  const [other] = tracker.update([face(0.51, 0.5)], 3000);
  assert.notEqual(other.id, first.id);
});

test("tracks in one frame differ in color", () => {
  const tracks = new Tracker().update(five(0).map(([x, y]) => face(x, y)), 0);
  assert.equal(new Set(tracks.map((track) => track.color)).size, 5);
});

test("a frame without faces gives no tracks", () => {
  assert.deepEqual(new Tracker().update([], 0), []);
});

test("boxes are exact at detections, interpolated in between, and null after a long gap", () => {
  const tracker = new Tracker();
  tracker.update([face(0.3, 0.5)], 1000);
  const [track] = tracker.update([face(0.4, 0.5)], 1100);
  assert.deepEqual(boxAt(track, 1000), face(0.3, 0.5).box);
  assert.deepEqual(boxAt(track, 1100), face(0.4, 0.5).box);
  assert.ok(Math.abs((boxAt(track, 1050)?.x ?? 0) - 0.25) < 1e-9);
  assert.equal(boxAt(track, 999), null);
  assert.equal(boxAt(track, 1700), null);
});

test("the box of a still face does not jitter", () => {
  const tracker = new Tracker();
  const next = random(7);
  const raw = [];
  const shown = [];
  for (let i = 0; i < 200; i++) {
    const one = face(0.5 + 0.004 * (next() - 0.5), 0.5);
    const [track] = tracker.update([one], i * 60);
    raw.push(one.box.x);
    shown.push(boxAt(track, i * 60)?.x ?? NaN);
  }
  const jitter = (/** @type {number[]} */ xs) => xs.slice(1).reduce((sum, x, i) => sum + Math.abs(x - xs[i]), 0);
  assert.ok(jitter(shown) < 0.45 * jitter(raw));
});

test("smoothing depends on time, not on the number of detections", () => {
  const from = { happiness: 0, neutral: 1 };
  const to = { happiness: 1, neutral: 0 };
  let fast = from;
  for (let i = 0; i < 30; i++) fast = smooth(fast, to, 20, 600);
  const slow = smooth(from, to, 600, 600);
  assert.ok(Math.abs(fast.happiness - slow.happiness) < 1e-9);
  assert.ok(Math.abs(slow.happiness - (1 - Math.exp(-1))) < 1e-9);
  assert.ok(Math.abs(fast.happiness + fast.neutral - 1) < 1e-9);
  assert.deepEqual(smooth(from, to, 20, 0), to);
});

test("the first detection is unsmoothed; later ones are smoothed, and so are the votes", () => {
  const tracker = new Tracker();
  const happy = { neutral: 0, happiness: 1, surprise: 0 };
  const neutral = { neutral: 1, happiness: 0, surprise: 0 };
  const [first] = tracker.update([face(0.5, 0.5, { probabilities: happy })], 0);
  assert.deepEqual(first.votes, { happiness: 10 });
  const [second] = tracker.update([face(0.5, 0.5, { probabilities: neutral })], 300);
  assert.deepEqual(second.votes, { happiness: 6, neutral: 4 });
  tracker.smoothing = 0;
  const [third] = tracker.update([face(0.5, 0.5, { probabilities: neutral })], 400);
  assert.deepEqual(third.votes, { neutral: 10 });
});

test("a balanced prediction is smoothed like the votes, and null for a model without one", () => {
  const tracker = new Tracker();
  const balanced = (p) => ({ ...face(0.5, 0.5), balanced: { neutral: p, sadness: 1 - p } });
  assert.equal(tracker.update([face(0.5, 0.5)], 0)[0].balanced, null);
  assert.equal(tracker.update([balanced(1)], 100)[0].balanced.neutral, 1);
  const { neutral, sadness } = tracker.update([balanced(0)], 200)[0].balanced;
  assert.ok(neutral > 0.5 && neutral < 1);
  assert.ok(Math.abs(neutral + sadness - 1) < 1e-9);
});

test("a track is unlike the training data if most recent detections are", () => {
  const tracker = new Tracker();
  const unlike = (value) => ({ ...face(0.5, 0.5), unlike: value });
  assert.equal(tracker.update([unlike(true)], 0)[0].unlike, true);
  assert.equal(tracker.update([unlike(false)], 100)[0].unlike, true);
  assert.equal(tracker.update([unlike(false)], 1200)[0].unlike, false);
  assert.equal(tracker.update([face(0.5, 0.5)], 1300)[0].unlike, false);
});

test("unsure follows the model's threshold, or without one the majority of recent detections", () => {
  const split = { neutral: 0.4, happiness: 0.35, surprise: 0.25 };
  const thresholded = new Tracker();
  thresholded.setModel({ name: "a", title: "", label_set: "", labels: LABELS, raters: 10, unsure_threshold: 0.45 });
  assert.equal(thresholded.update([face(0.5, 0.5, { probabilities: split })], 0)[0].unsure, true);
  const plain = new Tracker();
  plain.update([face(0.5, 0.5)], 0);
  assert.equal(plain.update([face(0.5, 0.5, { unsure: true })], 100)[0].unsure, false);
  assert.equal(plain.update([face(0.5, 0.5, { unsure: true })], 1200)[0].unsure, true);
});

test("changing the model resets the votes and keeps the identity", () => {
  const tracker = new Tracker();
  const [first] = tracker.update([face(0.5, 0.5)], 0);
  tracker.setModel({ name: "other", title: "", label_set: "", labels: LABELS, raters: null });
  const bare = { ...face(0.5, 0.5, { probabilities: { anger: 1 } }), votes: undefined };
  const [second] = tracker.update([bare], 100);
  assert.equal(second.id, first.id);
  assert.deepEqual(second.probabilities, { anger: 1 });
  assert.equal(second.votes, null);
});

test("tenVotes rounds by largest remainder", () => {
  assert.deepEqual(ten({ a: 0.81, b: 0.08, c: 0.11 }), { a: 8, b: 1, c: 1 });
  assert.deepEqual(ten({ a: 1 / 3, b: 1 / 3, c: 1 / 3 }), { a: 4, b: 3, c: 3 });
  assert.deepEqual(ten({ a: 1, b: 0 }), { a: 10 });
  assert.deepEqual(ten({ a: 0.96, b: 0.04 }), { a: 10 });
  const next = random(3);
  for (let i = 0; i < 500; i++) {
    const weights = Array.from({ length: 8 }, next);
    const sum = weights.reduce((a, b) => a + b);
    const votes = ten(Object.fromEntries(weights.map((w, j) => [String.fromCharCode(97 + j), w / sum])));
    assert.equal(Object.values(votes).reduce((a, b) => a + b), 10);
  }
});

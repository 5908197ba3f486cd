import assert from "node:assert/strict";
import test from "node:test";
import { HASH_SIZE, bitsOf, differenceHash, hashDistance, sharpness } from "../../../static/js/photos/appearance.js";
import { bestOf, collapse, stacksOf } from "../../../static/js/photos/stacks.js";

const { width, height } = HASH_SIZE;
const image = (value) => Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)));
const distance = (a, b) => hashDistance(bitsOf(a), bitsOf(b));

test("the hash has a bit for each brighter right neighbor", () => {
  assert.equal(differenceHash(image((x) => 20 * x)), "ffffffffffffffff");
  assert.equal(differenceHash(image((x) => 200 - 20 * x)), "0000000000000000");
  assert.equal(differenceHash(image((x, y) => (y === 0 ? 20 * x : 200 - 20 * x))), "ff00000000000000");
});

test("the hash ignores tone, and a flat image has none", () => {
  const one = image((x, y) => 40 + 10 * ((x * 7 + y * 5) % 11));
  assert.equal(differenceHash(one.map((value) => 0.6 * value + 30)), differenceHash(one));
  assert.equal(differenceHash(image((x) => 100 + x)), "");
});

test("the distance is the number of different bits", () => {
  assert.equal(distance("ffffffffffffffff", "0000000000000000"), 64);
  assert.equal(distance("8000000000000001", "0000000000000000"), 2);
  assert.equal(distance("123456789abcdef0", "123456789abcdef0"), 0);
});

test("a blurred image is less sharp", () => {
  const [w, h] = [40, 30];
  const sharp = Array.from({ length: w * h }, (_, i) => 255 * (Math.floor((i % w) / 5) % 2));
  const blurred = sharp.map((_, i) => [-1, 0, 1].reduce((sum, step) => sum + (sharp[i + step] ?? 0) / 3, 0));
  assert.ok(sharpness(sharp, w, h) > 2 * sharpness(blurred, w, h));
  assert.equal(sharpness([1, 2, 3, 4], 2, 2), 0);
});

const face = (votes, unsure = false) => ({ box: { x: 0, y: 0, width: 0.1, height: 0.1 }, landmarks: {}, score: 1, expression: "happiness", unsure, probabilities: { happiness: votes / 10 }, votes: { happiness: votes } });
let order = 0;
const photo = (id, hash, taken, { faces = [], ...extra } = {}) => ({
  id, name: id, path: "", bytes: 1, order: ++order, state: "read", taken, hash, sharpness: 1,
  reading: { picture: { width: 4, height: 3 }, model: {}, faces, milliseconds: {} }, ...extra,
});
const groups = (photos) => [...new Set(stacksOf(photos).values())].map(({ photos }) => photos.map(({ id }) => id));
const A = "0123456789abcdef", NEAR_A = "0123456789abcd00", FAR = "fedcba9876543210";

test("near-identical photos in one series are a stack", () => {
  assert.ok(distance(A, NEAR_A) > 2 && distance(A, NEAR_A) <= 10);
  assert.deepEqual(groups([photo("1", A, 0), photo("2", NEAR_A, 20_000), photo("3", FAR, 21_000), photo("4", A, 22_000)]), [["1", "2", "4"]]);
});

test("a later photo is not in the series, unless it is a copy", () => {
  assert.deepEqual(groups([photo("1", A, 0), photo("2", NEAR_A, 90_000)]), []);
  assert.deepEqual(groups([photo("1", A, 0), photo("2", A, 90_000_000), photo("3", A, null)]), [["1", "2", "3"]]);
});

test("photos without a hash, without a result, or alone are in no stack", () => {
  assert.deepEqual(groups([photo("1", "", 0), photo("2", "", 0), photo("3", undefined, 0), photo("4", A, 0), { ...photo("5", A, 0), state: "waiting" }]), []);
});

test("a series in the order of time, whatever the order of the photos", () => {
  const photos = [3, 1, 2].map((n) => photo(String(n), A, 1000 * n));
  assert.deepEqual(groups(photos), [["1", "2", "3"]]);
  assert.equal(stacksOf(photos).get("3").id, "1");
});

test("five thousand near-identical photos are grouped at once", () => {
  const photos = Array.from({ length: 5000 }, (_, i) => photo(String(i), i % 2 ? A : NEAR_A, 1000 * i));
  assert.deepEqual(groups(photos).map(({ length }) => length), [5000]);
});

test("the best photo shows everybody, nobody unsure, everybody happy, and is sharp", () => {
  const at = (faces, extra) => photo(String(++order), A, 0, { faces, ...extra });
  const lost = at([face(10)]), unsure = at([face(9), face(9, true)]), sad = at([face(10), face(2)]), happy = at([face(7), face(6)]);
  assert.equal(bestOf([lost, unsure, sad, happy]).best, happy);
  assert.equal(bestOf([lost, unsure, sad, happy]).reason, "2 faces, each with 6 of 10 votes or more for happiness");
  assert.equal(bestOf([lost, unsure]).best, unsure);
  const sharper = at([face(7), face(6)], { sharpness: 2 });
  assert.equal(bestOf([happy, sharper, sad]).best, sharper);
  assert.match(bestOf([happy, sharper, sad]).reason, /the sharpest$/);
});

test("the visitor's choice is the best", () => {
  const chosen = photo("chosen", A, 0, { chosen: true });
  assert.deepEqual(bestOf([photo("other", A, 0, { faces: [face(10)] }), chosen]), { best: chosen, reason: "your choice" });
});

test("collapsed, each stack shows its best photo in its place; an open one shows all", () => {
  const photos = [photo("1", A, 0), photo("x", FAR, 0), photo("2", A, 1, { sharpness: 5 }), photo("3", A, 2)];
  const stacks = stacksOf(photos);
  const ids = (open) => collapse(photos, stacks, open).map(({ id }) => id);
  assert.deepEqual(ids(""), ["x", "2"]);
  assert.deepEqual(ids("1"), ["x", "2", "1", "3"]);
});

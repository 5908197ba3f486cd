import assert from "node:assert/strict";
import { test } from "node:test";

import { COUNTDOWN, Challenge, ROUND } from "../../../static/js/live/challenge.js";

/** @param {number} id  @param {number} count  @returns {any} */
const track = (id, count) => ({ id, votes: { surprise: count, neutral: 10 - count } });

function playing() {
  const challenge = new Challenge();
  challenge.start("surprise", 1000);
  challenge.tick(1000 + COUNTDOWN);
  return challenge;
}

test("votes count only after the countdown", () => {
  const challenge = new Challenge();
  challenge.start("surprise", 1000);
  assert.equal(challenge.add([track(1, 10)], 1500), false);
  assert.equal(challenge.tick(1000 + COUNTDOWN - 1), false);
  assert.equal(challenge.left(1000 + COUNTDOWN - 1), 1);
  assert.equal(challenge.tick(1000 + COUNTDOWN), true);
  assert.equal(challenge.phase, "playing");
});

test("ten of ten win, with the time since the countdown and the face", () => {
  const challenge = playing();
  assert.equal(challenge.add([track(1, 4), track(2, 6)], 5000), true);
  assert.equal(challenge.add([track(1, 5)], 5500), false, "no better than before");
  assert.equal(challenge.votes, 5);
  assert.equal(challenge.add([track(3, 10)], 6000), true);
  assert.equal(challenge.phase, "won");
  assert.deepEqual(challenge.best, { votes: 10, time: 6000 - 1000 - COUNTDOWN, face: 3 });
  assert.deepEqual(challenge.records.get("surprise"), challenge.best);
});

test("the round ends when the time is up, and the best votes stay", () => {
  const challenge = playing();
  challenge.add([track(1, 7)], 9000);
  challenge.add([], 9500);
  assert.equal(challenge.votes, 0);
  assert.equal(challenge.tick(1000 + COUNTDOWN + ROUND), true);
  assert.equal(challenge.phase, "over");
  assert.equal(challenge.best?.votes, 7);
  assert.equal(challenge.add([track(1, 10)], 99_000), false);
});

test("a record is replaced by more votes or by the same in less time", () => {
  const challenge = playing();
  challenge.add([track(1, 10)], 9000);
  for (const [begin, result, votes, expected] of [[100_000, 104_000, 10, 1000], [200_000, 209_000, 10, 1000]]) {
    challenge.start("surprise", begin);
    challenge.tick(begin + COUNTDOWN);
    challenge.add([track(1, votes)], result);
    assert.equal(challenge.records.get("surprise")?.time, expected);
  }
});

test("a round without a face has no best", () => {
  const challenge = playing();
  challenge.add([], 9000);
  challenge.tick(1000 + COUNTDOWN + ROUND);
  assert.equal(challenge.best, null);
  assert.equal(challenge.records.size, 0);
});

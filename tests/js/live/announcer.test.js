import assert from "node:assert/strict";
import { test } from "node:test";

import { Announcer } from "../../../static/js/live/announcer.js";

/** @param {number} id  @param {string} expression */
const track = (id, expression) => /** @type {any} */ ({ id, expression, unsure: false, votes: { [expression]: 7, neutral: 3 } });

/** Runs results at 30 per second. @param {number} seconds  @param {(second: number) => any[]} tracksAt */
function announcements(seconds, tracksAt) {
  /** @type {string[]} */
  const texts = [];
  const announcer = new Announcer({ set textContent(/** @type {string} */ text) { texts.push(text); } });
  for (let frame = 0; frame <= 30 * seconds; frame++) announcer.update(tracksAt(frame / 30), (frame * 1000) / 30);
  return texts;
}

test("a change of expression is announced once at 30 results per second", () => {
  const texts = announcements(60, (second) => [track(1, second < 30 ? "happiness" : "surprise")]);
  assert.deepEqual(texts.map((text) => /happiness|surprise/.exec(text)?.[0]), ["happiness", "surprise"]);
});

test("an expression that lasts less than a second is not announced", () => {
  const texts = announcements(60, (second) => [track(1, second % 10 < 0.5 ? "fear" : "neutral")]);
  assert.equal(texts.length, 1);
  assert.match(texts[0], /neutral/);
});

test("the order of the faces does not matter, and votes alone are no change", () => {
  const texts = announcements(30, (second) => {
    const faces = [track(1, "happiness"), { ...track(2, "anger"), votes: { anger: second % 2 < 1 ? 6 : 9 } }];
    return second % 1 < 0.5 ? faces : faces.reverse();
  });
  assert.equal(texts.length, 1);
  assert.match(texts[0], /^Face 1: .*Face 2: /);
});

test("a face that leaves is announced", () => {
  const texts = announcements(20, (second) => (second < 10 ? [track(1, "happiness")] : []));
  assert.equal(texts[1], "No face in view.");
});

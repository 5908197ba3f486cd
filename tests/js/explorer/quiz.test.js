// You against ten: agreement with the raters' votes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isPlurality, peopleFor, peopleForOneRater, resultsOf } from "../../../static/js/explorer/quiz.js";

const close = (/** @type {number} */ actual, /** @type {number} */ expected) => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`);

test("a label's people are its votes, of ten", () => {
  assert.equal(peopleFor({ happiness: 7, neutral: 3 }, "happiness"), 7);
  assert.equal(peopleFor({ happiness: 7, neutral: 3 }, "fear"), 0);
  close(peopleFor({ happiness: 4, neutral: 5 }, "happiness"), 40 / 9); // a vote is missing
});

test("a tie has several plurality labels", () => {
  const votes = { anger: 5, disgust: 5, fear: 0 };
  assert.deepEqual(["anger", "disgust", "fear", "unknown"].map((label) => isPlurality(votes, label)), [true, true, false, false]);
});

test("one rater is compared with the others, not with the own vote", () => {
  assert.equal(peopleForOneRater({ happiness: 10 }), 10);
  assert.equal(peopleForOneRater({ a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1 }), 0);
  close(peopleForOneRater({ happiness: 7, neutral: 3 }), (10 * (7 * 6 + 3 * 2)) / 90);
});

test("the results compare the visitor, the model and one rater on the same faces", () => {
  const faces = [{ row: 1, votes: { happiness: 8, neutral: 2 }, answer: "happiness" }, { row: 2, votes: { fear: 6, surprise: 4 }, answer: "surprise" }];
  const results = resultsOf(faces, ["happiness", "fear"]);
  assert.deepEqual(results.you, { people: 7, plurality: 2 });
  assert.deepEqual(results.model, { people: 6, plurality: 1 });
  close(results.rater.plurality, 0.8 + 0.6);
  assert.equal(results.difference, 1);
  close(results.margin, 1.96 * Math.sqrt(2 / 2)); // differences 0 and 2
});

test("without a model there is nothing to compare with", () => {
  assert.equal(resultsOf([{ row: 1, votes: { fear: 10 }, answer: null }], ["fear"]).model, null);
});

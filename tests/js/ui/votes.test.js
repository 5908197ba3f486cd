import assert from "node:assert/strict";
import { test } from "node:test";

import { balancedText } from "../../../static/js/ui/balanced.js";
import { STYLES } from "../../../static/js/ui/expression-styles.js";
import { sentence, shortLabel, tally } from "../../../static/js/ui/votes.js";

const prediction = { votes: { neutral: 2, happiness: 7, surprise: 1 }, probabilities: {}, expression: "happiness", unsure: false };

test("sentence, label and tally of ten votes", () => {
  assert.equal(sentence(prediction), "7 of 10 people would call this happiness");
  assert.equal(shortLabel(prediction), "7 of 10 happiness");
  assert.equal(tally(prediction.votes), "happiness 7 · neutral 2 · surprise 1");
});

test("the balanced line names the most probable expressions and no votes", () => {
  assert.equal(balancedText({ neutral: 0.31, sadness: 0.52, anger: 0.17 }), "sadness 0.52 · neutral 0.31");
  assert.equal(balancedText({ neutral: 0.06, happiness: 0.94 }), "happiness 0.94");
});

test("unsure predictions are labeled unsure", () => {
  assert.equal(sentence({ ...prediction, unsure: true }), "Unsure: the ten would split");
  assert.equal(shortLabel({ ...prediction, unsure: true }), "unsure");
});

test("a face unlike the training data gets no expression", () => {
  for (const unsure of [false, true]) {
    assert.equal(shortLabel({ ...prediction, unsure, unlike: true }), "unlike the training data");
    assert.match(sentence({ ...prediction, unsure, unlike: true }), /^Unlike the training data/);
    assert.doesNotMatch(sentence({ ...prediction, unsure, unlike: true }), /happiness|10/);
  }
});

test("a model without raters never mentions people", () => {
  for (const unsure of [false, true]) assert.doesNotMatch(sentence({ ...prediction, votes: null, unsure }), /people|ten|10/);
});

test("eight expressions have distinct names, emojis and drawings", () => {
  const styles = Object.values(STYLES);
  assert.equal(styles.length, 8);
  for (const key of /** @type {const} */ (["name", "emoji", "path"])) assert.equal(new Set(styles.map((style) => style[key])).size, 8);
});

import assert from "node:assert/strict";
import { test } from "node:test";

import { LOOKS } from "../../../static/js/ui/expression-styles.js";
import { sentence, shortWords, tally } from "../../../static/js/ui/votes.js";

const judged = { votes: { neutral: 2, happiness: 7, surprise: 1 }, probabilities: {}, expression: "happiness", unsure: false };

test("what ten people would say", () => {
  assert.equal(sentence(judged), "7 of 10 people would call this happiness");
  assert.equal(shortWords(judged), "7 of 10 happiness");
  assert.equal(tally(judged.votes), "happiness 7 · neutral 2 · surprise 1");
});

test("unsure is said, not hidden", () => {
  assert.equal(sentence({ ...judged, unsure: true }), "Unsure: the ten would split");
  assert.equal(shortWords({ ...judged, unsure: true }), "unsure");
});

test("a model without raters never speaks of people", () => {
  for (const unsure of [false, true]) assert.doesNotMatch(sentence({ ...judged, votes: null, unsure }), /people|ten|10/);
});

test("eight expressions, each with a word, an emoji and a drawing of its own", () => {
  const looks = Object.values(LOOKS);
  assert.equal(looks.length, 8);
  for (const key of /** @type {const} */ (["name", "emoji", "path"])) assert.equal(new Set(looks.map((look) => look[key])).size, 8);
});

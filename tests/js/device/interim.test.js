import assert from "node:assert/strict";
import { test } from "node:test";
import { interimFor } from "../../../static/js/device/interim.js";

/** @param {string} name  @param {number} bytes  @param {object} [card] */
const model = (name, bytes, card = {}) => /** @type {any} */ ({ name, card: { label_set: "ferplus", raters: 10, ...card }, files: { "model.json": { bytes: 100 }, "weights.bin": { bytes } } });

test("the smallest network with the same labels and raters answers first", () => {
  const large = model("large", 9000), small = model("small", 1000), middle = model("middle", 1500);
  assert.equal(interimFor([large, middle, small], large), small);
});

test("a network with other labels, without votes, or hardly smaller is no interim network", () => {
  const large = model("large", 9000);
  assert.equal(interimFor([large, model("seven", 10, { label_set: "fer2013" }), model("no votes", 10, { raters: null })], large), null);
  assert.equal(interimFor([large, model("hardly smaller", 4000)], large), null);
  assert.equal(interimFor([large], large), null);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { readViews, withView, writeViews } from "../../../static/js/explorer/saved-views.js";

/** @param {Record<string, string>} [items]  @returns {Storage} */
const storageOf = (items = {}) => /** @type {any} */ ({ getItem: (/** @type {string} */ key) => items[key] ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => { items[key] = value; } });

test("views are stored per data set, sorted by name, and replaced by name", () => {
  const storage = storageOf();
  let views = withView([], { name: "wrong", url: "/data/fer2013/browse?right=no" });
  views = withView(views, { name: "fear", url: "/data/fer2013?label=fear" });
  views = withView(views, { name: "wrong", url: "/data/fer2013/issues" });
  assert.equal(writeViews("fer2013", views, storage), true);
  assert.deepEqual(readViews("fer2013", storage), [{ name: "fear", url: "/data/fer2013?label=fear" }, { name: "wrong", url: "/data/fer2013/issues" }]);
  assert.deepEqual(readViews("own", storage), []);
});

test("damaged storage and addresses elsewhere are ignored", () => {
  const key = "emoscope.views.fer2013";
  for (const text of ["{", "3", "null", '[null, 1, {"name": 2, "url": "/data/fer2013"}]']) assert.deepEqual(readViews("fer2013", storageOf({ [key]: text })), []);
  for (const url of ["javascript:alert(1)", "https://other.example/data/fer2013", "//other.example", "/data/fer2013x", "/live", 7]) {
    assert.deepEqual(readViews("fer2013", storageOf({ [key]: JSON.stringify([{ name: "a", url }]) })), []);
  }
});

test("blocked storage is reported", () => {
  const blocked = /** @type {any} */ ({ getItem() { throw new Error("blocked"); }, setItem() { throw new Error("blocked"); } });
  assert.deepEqual(readViews("fer2013", blocked), []);
  assert.equal(writeViews("fer2013", [], blocked), false);
});

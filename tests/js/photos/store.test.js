import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import test from "node:test";
import { Store } from "../../../static/js/photos/store.js";

const photo = (id, order) => ({ id, name: id, path: "", bytes: 1, order, taken: null, state: /** @type {const} */ ("read") });
const previews = { thumbnail: new Blob(["small"]), preview: new Blob(["large"]) };

test("records and previews persist in order after reopening the store", async () => {
  const first = await Store.open("reload");
  await first.putRead(photo("b", 2), previews);
  await first.putRead(photo("a", 1), previews);
  first.close();
  const second = await Store.open("reload");
  assert.deepEqual((await second.photos()).map(({ id }) => id), ["a", "b"]);
  assert.ok(await second.thumbnail("a"));
  second.close();
});

test("removing a photo deletes its previews and no others", async () => {
  const store = await Store.open("remove");
  await store.putRead(photo("a", 1), previews);
  await store.putRead(photo("b", 2), previews);
  await store.remove(["a"]);
  assert.deepEqual((await store.photos()).map(({ id }) => id), ["b"]);
  assert.equal(await store.thumbnail("a"), undefined);
  assert.equal(await store.preview("a"), undefined);
  assert.ok(await store.preview("b"));
  store.close();
});

test("clear empties every store", async () => {
  const store = await Store.open("clear");
  await store.putRead(photo("a", 1), previews);
  await store.clear();
  for (const name of store.database.objectStoreNames) assert.equal(await store.database.count(name), 0, name);
  store.close();
});

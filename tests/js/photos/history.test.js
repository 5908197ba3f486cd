import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import test from "node:test";
import { Edits } from "../../../static/js/photos/edits.js";
import { Gallery, Selection } from "../../../static/js/photos/gallery.js";
import { History } from "../../../static/js/photos/history.js";
import { Queue } from "../../../static/js/photos/queue.js";
import { Store } from "../../../static/js/photos/store.js";

/** A history whose changes append to a list and take away from it. */
function appending() {
  const history = new History(), list = [];
  const append = (value, wait = 0) => history.run({
    label: `append ${value}`,
    redo: async () => void (wait && (await new Promise((resolve) => setTimeout(resolve, wait))), list.push(value)),
    undo: () => void list.pop(),
  });
  return { history, list, append };
}

test("undo and redo go back and forth", async () => {
  const { history, list, append } = appending();
  await append("a");
  await append("b");
  assert.equal(await history.undo(), "append b");
  assert.deepEqual(list, ["a"]);
  assert.deepEqual([history.undoable, history.redoable], ["append a", "append b"]);
  await history.redo();
  assert.deepEqual(list, ["a", "b"]);
  await history.undo();
  await append("c");
  assert.equal(await history.redo(), ""); // a new change replaces what was undone
  assert.deepEqual(list, ["a", "c"]);
  await history.undo();
  await history.undo();
  assert.equal(await history.undo(), "");
});

test("undo waits for the change before it", async () => {
  const { history, list, append } = appending();
  const slow = append("a", 20);
  await history.undo();
  assert.deepEqual(list, []);
  await slow;
  assert.deepEqual(list, []);
});

const previews = { thumbnail: new Blob(["small"]), preview: new Blob(["large"]) };

/** A gallery of three photos, the last of which waits to be read, and its edits. */
async function opened(name) {
  const store = await Store.open(name);
  const gallery = new Gallery(store), selection = new Selection();
  const queue = new Queue(async () => {});
  queue.pause();
  const stored = new Map([["one", { record: { id: "one" }, item: undefined }]]);
  const videos = {
    remove: async (ids) => ids.map((id) => [stored.get(id), stored.delete(id)][0]),
    clear: async () => videos.remove([...stored.keys()]),
    restore: async (removed) => removed.forEach((one) => stored.set(one.record.id, one)),
  };
  const items = ["a", "b", "c"].map((id) => ({ id, name: id, path: "", size: 1, modified: 1, kind: "image", blob: async () => new Blob([id]) }));
  await gallery.add(items);
  for (const id of ["a", "b"]) await gallery.update(Object.assign(gallery.photos.get(id), { state: "read" }), previews);
  return { store, gallery, selection, queue, stored, edits: new Edits({ gallery, selection, queue, videos }) };
}

test("a removed photo comes back with its previews, its file and its place", async () => {
  const { store, gallery, queue, edits } = await opened("undo remove");
  const order = gallery.photos.get("b").order;
  await edits.remove(["b", "c"].map((id) => gallery.photos.get(id)));
  assert.deepEqual([...gallery.photos.keys()], ["a"]);
  assert.equal(await store.preview("b"), undefined);
  await edits.history.undo();
  assert.equal(gallery.photos.get("b").order, order);
  assert.ok(await store.preview("b"));
  assert.ok(gallery.originals.has("c"));
  assert.deepEqual([...queue.tasks.keys()], ["c"]); // it was not read yet
  assert.deepEqual((await store.photos()).map(({ id }) => id), ["a", "b", "c"]);
  await edits.history.redo();
  assert.deepEqual((await store.photos()).map(({ id }) => id), ["a"]);
  assert.equal(queue.tasks.size, 0);
  store.close();
});

test("clear all can be undone", async () => {
  const { store, gallery, selection, stored, edits } = await opened("undo clear");
  selection.set("a", true);
  await edits.clear();
  for (const name of store.database.objectStoreNames) assert.equal(await store.database.count(name), 0, name);
  assert.deepEqual([gallery.photos.size, selection.ids.size, stored.size], [0, 0, 0]);
  await edits.history.undo();
  assert.deepEqual([...gallery.photos.keys()], ["a", "b", "c"]);
  assert.ok(await store.thumbnail("a"));
  assert.equal(stored.size, 1);
  store.close();
});

test("marks and choices are stored and undone", async () => {
  const { store, gallery, edits } = await opened("undo mark");
  const [a, b] = ["a", "b"].map((id) => gallery.photos.get(id));
  const marks = async () => (await store.photos()).map(({ mark }) => mark);
  await edits.mark([a], "keep");
  await edits.mark([a, b], "reject");
  assert.deepEqual(await marks(), ["reject", "reject", undefined]);
  assert.equal(edits.history.undoable, "reject 2 photos");
  await edits.history.undo();
  assert.deepEqual(await marks(), ["keep", undefined, undefined]);
  await edits.choose(b, [a, b]);
  assert.deepEqual([a.chosen, b.chosen], [false, true]);
  await edits.choose(a, [a, b]);
  assert.deepEqual([a.chosen, b.chosen], [true, false]);
  await edits.history.undo();
  assert.deepEqual([a.chosen, b.chosen, a.mark], [false, true, "keep"]);
  store.close();
});

test("a removed video comes back", async () => {
  const { store, stored, edits } = await opened("undo video");
  await edits.removeVideo("one");
  assert.equal(stored.size, 0);
  await edits.history.undo();
  assert.equal(stored.size, 1);
  store.close();
});

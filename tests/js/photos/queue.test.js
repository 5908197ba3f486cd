import assert from "node:assert/strict";
import test from "node:test";
import { Queue } from "../../../static/js/photos/queue.js";

/** A queue whose tasks finish when the test resolves them. */
function bench(options) {
  const open = new Map();
  const seen = [];
  const queue = new Queue((item, { signal, onProgress }) => new Promise((resolve, reject) => {
    seen.push(item);
    open.set(item, { resolve, reject, onProgress });
    signal.addEventListener("abort", () => reject(signal.reason));
  }), options);
  return { queue, open, seen };
}
const settle = () => new Promise((resolve) => setTimeout(resolve));

test("tasks run in order, at most `width` at a time", async () => {
  const { queue, open, seen } = bench({ width: 2 });
  for (const name of ["a", "b", "c", "d"]) queue.add(name, name);
  assert.deepEqual(seen, ["a", "b"]);
  open.get("b").resolve();
  await settle();
  assert.deepEqual(seen, ["a", "b", "c"]);
  assert.equal(queue.totals.done, 1);
});

test("a waiting or running task is not added twice", () => {
  const { queue, seen } = bench();
  assert.equal(queue.add("a", "a"), true);
  assert.equal(queue.add("a", "a"), false);
  assert.deepEqual(seen, ["a"]);
});

test("pause finishes running tasks and starts no new ones until resume", async () => {
  const { queue, open, seen } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  queue.pause();
  open.get("a").resolve();
  await settle();
  assert.deepEqual(seen, ["a"]);
  queue.resume();
  assert.deepEqual(seen, ["a", "b"]);
});

test("cancel aborts running and waiting tasks; retry restarts them", async () => {
  const { queue, open, seen } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  queue.cancel();
  await settle();
  assert.equal(queue.totals.cancelled, 2);
  assert.ok(queue.idle);
  queue.retry();
  open.get("a").resolve();
  await settle();
  open.get("b").resolve();
  await settle();
  assert.deepEqual(seen, ["a", "a", "b"]);
  assert.equal(queue.totals.done, 2);
});

test("a failed task does not affect the others", async () => {
  const { queue, open } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  open.get("a").reject(new Error("truncated"));
  await settle();
  assert.equal(queue.tasks.get("a").state, "failed");
  assert.equal(queue.tasks.get("a").error.message, "truncated");
  assert.equal(queue.tasks.get("b").state, "running");
});

test("progress counts running tasks in part and never decreases", async () => {
  const { queue, open } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  open.get("a").onProgress(0.5);
  assert.equal(queue.totals.progress, 0.25);
  open.get("a").onProgress(0.2);
  assert.equal(queue.totals.progress, 0.25);
  open.get("a").resolve();
  await settle();
  assert.equal(queue.totals.progress, 0.5);
});

test("five thousand tasks finish and release their files", async () => {
  const queue = new Queue(async () => {}, { width: 4 });
  for (let i = 0; i < 5000; i++) queue.add(String(i), { file: i });
  while (!queue.idle) await settle();
  assert.equal(queue.totals.done, 5000);
  assert.ok([...queue.tasks.values()].every(({ item }) => item === null));
  queue.clear();
  assert.equal(queue.totals.total, 0);
});

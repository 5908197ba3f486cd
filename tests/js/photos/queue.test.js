import assert from "node:assert/strict";
import test from "node:test";
import { Queue } from "../../../static/js/photos/queue.js";

/** Work that ends when told. */
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

test("tasks run in order, no more at a time than told", async () => {
  const { queue, open, seen } = bench({ width: 2 });
  for (const name of ["a", "b", "c", "d"]) queue.add(name, name);
  assert.deepEqual(seen, ["a", "b"]);
  open.get("b").resolve();
  await settle();
  assert.deepEqual(seen, ["a", "b", "c"]);
  assert.equal(queue.totals.done, 1);
});

test("the same task is not added twice while it waits or runs", () => {
  const { queue, seen } = bench();
  assert.equal(queue.add("a", "a"), true);
  assert.equal(queue.add("a", "a"), false);
  assert.deepEqual(seen, ["a"]);
});

test("pause lets what runs end and starts nothing; resume goes on", async () => {
  const { queue, open, seen } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  queue.pause();
  open.get("a").resolve();
  await settle();
  assert.deepEqual(seen, ["a"]);
  queue.resume();
  assert.deepEqual(seen, ["a", "b"]);
});

test("cancel aborts what runs and drops what waits; retry begins it again", async () => {
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

test("a failure is that task's alone", async () => {
  const { queue, open } = bench({ width: 1 });
  for (const name of ["a", "b"]) queue.add(name, name);
  open.get("a").reject(new Error("truncated"));
  await settle();
  assert.equal(queue.tasks.get("a").state, "failed");
  assert.equal(queue.tasks.get("a").error.message, "truncated");
  assert.equal(queue.tasks.get("b").state, "running");
});

test("progress counts running tasks in part and never goes back", async () => {
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

test("five thousand tasks end, and finished ones let go of their files", async () => {
  const queue = new Queue(async () => {}, { width: 4 });
  for (let i = 0; i < 5000; i++) queue.add(String(i), { file: i });
  while (!queue.idle) await settle();
  assert.equal(queue.totals.done, 5000);
  assert.ok([...queue.tasks.values()].every(({ item }) => item === null));
  queue.clear();
  assert.equal(queue.totals.total, 0);
});

import assert from "node:assert/strict";
import test from "node:test";
import { withRetries } from "../../../static/js/photos/readers.js";
import { ReaderError } from "../../../static/js/types.js";

const { signal } = new AbortController();

test("temporary errors are retried", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const errors = [new ReaderError("timeout", ""), new ReaderError("busy", "")];
  const result = withRetries(async () => {
    if (errors.length) throw errors.shift();
    return "read";
  }, signal);
  for (let turn = 0; turn < 20; turn++) {
    await null;
    context.mock.timers.tick(500);
  }
  assert.equal(await result, "read");
});

test("permanent errors are raised at once", async () => {
  let calls = 0;
  const work = async () => {
    calls++;
    throw new ReaderError("unknown_model", "no such model");
  };
  await assert.rejects(withRetries(work, signal), { code: "unknown_model" });
  assert.equal(calls, 1);
});

test("an abort ends the retries", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const cancelled = AbortSignal.abort(new Error("cancelled"));
  const result = assert.rejects(withRetries(() => Promise.reject(new ReaderError("busy", "")), cancelled), /cancelled/);
  for (let turn = 0; turn < 20; turn++) {
    await null;
    context.mock.timers.tick(500);
  }
  await result;
});

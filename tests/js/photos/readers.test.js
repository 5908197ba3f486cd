import assert from "node:assert/strict";
import test from "node:test";
import { patiently } from "../../../static/js/photos/readers.js";
import { ReaderError } from "../../../static/js/types.js";

const { signal } = new AbortController();

test("a server that is busy or out of reach for a moment is asked again", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const errors = [new ReaderError("timeout", ""), new ReaderError("busy", "")];
  const answer = patiently(async () => {
    if (errors.length) throw errors.shift();
    return "read";
  }, signal);
  for (let turn = 0; turn < 20; turn++) {
    await null;
    context.mock.timers.tick(500);
  }
  assert.equal(await answer, "read");
});

test("what waiting does not mend is said at once", async () => {
  let asked = 0;
  const work = async () => {
    asked++;
    throw new ReaderError("unknown_model", "no such model");
  };
  await assert.rejects(patiently(work, signal), { code: "unknown_model" });
  assert.equal(asked, 1);
});

test("waiting ends when it is cancelled", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const cancelled = AbortSignal.abort(new Error("cancelled"));
  const answer = assert.rejects(patiently(() => Promise.reject(new ReaderError("busy", "")), cancelled), /cancelled/);
  for (let turn = 0; turn < 20; turn++) {
    await null;
    context.mock.timers.tick(500);
  }
  await answer;
});

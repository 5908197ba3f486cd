import assert from "node:assert/strict";
import { test } from "node:test";

import { Clock } from "../../../static/js/live/frame-buffer.js";
import { History, SPAN, runs } from "../../../static/js/ui/timeline.js";

/** The clock after `seconds` of frames every `gap` ms whose results take `latency` ms. */
function run(gap, latency, seconds = 10, clock = new Clock()) {
  for (let time = 0; time < seconds * 1000; time += gap) clock.resultArrived(time, time + latency);
  return clock;
}

test("the display delay is one round trip plus one gap", () => {
  assert.ok(Math.abs(run(50, 40).delay - 90) < 5);
  assert.ok(Math.abs(run(300, 280).delay - 580) < 10);
});

test("the displayed moment is never after the newest result while results arrive", () => {
  const clock = run(100, 80);
  assert.ok(clock.moment(9900 + 80) <= 9900);
  assert.ok(clock.moment(9900 + 900) <= 9900);
});

test("when results stop, the video continues without boxes", () => {
  const clock = run(100, 80);
  const later = 9900 + 80 + 2000;
  assert.equal(clock.fresh(later), false);
  assert.equal(clock.moment(later), later);
});

test("the timeline holds one minute at four samples per second and detects gaps", () => {
  const history = new History();
  for (let time = 0; time <= 90_000; time += 50) history.add(time, { happiness: 10 });
  assert.ok(history.samples.length <= SPAN / 250 + 1);
  assert.ok(history.samples[0].time >= 90_000 - SPAN);
  assert.deepEqual(history.at(80_010)?.counts, { happiness: 10 });
  assert.equal(history.at(95_000), undefined);
});

test("runs of one expression end at another expression or a gap", () => {
  const at = (/** @type {number} */ time, /** @type {string} */ label) => ({ time, counts: { [label]: 7, neutral: 3 } });
  const samples = [at(0, "happiness"), at(250, "happiness"), at(500, "anger"), at(750, "happiness"), at(5000, "happiness")];
  assert.deepEqual(runs(samples), [
    { label: "happiness", from: 0, to: 250 }, { label: "anger", from: 500, to: 500 },
    { label: "happiness", from: 750, to: 750 }, { label: "happiness", from: 5000, to: 5000 },
  ]);
});

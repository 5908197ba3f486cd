import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_MARKS, SessionHistory } from "../../../static/js/live/session-history.js";
import { csv, json } from "../../../static/js/live/session-files.js";
import { clock, scaleOf } from "../../../static/js/live/session-chart.js";

const MODEL = "jury-live 1.0.0";
/** @param {number} id  @param {string} expression  @returns {any} */
const track = (id, expression) => ({ id, color: id % 6, votes: { [expression]: 10 }, probabilities: { neutral: 0, surprise: 0, [expression]: 1 }, balanced: null, expression, unsure: false, unlike: false, face: {} });

test("one result per step and face, the latest", () => {
  const history = new SessionHistory();
  for (const [time, expression] of /** @type {[number, string][]} */ ([[0.01, "neutral"], [0.2, "surprise"], [0.26, "neutral"]])) history.add(time, [track(1, expression)], MODEL);
  const [face] = history.faces.values();
  assert.deepEqual(face.samples.map(({ slot, expression }) => [slot, expression]), [[0, "surprise"], [1, "neutral"]]);
  assert.equal(history.at(0.1)[0].sample.expression, "surprise");
});

test("a result is valid for about a second, then the face is not in view", () => {
  const history = new SessionHistory();
  history.add(1, [track(1, "neutral")], MODEL);
  assert.equal(history.at(2).length, 1);
  assert.equal(history.at(2.6).length, 0);
  assert.equal(history.at(0.5).length, 0);
  history.add(1.6, [], MODEL);
  assert.equal(history.at(1.7).length, 0, "a frame without the face was read");
});

test("a moment of a video file that is read again replaces the older result, whatever the number of the face", () => {
  const history = new SessionHistory();
  for (let time = 0; time < 10; time += 0.1) history.add(time, [track(1, "neutral")], MODEL);
  for (let time = 4; time < 6; time += 0.1) history.add(time, [track(2, "surprise")], MODEL);
  assert.deepEqual(history.at(5).map(({ face }) => face.id), [2]);
  assert.deepEqual(history.at(3).map(({ face }) => face.id), [1]);
  assert.deepEqual(history.at(8).map(({ face }) => face.id), [1]);
  const first = /** @type {any} */ (history.faces.get(1)).samples.map((/** @type {any} */ sample) => sample.slot);
  assert.deepEqual(first, [...first].sort((a, b) => a - b));
});

test("a session of any length stays whole within the limit", () => {
  const history = new SessionHistory(1000);
  for (let time = 0; time < 4000; time += 0.25) history.add(time, [track(1, time < 2000 ? "neutral" : "surprise"), track(2, "neutral")], MODEL);
  const count = [...history.faces.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  assert.ok(count <= 1000 && count > 400, `${count} samples`);
  assert.equal(history.step, 8); // 4000 s of two faces: the first step with at most 1000 results
  assert.equal(history.at(100)[0].sample.expression, "neutral");
  assert.equal(history.at(3900)[0].sample.expression, "surprise");
  assert.equal(history.dropped, 0);
});

test("thousands of faces that pass by are limited too; those seen briefly are dropped and counted", () => {
  const history = new SessionHistory(1000);
  for (let i = 0; i < 5000; i++) history.add(i / 4, [track(1, "neutral"), track(2 + i, "surprise")], MODEL);
  const count = [...history.faces.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  assert.ok(count <= 1000, `${count} samples`);
  assert.ok(history.dropped > 3000);
  assert.ok(history.faces.has(1), "the face that stayed is kept");
  assert.equal(history.longest(5)[0].id, 1);
});

test("marks are kept in order of time, up to a limit", () => {
  const history = new SessionHistory();
  history.mark(5);
  const early = history.mark(2);
  assert.deepEqual(history.marks.map(({ time }) => time), [2, 5]);
  history.unmark(/** @type {any} */ (early));
  assert.deepEqual(history.marks.map(({ time }) => time), [5]);
  for (let i = 0; i < MAX_MARKS; i++) history.mark(i);
  assert.equal(history.marks.length, MAX_MARKS);
  assert.equal(history.mark(1), null);
});

test("CSV and JSON contain each face and step, with the marks", () => {
  const history = new SessionHistory();
  history.add(0, [track(1, "neutral")], MODEL);
  const unlike = { ...track(1, "surprise"), balanced: { neutral: 0.25, surprise: 0.75 }, unlike: true, face: { unlike: false } };
  history.add(1, [unlike, track(2, "neutral")], MODEL);
  const mark = history.mark(1.1);
  if (mark) mark.note = "=a, b";
  const about = { started: Date.UTC(2026, 0, 2), source: "Live" };
  const lines = csv(history, about).trim().split("\r\n");
  assert.equal(lines[0], "time,seconds,face,model,expression,unsure,mark,votes_neutral,votes_surprise,probability_neutral,probability_surprise,balanced_neutral,balanced_surprise,unlike");
  assert.equal(lines[1], "2026-01-02T00:00:00.000Z,0.00,1,jury-live 1.0.0,neutral,false,,10,0,1,0,,,");
  assert.equal(lines[2], "2026-01-02T00:00:01.000Z,1.00,1,jury-live 1.0.0,surprise,false,\"'=a, b\",0,10,0,1,0.25,0.75,true");
  assert.equal(lines.length, 4);
  const saved = JSON.parse(json(history, about));
  assert.equal(saved.format, "emoscope-timeline");
  assert.deepEqual(saved.marks, [{ seconds: 1.1, note: "=a, b" }]);
  assert.deepEqual(saved.faces.map((/** @type {any} */ face) => face.samples.length), [2, 1]);
  const [first, second] = saved.faces[0].samples;
  assert.deepEqual([first.balanced, first.unlike], [null, null]);
  assert.deepEqual([second.seconds, second.balanced.surprise, second.unlike], [1, 0.75, true]);
  assert.equal(JSON.parse(json(history, { started: null, source: "Video file" })).started, null);
  assert.match(csv(history, { started: null, source: "Video file" }), /^,0\.00,1,/m);
});

test("time and place on the chart are inverse", () => {
  const { x, time } = scaleOf({ from: 10, to: 70 }, 600);
  assert.ok(Math.abs(time(x(33)) - 33) < 1e-9);
  assert.equal(time(-50), 10);
  assert.equal(time(9999), 70);
  assert.deepEqual([0, 65, 3725].map(clock), ["0:00", "1:05", "1:02:05"]);
});

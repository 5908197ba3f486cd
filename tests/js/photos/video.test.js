import assert from "node:assert/strict";
import test from "node:test";
import { FaceNumbering, append, faces, newRecord, resumed, sampleAt, trimmed } from "../../../static/js/photos/video-record.js";
import { clock, csv, json, vtt } from "../../../static/js/photos/video-record.js";
import { moments } from "../../../static/js/photos/video-moments.js";

const LABELS = ["neutral", "happiness", "surprise"];
const reading = { model: { name: "jury-live", version: "1.0.0", label_set: "ferplus" }, picture: { width: 4, height: 3 }, faces: [], milliseconds: {} };
const track = (id, strengths, unsure = false, unlike = false) => ({
  id, unsure, unlike, votes: Object.fromEntries(LABELS.map((label, i) => [label, strengths[i]])), probabilities: {},
  face: { box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }, probabilities: Object.fromEntries(LABELS.map((label) => [label, 0])) },
});
function recordOf(happy, step = 0.2) {
  const record = newRecord({ id: "f", name: "f.mp4", duration: happy.length * step, width: 4, height: 3, step });
  happy.forEach((votes, i) => append(record, i * step, reading, votes === null ? [] : [track(1, [10 - votes, votes, 0])]));
  return record;
}

test("a stored record returns its samples", () => {
  const record = recordOf([1, 2, 3]);
  const samples = faces(trimmed(record)).get(1);
  assert.deepEqual(samples.map(({ strengths }) => strengths[1]), [1, 2, 3]);
  assert.ok(Math.abs(samples[2].time - 0.4) < 1e-6);
  assert.ok(Math.abs(samples[0].box.width - 0.3) < 1e-6);
});

test("one hour of three faces at five frames/s takes less than 4 MB", () => {
  const record = newRecord({ id: "f", name: "f.mp4", duration: 3600, width: 4, height: 3, step: 0.2 });
  for (let i = 0; i < 18_000; i++) append(record, i / 5, reading, [1, 2, 3].map((id) => track(id, [5, 5, 0])));
  assert.equal(record.count, 54_000);
  assert.ok(trimmed(record).data.byteLength < 4e6);
});

test("a change counts only if the new expression lasts", () => {
  const calm = Array(10).fill(1);
  const glad = Array(10).fill(9);
  const found = (list) => { const record = recordOf(list); return moments(record, faces(record)).filter(({ kind }) => kind === "change"); };
  assert.deepEqual(found([...calm, 9, 9, ...calm]), []);
  const [change] = found([...calm, ...glad]);
  assert.equal(change.from, "neutral");
  assert.equal(change.label, "happiness");
  assert.ok(Math.abs(change.time - 2) < 1e-6);
});

test("a peak has a drop on both sides", () => {
  const record = recordOf([1, 3, 6, 9, 8, 9, 5, 2, 2, 7, 3, 5, 4]);
  const peaks = moments(record, faces(record)).filter(({ kind, label }) => kind === "peak" && label === "happiness");
  assert.deepEqual(peaks.map(({ strength }) => strength), [9, 7]);
});

test("a face that was absent appears again", () => {
  const record = recordOf([1, 1, ...Array(20).fill(null), 1]);
  assert.equal(moments(record, faces(record)).filter(({ kind }) => kind === "appears").length, 2);
});

test("sampleAt returns the valid sample, none while the face is absent", () => {
  const record = recordOf([1, 2, ...Array(20).fill(null), 3]);
  const samples = faces(record).get(1);
  assert.equal(sampleAt(samples, 0.25, 0.2).strengths[1], 2);
  assert.equal(sampleAt(samples, 3, 0.2), undefined);
  assert.equal(sampleAt(samples, -1, 0.2), undefined);
});

test("CSV, JSON and WebVTT have the documented form", () => {
  const record = recordOf([1, 1, 9, 9, null, null, null, 9]);
  const all = faces(record);
  const lines = csv(record, all).trimEnd().split("\r\n");
  assert.equal(lines.length, 6);
  assert.equal(lines[0].split(",").length, lines[1].split(",").length);
  assert.equal(JSON.parse(json(record, all, [])).faces[0].samples.length, 5);
  const text = vtt(record, all);
  assert.ok(text.startsWith("WEBVTT\n\n00:00:00.000 --> 00:00:00.400\n<v Face 1>9 of 10 neutral\n"), text);
  assert.equal(text.match(/-->/g).length, 3);
  assert.equal(clock(3723.5), "01:02:03.500");
});

test("samples unlike the training data are marked in every file, and name no expression", () => {
  const record = newRecord({ id: "f", name: "f.mp4", duration: 1, width: 4, height: 3, step: 0.2 });
  [[false, false], [true, false], [true, true], [false, true]].forEach(([unsure, unlike], i) => append(record, i / 5, reading, [track(1, [9, 1, 0], unsure, unlike)]));
  const all = faces(trimmed(record));
  assert.deepEqual(all.get(1).map(({ unsure, unlike }) => [unsure, unlike]), [[false, false], [true, false], [true, true], [false, true]]);
  const lines = csv(record, all).trimEnd().split("\r\n").map((line) => line.split(",").at(-1));
  assert.deepEqual(lines, ["unlike", "false", "false", "true", "true"]);
  assert.deepEqual(JSON.parse(json(record, all, [])).faces[0].samples.map(({ unlike }) => unlike), [false, false, true, true]);
  assert.match(vtt(record, all), /<v Face 1>unlike the training data\n$/);
  assert.equal(moments(record, all).filter(({ kind }) => kind === "change").length, 0);
});

test("a resumed video continues with the same face numbers", () => {
  const known = trimmed(recordOf([1, 2, 3]));
  const record = resumed(known, { id: "f", name: "f.mp4", duration: 2, width: 4, height: 3, step: 0.2 });
  const numbering = new FaceNumbering(record);
  const elsewhere = { ...track(7, [5, 5, 0]), face: { box: { x: 0.6, y: 0.6, width: 0.3, height: 0.3 }, probabilities: {} } };
  numbering.match([elsewhere, track(9, [5, 5, 0])]);
  for (const one of [elsewhere, track(9, [6, 4, 0])]) append(record, 0.6, reading, [{ ...one, id: numbering.of(one.id) }]);
  assert.deepEqual([...faces(record)].map(([face, samples]) => [face, samples.length]), [[1, 4], [2, 1]]);
  assert.equal(known.count, 3);
});

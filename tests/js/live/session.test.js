import assert from "node:assert/strict";
import { test } from "node:test";

import { MAX_ROWS, Session } from "../../../static/js/live/session.js";

const reading = { picture: { width: 640, height: 480 }, model: { name: 'odd, "model"', version: "1.0.0", label_set: "ferplus" }, faces: [], milliseconds: {} };
const track = {
  id: 2, expression: "happiness", unsure: false, votes: { happiness: 8, neutral: 2 },
  balanced: { neutral: 0.1, happiness: 0.7, anger: 0.2 }, unlike: true,
  face: { box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }, score: 0.987654321, probabilities: { neutral: 0.2, happiness: 0.8, anger: 0 }, distance: 0.6, unlike: false },
};

function recorded() {
  const session = new Session();
  session.start();
  session.add(/** @type {any} */ (reading), [/** @type {any} */ (track)], Date.now() + 1500);
  return session;
}

test("CSV has a header and one row per face, quoted where necessary", () => {
  const [header, row, end] = recorded().csv().split("\r\n");
  assert.equal(header, "time,seconds,face,x,y,width,height,score,model,expression,unsure,votes_neutral,votes_happiness,votes_anger,probability_neutral,probability_happiness,probability_anger,balanced_neutral,balanced_happiness,balanced_anger,distance,unlike");
  assert.match(row, /^\d{4}-\d\d-\d\dT[\d:.]+Z,1\.5\d\d,2,0\.1,0\.2,0\.3,0\.4,0\.98765,"odd, ""model"" 1\.0\.0",happiness,false,2,8,0,0\.2,0\.8,0,0\.1,0\.7,0\.2,0\.6,true$/);
  assert.equal(end, "");
});

test("CSV leaves empty what a model does not have", () => {
  const session = new Session();
  session.start();
  session.add(/** @type {any} */ (reading), [/** @type {any} */ ({ ...track, votes: null, balanced: null, unlike: false, face: { ...track.face, distance: undefined, unlike: undefined } })], Date.now());
  assert.match(session.csv(), /happiness,false,,,,0\.2,0\.8,0,,,,,\r\n$/);
  const [{ balanced, distance, unlike }] = JSON.parse(session.json()).rows;
  assert.deepEqual([balanced, distance, unlike], [null, null, null]);
});

test("JSON contains the same rows and describes its numbers", () => {
  const saved = JSON.parse(recorded().json());
  assert.equal(saved.format, "emoscope-session");
  assert.equal(saved.rows[0].face, 2);
  assert.deepEqual(saved.rows[0].votes, { happiness: 8, neutral: 2 });
  assert.deepEqual([saved.rows[0].balanced.anger, saved.rows[0].distance, saved.rows[0].unlike], [0.2, 0.6, true]);
  assert.match(saved.note, /fractions/);
});

test("nothing is recorded before start, after stop or beyond the limit", () => {
  const session = new Session();
  session.add(/** @type {any} */ (reading), [/** @type {any} */ (track)], Date.now());
  assert.equal(session.rows.length, 0);
  session.start();
  session.rows.length = MAX_ROWS;
  session.add(/** @type {any} */ (reading), [/** @type {any} */ (track)], Date.now());
  assert.equal(session.rows.length, MAX_ROWS);
  session.start();
  session.stop();
  session.add(/** @type {any} */ (reading), [/** @type {any} */ (track)], Date.now());
  assert.equal(session.rows.length, 0);
});

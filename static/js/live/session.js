// A recorded session: every result for every face, for export as CSV or JSON. Nothing leaves the page until the
// visitor saves it.

import { csvText } from "../ui/downloads.js";
import { exportedUnlike } from "../vision/tracking.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Reading} Reading */
/**
 * @typedef {object} Row
 * @property {string} time     ISO 8601, UTC
 * @property {number} seconds  since the recording began
 * @property {number} face
 * @property {{x: number, y: number, width: number, height: number}} box  fractions of the frame
 * @property {number} score
 * @property {string} model    name and version
 * @property {string} expression  as displayed, smoothed
 * @property {boolean} unsure     as displayed, smoothed
 * @property {Record<string, number> | null} votes  as displayed, smoothed
 * @property {Record<string, number>} probabilities  of this frame, not smoothed
 * @property {Record<string, number> | null} balanced  as displayed, smoothed; null if the model has none
 * @property {number | null} distance  of this frame; null if the model has none
 * @property {boolean | null} unlike   the training data, as displayed, smoothed; null if the model has none
 */

export const MAX_ROWS = 200_000; // about 90 minutes of two faces; memory stays under 200 MB

const BASE = ["time", "seconds", "face", "x", "y", "width", "height", "score", "model", "expression", "unsure"];

export class Session {
  /** @type {Row[]} */
  rows = [];
  recording = false;
  #startTime = 0; // ms, wall clock

  /** Start a new recording; the previous one is discarded. */
  start() {
    this.rows = [];
    this.#startTime = Date.now();
    this.recording = true;
  }

  stop() {
    this.recording = false;
  }

  get full() {
    return this.rows.length >= MAX_ROWS;
  }

  /**
   * @param {Reading} reading  @param {Track[]} tracks  the faces in it
   * @param {number} taken  capture time of the frame in ms, wall clock
   */
  add(reading, tracks, taken) {
    if (!this.recording || this.full) return;
    for (const track of tracks) {
      const { id, face, expression, unsure, votes, balanced } = track;
      this.rows.push({
        time: new Date(taken).toISOString(), seconds: Math.max(0, taken - this.#startTime) / 1000, face: id, box: face.box, score: face.score,
        model: `${reading.model.name} ${reading.model.version}`, expression, unsure, votes, probabilities: face.probabilities, balanced, distance: face.distance ?? null, unlike: exportedUnlike(track),
      });
    }
  }

  /** @returns {string} RFC 4180: a header, then one row per face and result; empty if a model lacks the label */
  csv() {
    const labels = [...new Set(this.rows.flatMap((row) => Object.keys(row.probabilities)))];
    const header = [...BASE, ...labels.map((label) => `votes_${label}`), ...labels.map((label) => `probability_${label}`), ...labels.map((label) => `balanced_${label}`), "distance", "unlike"];
    const lines = this.rows.map((row) => [
      row.time, row.seconds.toFixed(3), row.face, row.box.x, row.box.y, row.box.width, row.box.height, row.score, row.model, row.expression, row.unsure,
      ...labels.map((label) => (row.votes && label in row.probabilities ? row.votes[label] ?? 0 : "")),
      ...labels.map((label) => row.probabilities[label] ?? ""),
      ...labels.map((label) => row.balanced?.[label] ?? ""), row.distance ?? "", row.unlike ?? "",
    ]);
    return csvText([header, ...lines]);
  }

  /** @returns {string} */
  json() {
    const started = new Date(this.#startTime).toISOString();
    const note = "expression, unsure, unlike, votes and balanced as displayed (smoothed); probabilities and distance per frame, not smoothed; coordinates are fractions of the frame";
    return JSON.stringify({ format: "emoscope-session", schema: 1, started, note, rows: this.rows }, null, 1) + "\n";
  }
}

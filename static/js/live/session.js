// A recorded session: every reading of every face, to be saved as CSV or JSON. Nothing leaves the page until saved.

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Reading} Reading */
/**
 * @typedef {object} Row
 * @property {string} time     ISO 8601, UTC
 * @property {number} seconds  since the recording began
 * @property {number} face
 * @property {{x: number, y: number, width: number, height: number}} box  fractions of the picture
 * @property {number} score
 * @property {string} model    name and version
 * @property {string} expression  as shown, smoothed
 * @property {boolean} unsure     as shown, smoothed
 * @property {Record<string, number> | null} votes  as shown, smoothed
 * @property {Record<string, number>} probabilities  of this very frame, not smoothed
 */

export const MAX_ROWS = 200_000; // about an hour and a half of two faces; memory stays under 200 MB

const BASE = ["time", "seconds", "face", "x", "y", "width", "height", "score", "model", "expression", "unsure"];

export class Session {
  /** @type {Row[]} */
  rows = [];
  recording = false;
  #begun = 0; // milliseconds of the wall clock

  /** Begin anew; what was recorded before is dropped. */
  start() {
    this.rows = [];
    this.#begun = Date.now();
    this.recording = true;
  }

  stop() {
    this.recording = false;
  }

  get full() {
    return this.rows.length >= MAX_ROWS;
  }

  /**
   * @param {Reading} reading  @param {Track[]} tracks  those seen in it
   * @param {number} taken  when the frame was taken, milliseconds of the wall clock
   */
  add(reading, tracks, taken) {
    if (!this.recording || this.full) return;
    for (const { id, face, expression, unsure, votes } of tracks) {
      this.rows.push({
        time: new Date(taken).toISOString(), seconds: Math.max(0, taken - this.#begun) / 1000, face: id, box: face.box, score: face.score,
        model: `${reading.model.name} ${reading.model.version}`, expression, unsure, votes, probabilities: face.probabilities,
      });
    }
  }

  /** @returns {string} RFC 4180: a header, then a row a face and reading; empty where a model has no such label */
  csv() {
    const labels = [...new Set(this.rows.flatMap((row) => Object.keys(row.probabilities)))];
    const header = [...BASE, ...labels.map((label) => `votes_${label}`), ...labels.map((label) => `probability_${label}`)];
    const lines = this.rows.map((row) => [
      row.time, row.seconds.toFixed(3), row.face, row.box.x, row.box.y, row.box.width, row.box.height, row.score, row.model, row.expression, row.unsure,
      ...labels.map((label) => (row.votes && label in row.probabilities ? row.votes[label] ?? 0 : "")),
      ...labels.map((label) => row.probabilities[label] ?? ""),
    ]);
    return [header, ...lines].map((cells) => cells.map(cell).join(",") + "\r\n").join("");
  }

  /** @returns {string} */
  json() {
    const started = new Date(this.#begun).toISOString();
    const note = "expression, unsure and votes as shown (smoothed); probabilities of each frame alone; coordinates are fractions of the picture";
    return JSON.stringify({ format: "emoscope-session", schema: 1, started, note, rows: this.rows }, null, 1) + "\n";
  }
}

/** @param {unknown} value  @returns {string} numbers to five places, text quoted where it must be */
function cell(value) {
  const text = typeof value === "number" ? String(Math.round(value * 1e5) / 1e5) : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {Blob} blob  @param {string} name  hand a file to the visitor */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} what  @param {string} extension  @returns {string} such as emoscope-session-2026-05-04-130512.csv */
export function fileName(what, extension) {
  const stamp = new Date().toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "");
  return `emoscope-${what}-${stamp}.${extension}`;
}

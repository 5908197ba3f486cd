// The gallery as rows: CSV and JSON of what is filtered, one row a face. Pure.

import { facesOf } from "./facts.js";

/** @typedef {import("./facts.js").Photo} Photo */

const BASE = ["path", "name", "taken", "width", "height", "error", "face", "faces", "x", "y", "face_width", "face_height", "score", "model", "expression", "unsure"];

/** @param {number | null} time  @returns {string} ISO 8601, UTC */
const iso = (time) => (time === null ? "" : new Date(time).toISOString());

/** @param {Photo[]} photos  @returns {string} RFC 4180; a photo without a face, or unread, is a row too */
export function csv(photos) {
  const labels = [...new Set(photos.flatMap((photo) => facesOf(photo).flatMap((face) => Object.keys(face.probabilities))))];
  const header = [...BASE, ...labels.map((label) => `votes_${label}`), ...labels.map((label) => `probability_${label}`)];
  const lines = photos.flatMap((photo) => rowsOf(photo, labels));
  return [header, ...lines].map((cells) => cells.map(cell).join(",") + "\r\n").join("");
}

/** @param {Photo} photo  @param {string[]} labels  @returns {unknown[][]} */
function rowsOf(photo, labels) {
  const { picture, model } = photo.reading ?? {};
  const faces = facesOf(photo);
  const about = [photo.path, photo.name, iso(photo.taken), picture?.width ?? "", picture?.height ?? "", photo.problem?.message ?? ""];
  if (!faces.length) return [[...about, "", photo.reading ? 0 : "", ...Array(BASE.length - about.length - 2 + 2 * labels.length).fill("")]];
  return faces.map((face, i) => [
    ...about, i + 1, faces.length, face.box.x, face.box.y, face.box.width, face.box.height, face.score,
    model ? `${model.name} ${model.version}` : "", face.expression, face.unsure,
    ...labels.map((label) => (face.votes && label in face.probabilities ? face.votes[label] ?? 0 : "")),
    ...labels.map((label) => face.probabilities[label] ?? ""),
  ]);
}

/** @param {Photo[]} photos  @returns {string} readings as they came, with the name and date of each photo */
export function json(photos) {
  const rows = photos.map(({ path, name, taken, readOn, reading, problem }) => ({
    path, name, taken: iso(taken) || null, read_on: readOn ?? null, ...(problem ? { error: problem } : { reading: reading ?? null }),
  }));
  return JSON.stringify({ format: "emoscope-photos", schema: 1, photos: rows }, null, 1) + "\n";
}

/** @param {unknown} value  @returns {string} numbers to five places; quoted where it must be */
function cell(value) {
  const text = typeof value === "number" ? String(Math.round(value * 1e5) / 1e5) : String(value);
  // A spreadsheet must not take a file's name for a formula.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

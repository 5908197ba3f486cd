// A film's readings as CSV, JSON and WebVTT. Pure.

import { largest } from "./video-record.js";

/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */
/** @typedef {import("./video-record.js").Sample} Sample */

/** @param {number} value */
const short = (value) => String(Math.round(value * 1e4) / 1e4);

/** @param {FilmRecord} record  @param {Map<number, Sample[]>} faces  @returns {string} RFC 4180, a row a face and reading */
export function csv(record, faces) {
  const kind = record.votes ? "votes" : "ten_times_probability";
  const lines = [["seconds", "face", "x", "y", "width", "height", "expression", "unsure", ...record.labels.map((label) => `${kind}_${label}`)].join(",")];
  for (const [face, samples] of faces) {
    for (const { time, box, shares, unsure } of samples) {
      lines.push([short(time), face, ...[box.x, box.y, box.width, box.height].map(short), record.labels[largest(shares)], unsure, ...shares.map(short)].join(","));
    }
  }
  return lines.join("\r\n") + "\r\n";
}

/** @param {FilmRecord} record  @param {Map<number, Sample[]>} faces  @param {import("./moments.js").Moment[]} moments */
export function json(record, faces, moments) {
  const { name, duration, width, height, step, read, model, votes, labels } = record;
  const rows = [...faces].map(([face, samples]) => ({ face, samples: samples.map(({ time, box, shares, unsure }) => ({
    seconds: Number(short(time)), box, unsure, shares: Object.fromEntries(labels.map((label, i) => [label, Number(short(shares[i]))])),
  })) }));
  const note = `shares are ${votes ? "votes of ten people" : "ten times the probability"}, smoothed in time; coordinates are fractions of the picture`;
  return JSON.stringify({ format: "emoscope-film", schema: 1, name, duration, width, height, step, read, model, note, moments, faces: rows }) + "\n";
}

/** @param {FilmRecord} record  @param {Map<number, Sample[]>} faces  @returns {string} WebVTT: a cue as long as the words stay the same */
export function vtt(record, faces) {
  const cues = [...faces].flatMap(([face, samples]) => cuesOf(record, face, samples)).sort((a, b) => a.start - b.start || a.face - b.face);
  const texts = cues.map(({ start, end, face, words }) => `${clock(start)} --> ${clock(end)}\n<v Face ${face}>${words}\n`);
  return ["WEBVTT\n", ...texts].join("\n");
}

/** @param {FilmRecord} record  @param {number} face  @param {Sample[]} samples */
function cuesOf(record, face, samples) {
  /** @type {{start: number, end: number, face: number, words: string}[]} */
  const cues = [];
  for (const { time, shares, unsure } of samples) {
    const top = largest(shares);
    const words = unsure ? "unsure" : record.votes ? `${Math.round(shares[top])} of 10 ${record.labels[top]}` : record.labels[top];
    const last = cues.at(-1);
    const joined = last && time - last.end <= record.step * 1.5;
    if (last && joined) last.end = time;
    if (!last || !joined || last.words !== words) cues.push({ start: time, end: time + record.step, face, words });
    else last.end = time + record.step;
  }
  return cues;
}

/** @param {number} seconds  @returns {string} 00:00:00.000 */
export function clock(seconds) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (/** @type {number} */ unit, /** @type {number} */ base) => String(Math.floor(milliseconds / unit) % base).padStart(2, "0");
  return `${part(3_600_000, 1000)}:${part(60_000, 60)}:${part(1000, 60)}.${String(milliseconds % 1000).padStart(3, "0")}`;
}

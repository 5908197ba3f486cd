// The results of a video in a compact form, and as CSV, JSON and WebVTT. An hour at five frames per second takes a
// few megabytes. Pure functions.

import { translate } from "../ui/language.js";
import { shortLabel } from "../ui/votes.js";
import { iou } from "../vision/tracking.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../vision/tracking.js").Track} Track */
/**
 * One face at one moment.
 * @typedef {object} Sample
 * @property {number} time    seconds
 * @property {import("../types.js").Box} box
 * @property {number[]} strengths  0-10 per label: the votes if the model predicts votes, else ten times the probability; smoothed
 * @property {boolean} unsure
 * @property {boolean} unlike  the training data; false if the model does not say
 */
/**
 * The stored record: samples in one flat array, COLUMNS + labels.length numbers each.
 * @typedef {object} VideoRecord
 * @property {string} id
 * @property {string} name
 * @property {number} duration  seconds
 * @property {number} width
 * @property {number} height
 * @property {number} step      seconds between analyzed frames
 * @property {number} read      seconds read so far; `duration` when complete
 * @property {string} model     name and version
 * @property {boolean} votes    whether the strengths are votes
 * @property {string[]} labels
 * @property {Float32Array} data
 * @property {number} count     samples in `data`
 */

const COLUMNS = 7; // face, time, x, y, width, height, flags: UNSURE + UNLIKE
const [UNSURE, UNLIKE] = [1, 2];
const INITIAL_SIZE = 4096; // numbers
const MAX_ABSENCE = 1.5; // seconds a face can be missing and still be the same
const MIN_IOU = 0.2; // intersection over union, minimum for the same face
const ROUNDING = 0.002; // seconds: times are stored as float32

/**
 * @param {{id: string, name: string, duration: number, width: number, height: number, step: number}} metadata
 * @returns {VideoRecord}
 */
export function newRecord(metadata) {
  return { ...metadata, read: 0, model: "", votes: false, labels: [], data: new Float32Array(INITIAL_SIZE), count: 0 };
}

/** @param {VideoRecord} stored  interrupted  @param {Parameters<typeof newRecord>[0]} metadata  @returns {VideoRecord} a copy to continue */
export const resumed = (stored, metadata) => ({ ...stored, ...metadata, data: stored.data.slice() });

/** @param {Reading} reading */
export const modelOf = ({ model }) => `${model.name} ${model.version}`;

/** @param {VideoRecord} record */
const stride = (record) => COLUMNS + record.labels.length;

/** @param {VideoRecord} record  @param {number} time  seconds  @param {Reading} reading  @param {Track[]} tracks  the faces in the frame */
export function append(record, time, reading, tracks) {
  record.read = Math.max(record.read, time);
  record.model = modelOf(reading);
  for (const { id, face, probabilities, votes, unsure, unlike } of tracks) {
    if (!record.labels.length) Object.assign(record, { labels: Object.keys(face.probabilities), votes: votes !== null });
    const { x, y, width, height } = face.box;
    const strengths = record.labels.map((label) => (votes ? votes[label] ?? 0 : 10 * (probabilities[label] ?? 0)));
    push(record, [id, time, x, y, width, height, (unsure ? UNSURE : 0) + (unlike ? UNLIKE : 0), ...strengths]);
  }
}

/** @param {VideoRecord} record  @param {number[]} numbers */
function push(record, numbers) {
  const start = record.count * stride(record);
  if (start + numbers.length > record.data.length) {
    const grown = new Float32Array(Math.max(INITIAL_SIZE, 2 * record.data.length));
    grown.set(record.data);
    record.data = grown;
  }
  record.data.set(numbers, start);
  record.count += 1;
}

/** @param {VideoRecord} record  @returns {VideoRecord} without spare capacity, for the store */
export const trimmed = (record) => ({ ...record, data: record.data.slice(0, record.count * stride(record)) });

/** @param {VideoRecord} record  @returns {Map<number, Sample[]>} face -> its samples, by time */
export function faces(record) {
  /** @type {Map<number, Sample[]>} */
  const result = new Map();
  for (let i = 0; i < record.count; i++) {
    const [face, time, x, y, width, height, flags, ...strengths] = record.data.subarray(i * stride(record), (i + 1) * stride(record));
    if (!result.has(face)) result.set(face, []);
    result.get(face)?.push({ time, box: { x, y, width, height }, strengths, unsure: (flags & UNSURE) !== 0, unlike: (flags & UNLIKE) !== 0 });
  }
  return result;
}

/**
 * Face numbers after resuming: each track at the point of interruption gets the number of the recorded face at the same
 * position; every other track gets a new number.
 */
export class FaceNumbering {
  /** @type {Map<number, number>} track id -> face number */
  #numbers = new Map();
  #count = 0;
  /** @type {Map<number, Sample>} face -> last sample */
  #last = new Map();

  /** @param {VideoRecord} record  as read so far */
  constructor(record) {
    for (const [face, samples] of faces(record)) {
      this.#count = Math.max(this.#count, face);
      const sample = samples[samples.length - 1];
      if (record.read - sample.time <= MAX_ABSENCE) this.#last.set(face, sample);
    }
  }

  /** @param {Track[]} tracks  at the point of interruption */
  match(tracks) {
    this.#numbers.clear();
    const free = new Map(this.#last);
    for (const { id, face: { box } } of tracks) {
      const [best] = [...free].map(([face, sample]) => ({ face, overlap: iou(sample.box, box) })).sort((a, b) => b.overlap - a.overlap);
      if (!best || best.overlap < MIN_IOU) continue;
      this.#numbers.set(id, best.face);
      free.delete(best.face);
    }
  }

  /** @param {number} id  of a track  @returns {number} face number */
  of(id) {
    const number = this.#numbers.get(id) ?? ++this.#count;
    this.#numbers.set(id, number);
    return number;
  }
}

/** @param {number[]} strengths  @returns {number} index of the largest */
export const largest = (strengths) => strengths.reduce((best, strength, i) => (strength > strengths[best] ? i : best), 0);

/** @param {Sample[]} samples  @param {number} time  @param {number} step  @returns {Sample | undefined} valid at a time */
export function sampleAt(samples, time, step) {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (samples[middle].time <= time + ROUNDING) low = middle + 1;
    else high = middle;
  }
  const sample = samples[low - 1];
  return sample && time - sample.time <= 2.5 * step ? sample : undefined;
}

/** @param {number} value */
const short = (value) => String(Math.round(value * 1e4) / 1e4);

/** @param {VideoRecord} record  @param {Map<number, Sample[]>} faces  @returns {string} RFC 4180, one row per face and frame */
export function csv(record, faces) {
  const kind = record.votes ? "votes" : "ten_times_probability";
  const lines = [["seconds", "face", "x", "y", "width", "height", "expression", "unsure", ...record.labels.map((label) => `${kind}_${label}`), "unlike"].join(",")];
  for (const [face, samples] of faces) {
    for (const { time, box, strengths, unsure, unlike } of samples) {
      lines.push([short(time), face, ...[box.x, box.y, box.width, box.height].map(short), record.labels[largest(strengths)], unsure, ...strengths.map(short), unlike].join(","));
    }
  }
  return lines.join("\r\n") + "\r\n";
}

/** @param {VideoRecord} record  @param {Map<number, Sample[]>} faces  @param {import("./video-moments.js").Moment[]} moments */
export function json(record, faces, moments) {
  const { name, duration, width, height, step, read, model, votes, labels } = record;
  const rows = [...faces].map(([face, samples]) => ({ face, samples: samples.map(({ time, box, strengths, unsure, unlike }) => ({
    seconds: Number(short(time)), box, unsure, unlike, shares: Object.fromEntries(labels.map((label, i) => [label, Number(short(strengths[i]))])),
  })) }));
  const note = `shares are ${votes ? "votes of ten people" : "ten times the probability"}, smoothed over time; coordinates are fractions of the frame`;
  return JSON.stringify({ format: "emoscope-film", schema: 1, name, duration, width, height, step, read, model, note, moments: moments.map(({ strength, ...rest }) => ({ ...rest, share: strength })), faces: rows }) + "\n";
}

/** @param {VideoRecord} record  @param {Map<number, Sample[]>} faces  @returns {string} WebVTT: one cue while the text stays the same */
export function vtt(record, faces) {
  const cues = [...faces].flatMap(([face, samples]) => cuesOf(record, face, samples)).sort((a, b) => a.start - b.start || a.face - b.face);
  const texts = cues.map(({ start, end, face, text }) => {
    const voice = translate("Face {face}", { face });
    return `${clock(start)} --> ${clock(end)}\n<v ${voice}>${text}\n`;
  });
  return ["WEBVTT\n", ...texts].join("\n");
}

/**
 * What a label of a face shows.
 * @param {VideoRecord} record  @param {number[]} strengths  @returns {{expression: string, votes: Record<string, number> | null, probabilities: {}}}
 */
export function shownOf(record, strengths) {
  const top = largest(strengths);
  const expression = record.labels[top];
  return { expression, votes: record.votes ? { [expression]: Math.round(strengths[top]) } : null, probabilities: {} };
}

/** @param {VideoRecord} record  @param {number} face  @param {Sample[]} samples */
function cuesOf(record, face, samples) {
  /** @type {{start: number, end: number, face: number, text: string}[]} */
  const cues = [];
  for (const { time, strengths, unsure, unlike } of samples) {
    const text = shortLabel({ ...shownOf(record, strengths), unsure, unlike });
    const last = cues.at(-1);
    const continues = last && time - last.end <= record.step * 1.5;
    if (last && continues) last.end = time;
    if (!last || !continues || last.text !== text) cues.push({ start: time, end: time + record.step, face, text });
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

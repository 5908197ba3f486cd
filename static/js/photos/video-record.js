// What was read of a video, compactly: an hour at five readings a second is a few megabytes. Pure.

import { iou } from "../vision/tracking.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../vision/tracking.js").Track} Track */
/**
 * One face at one moment.
 * @typedef {object} Sample
 * @property {number} time    seconds
 * @property {import("../types.js").Box} box
 * @property {number[]} shares  0-10 of each label: votes where the model has them, else ten times the probability; smoothed
 * @property {boolean} unsure
 */
/**
 * The record as it is stored: numbers in flat arrays, a block of COLUMNS + labels for each sample.
 * @typedef {object} FilmRecord
 * @property {string} id
 * @property {string} name
 * @property {number} duration  seconds
 * @property {number} width
 * @property {number} height
 * @property {number} step      seconds between readings
 * @property {number} read      seconds read so far; `duration` when all is read
 * @property {string} model     name and version
 * @property {boolean} votes    whether `shares` are people's votes
 * @property {string[]} labels
 * @property {Float32Array} data
 * @property {number} count     samples in `data`
 */

const COLUMNS = 7; // face, time, x, y, width, height, unsure
const BEGIN = 4096; // numbers
const RECENT = 1.5; // seconds a face may be out of sight and still be the same
const SAME = 0.2; // intersection over union of a face and itself, a moment apart
const ROUNDING = 0.002; // seconds: times are stored as float32

/**
 * @param {{id: string, name: string, duration: number, width: number, height: number, step: number}} about
 * @returns {FilmRecord}
 */
export function newRecord(about) {
  return { ...about, read: 0, model: "", votes: false, labels: [], data: new Float32Array(BEGIN), count: 0 };
}

/** @param {FilmRecord} known  broken off  @param {Parameters<typeof newRecord>[0]} about  @returns {FilmRecord} to be read on */
export const resumed = (known, about) => ({ ...known, ...about, data: known.data.slice() });

/** @param {Reading} reading */
export const modelOf = ({ model }) => `${model.name} ${model.version}`;

/** @param {FilmRecord} record */
const stride = (record) => COLUMNS + record.labels.length;

/** @param {FilmRecord} record  @param {number} time  seconds  @param {Reading} reading  @param {Track[]} tracks  those seen in it */
export function append(record, time, reading, tracks) {
  record.read = Math.max(record.read, time);
  record.model = modelOf(reading);
  for (const { id, face, probabilities, votes, unsure } of tracks) {
    if (!record.labels.length) Object.assign(record, { labels: Object.keys(face.probabilities), votes: votes !== null });
    const { x, y, width, height } = face.box;
    const shares = record.labels.map((label) => (votes ? votes[label] ?? 0 : 10 * (probabilities[label] ?? 0)));
    put(record, [id, time, x, y, width, height, unsure ? 1 : 0, ...shares]);
  }
}

/** @param {FilmRecord} record  @param {number[]} numbers */
function put(record, numbers) {
  const start = record.count * stride(record);
  if (start + numbers.length > record.data.length) {
    const grown = new Float32Array(Math.max(BEGIN, 2 * record.data.length));
    grown.set(record.data);
    record.data = grown;
  }
  record.data.set(numbers, start);
  record.count += 1;
}

/** @param {FilmRecord} record  @returns {FilmRecord} with no more room than it needs, to be stored */
export const trimmed = (record) => ({ ...record, data: record.data.slice(0, record.count * stride(record)) });

/** @param {FilmRecord} record  @returns {Map<number, Sample[]>} face -> its samples in the order of time */
export function faces(record) {
  /** @type {Map<number, Sample[]>} */
  const result = new Map();
  for (let i = 0; i < record.count; i++) {
    const [face, time, x, y, width, height, unsure, ...shares] = record.data.subarray(i * stride(record), (i + 1) * stride(record));
    if (!result.has(face)) result.set(face, []);
    result.get(face)?.push({ time, box: { x, y, width, height }, shares, unsure: unsure === 1 });
  }
  return result;
}

/**
 * Who is who when reading goes on: each track of the moment it was broken off gets the number of the record's face
 * that was last seen there; every other track a new one.
 */
export class Names {
  /** @type {Map<number, number>} track's id -> face of the record */
  #names = new Map();
  #count = 0;
  /** @type {Map<number, Sample>} face -> its last sample */
  #last = new Map();

  /** @param {FilmRecord} record  as far as it was read */
  constructor(record) {
    for (const [face, samples] of faces(record)) {
      this.#count = Math.max(this.#count, face);
      const sample = samples[samples.length - 1];
      if (record.read - sample.time <= RECENT) this.#last.set(face, sample);
    }
  }

  /** @param {Track[]} tracks  of the moment it was broken off */
  learn(tracks) {
    this.#names.clear();
    const free = new Map(this.#last);
    for (const { id, face: { box } } of tracks) {
      const [best] = [...free].map(([face, sample]) => ({ face, share: iou(sample.box, box) })).sort((a, b) => b.share - a.share);
      if (!best || best.share < SAME) continue;
      this.#names.set(id, best.face);
      free.delete(best.face);
    }
  }

  /** @param {number} id  of a track  @returns {number} of the record */
  of(id) {
    const known = this.#names.get(id) ?? ++this.#count;
    this.#names.set(id, known);
    return known;
  }
}

/** @param {number[]} shares  @returns {number} index of the largest */
export const largest = (shares) => shares.reduce((best, share, i) => (share > shares[best] ? i : best), 0);

/** @param {Sample[]} samples  @param {number} time  @param {number} step  @returns {Sample | undefined} in force at a time */
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

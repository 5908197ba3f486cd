// The history of the session: the displayed result of each face at regular steps, in bounded memory. Pure.
//
// The session always stays whole: when the limit is reached, the step doubles and each step keeps its latest result. If the
// limit is reached because many people pass by, those seen most briefly are dropped. A session of any length therefore
// needs the memory of MAX_SAMPLES results, less than 15 MB.

import { exportedUnlike } from "../vision/tracking.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {Pick<Track, "votes" | "probabilities" | "balanced" | "expression" | "unsure"> & {unlike: boolean | null}} Result  unlike: null if the model does not say */
/** @typedef {Result & {slot: number, model: string}} Sample  slot: time / step, rounded down; model: name and version */
/** @typedef {{id: number, color: number, samples: Sample[]}} FaceHistory  samples in order of time */
/** @typedef {{time: number, note: string}} Mark  time: s */

export const MAX_SAMPLES = 20_000; // in total; one face reaches it after 83 minutes
export const MAX_MARKS = 500;
const FIRST_STEP = 0.25; // s
const HOLD = 1; // s for which a result is valid if no frame is read after it
const BRIEF = 4; // results per face, on average, below which faces are dropped instead of results

export class SessionHistory {
  step = FIRST_STEP;
  /** @type {Map<number, FaceHistory>} */
  faces = new Map();
  /** @type {Mark[]} in order of time */
  marks = [];
  /** Time of the latest result, s. */
  end = 0;
  /** Number of faces that were dropped because they were visible only briefly. */
  dropped = 0;
  #count = 0;
  #slot = -1; // of the latest result
  /** @type {number[]} the steps in which a frame was read, with a face or without, in order */
  #read = [];

  /** @param {number} [maxSamples] */
  constructor(maxSamples = MAX_SAMPLES) {
    this.maxSamples = maxSamples;
  }

  /**
   * Add a result. A moment that is read again, because the visitor went back in a video file, replaces the older result.
   * @param {number} time  s, not negative  @param {Track[]} tracks  the faces in it  @param {string} model  name and version
   */
  add(time, tracks, model) {
    const slot = Math.floor(time / this.step);
    if (slot !== this.#slot) this.#clearSlot(slot);
    this.#slot = slot;
    const i = indexBefore(this.#read, slot);
    if (this.#read[i] !== slot) this.#read.splice(i + 1, 0, slot);
    this.end = Math.max(this.end, time);
    for (const track of tracks) {
      const { id, color, votes, probabilities, balanced, expression, unsure } = track;
      const face = this.faces.get(id) ?? { id, color, samples: [] };
      this.faces.set(id, face);
      this.#set(face.samples, { slot, model, votes, probabilities, balanced, expression, unsure, unlike: exportedUnlike(track) });
    }
    while (this.#count > this.maxSamples || this.#read.length > this.maxSamples) {
      if (this.#count < BRIEF * this.faces.size) this.#dropBrief();
      else this.#compress();
    }
  }

  /** @param {number} slot */
  #clearSlot(slot) {
    for (const [id, { samples }] of this.faces) {
      const i = indexBefore(samples, slot, slotOf);
      if (samples[i]?.slot !== slot) continue;
      samples.splice(i, 1);
      this.#count -= 1;
      if (!samples.length) this.faces.delete(id);
    }
  }

  /** @param {Sample[]} samples  @param {Sample} sample */
  #set(samples, sample) {
    const i = indexBefore(samples, sample.slot, slotOf);
    const replaced = samples[i]?.slot === sample.slot;
    samples.splice(replaced ? i : i + 1, replaced ? 1 : 0, sample);
    this.#count += replaced ? 0 : 1;
  }

  /** Double the step. */
  #compress() {
    this.step *= 2;
    this.#slot = Math.floor(this.#slot / 2);
    for (const face of this.faces.values()) {
      face.samples = face.samples.flatMap((sample, i, all) => {
        const slot = Math.floor(sample.slot / 2);
        return all[i + 1] && Math.floor(all[i + 1].slot / 2) === slot ? [] : [{ ...sample, slot }];
      });
    }
    this.#read = [...new Set(this.#read.map((slot) => Math.floor(slot / 2)))];
    this.#count = [...this.faces.values()].reduce((sum, { samples }) => sum + samples.length, 0);
  }

  /** Drop a quarter of the results: those of the faces with the fewest. */
  #dropBrief() {
    const bySize = [...this.faces.values()].sort((a, b) => a.samples.length - b.samples.length);
    for (const { id, samples } of bySize) {
      if (this.#count <= 0.75 * this.maxSamples) break;
      this.faces.delete(id);
      this.dropped += 1;
      this.#count -= samples.length;
    }
  }

  /** @param {FaceHistory} face  @param {number} time  s  @returns {Sample | null} the result that is valid at `time` */
  sampleAt(face, time) {
    const slot = Math.floor(time / this.step);
    const sample = face.samples[indexBefore(face.samples, slot, slotOf)];
    const isLatest = sample?.slot === this.#read[indexBefore(this.#read, slot)];
    return sample && isLatest && time - sample.slot * this.step <= this.step + HOLD ? sample : null;
  }

  /** @param {number} time  s  @returns {{face: FaceHistory, sample: Sample}[]} the faces in view at `time` */
  at(time) {
    return [...this.faces.values()].flatMap((face) => {
      const sample = this.sampleAt(face, time);
      return sample ? [{ face, sample }] : [];
    });
  }

  /** The longest visible faces, in order of appearance. @param {number} count  @returns {FaceHistory[]} */
  longest(count) {
    return [...this.faces.values()].sort((a, b) => b.samples.length - a.samples.length).slice(0, count).sort((a, b) => a.id - b.id);
  }

  /** @param {number} time  s  @returns {Mark | null} null if there are MAX_MARKS already */
  mark(time) {
    if (this.marks.length >= MAX_MARKS) return null;
    const mark = { time, note: "" };
    this.marks = [...this.marks, mark].sort((a, b) => a.time - b.time);
    return mark;
  }

  /** @param {Mark} mark */
  unmark(mark) {
    this.marks = this.marks.filter((one) => one !== mark);
  }
}

/** @param {Sample} sample */
const slotOf = ({ slot }) => slot;

/**
 * @template T
 * @param {T[]} sorted  @param {number} slot  @param {(one: T) => number} [key]
 * @returns {number} index of the last one at or before `slot`; -1 if there is none
 */
function indexBefore(sorted, slot, key = Number) {
  let [low, high] = [0, sorted.length];
  if (high && key(sorted[high - 1]) <= slot) return high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(sorted[middle]) <= slot) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

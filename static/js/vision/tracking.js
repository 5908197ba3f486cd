// Faces over time: who is who from frame to frame, votes smoothed in time, boxes between readings. Pure.

import { tenVotes } from "./expressions.js";

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Face} Face */
/** @typedef {import("../types.js").Model} Model */
/**
 * One face followed through time.
 * @typedef {object} Track
 * @property {number} id      1, 2, 3 … in order of appearance
 * @property {number} colour  0 … COLOURS - 1, no two present faces alike while there are enough
 * @property {{time: number, box: Box}[]} path  steadied boxes of the last seconds, oldest first
 * @property {Face} face      the last reading of it, as it came
 * @property {number} since   time of the first reading
 * @property {number} seen    time of the last reading
 * @property {{x: number, y: number}} velocity  of the centre, fractions of the picture a millisecond
 * @property {Record<string, number>} probabilities  smoothed, sum 1
 * @property {Record<string, number> | null} votes   ten, or null where no raters judged
 * @property {string} expression
 * @property {boolean} unsure
 * @property {number} unsureness  smoothed share of readings that were unsure
 */

export const COLOURS = 6;
const START_SCORE = 0.6; // a track begins at this face score …
const KEEP_SCORE = 0.4; // … and goes on at this one: lettering scores .5 now and then, never for long
const FORGET = 1500; // milliseconds a face may be hidden and still be the same face
const PATH = 3000; // milliseconds of path kept
const GAP = 500; // milliseconds over which a box is drawn though no reading saw it
const REACH = 0.5; // face sizes a face may be from where it was expected …
const SPEED = 2; // … and face sizes more for each second it was not looked at
const VELOCITY_TIME = 250; // milliseconds, time constant of the velocity's smoothing

/** @param {Box} a  @param {Box} b  @returns {number} intersection over union, 0 … 1 */
export function iou(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
}

/**
 * Exponential smoothing that does not depend on the frame rate.
 * @param {Record<string, number>} old  @param {Record<string, number>} now
 * @param {number} elapsed  milliseconds  @param {number} timeConstant  milliseconds; 0: no smoothing
 */
export function smooth(old, now, elapsed, timeConstant) {
  const weight = timeConstant > 0 ? 1 - Math.exp(-elapsed / timeConstant) : 1;
  return Object.fromEntries(Object.entries(now).map(([label, p]) => [label, (old[label] ?? 0) + weight * (p - (old[label] ?? 0))]));
}

/** @param {Box} a  @param {Box} b  @param {number} t  0: a, 1: b */
function between(a, b, t) {
  const mix = (/** @type {number} */ p, /** @type {number} */ q) => p + t * (q - p);
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) };
}

/**
 * Where a face was at a time: the box of that very reading, or between two readings the box between.
 * @param {Track} track  @param {number} time
 * @returns {Box | null} null where the face was not there, or out of sight for long
 */
export function boxAt(track, time) {
  const after = track.path.findIndex((point) => point.time >= time);
  if (after === -1) {
    const last = track.path[track.path.length - 1];
    return time - last.time <= GAP ? last.box : null;
  }
  const b = track.path[after];
  const a = track.path[after - 1];
  if (b.time === time) return b.box;
  if (!a || b.time - a.time > GAP) return null;
  return between(a.box, b.box, (time - a.time) / (b.time - a.time));
}

/** Where the box should be by now, had the face gone on as it went. @param {Track} track  @param {number} time */
function predicted(track, time) {
  const { box } = track.path[track.path.length - 1];
  const elapsed = time - track.seen;
  return { ...box, x: box.x + track.velocity.x * elapsed, y: box.y + track.velocity.y * elapsed };
}

/**
 * How likely a face is a track's: overlap and the landmarks' nearness, half each. 0: it is not.
 * @param {Track} track  @param {Face} face  @param {number} time
 */
function likeness(track, face, time) {
  const box = predicted(track, time);
  const ratio = Math.sqrt((box.width * box.height) / (face.box.width * face.box.height));
  if (ratio < 0.5 || ratio > 2) return 0;
  const overlap = iou(box, face.box);
  const moved = { x: box.x - track.face.box.x, y: box.y - track.face.box.y };
  const distances = Object.entries(face.landmarks).flatMap(([name, [x, y]]) => {
    const was = track.face.landmarks[name];
    return was ? [Math.hypot((was[0] + moved.x - x) / box.width, (was[1] + moved.y - y) / box.height)] : [];
  });
  const distance = distances.length ? distances.reduce((sum, d) => sum + d, 0) / distances.length : 1 - overlap;
  const reach = REACH + (SPEED * (time - track.seen)) / 1000;
  if (overlap < 0.15 && distance > reach) return 0;
  return (overlap + 1 / (1 + distance)) / 2;
}

/** Small tremble is damped, real movement followed at once. @param {Box} old  @param {Box} now */
function steadied(old, now) {
  const size = Math.sqrt(now.width * now.height);
  const moved = Math.max(Math.abs(old.x - now.x), Math.abs(old.y - now.y), Math.abs(old.width - now.width), Math.abs(old.height - now.height));
  return between(old, now, Math.min(1, Math.max(0.3, moved / (0.06 * size))));
}

export class Tracker {
  /** @type {Track[]} */
  tracks = [];
  smoothing = 600; // milliseconds
  #count = 0;
  /** @type {Model | null} */
  #model = null;

  /** @param {Model} model  the votes begin anew, the faces stay who they are */
  setModel(model) {
    if (this.#model?.name === model.name) return;
    this.#model = model;
    for (const track of this.tracks) track.probabilities = {};
  }

  /** The camera changed: nobody is who they were. */
  reset() {
    this.tracks = [];
  }

  /**
   * Take in a reading's faces.
   * @param {Face[]} faces  @param {number} time  milliseconds, never going back
   * @returns {Track[]} those seen in this very reading
   */
  update(faces, time) {
    this.tracks = this.tracks.filter((track) => time - track.seen <= FORGET);
    const free = new Set(faces.filter((face) => face.score >= KEEP_SCORE));
    const waiting = new Set(this.tracks);
    const pairs = this.tracks.flatMap((track) => [...free].map((face) => ({ track, face, value: likeness(track, face, time) })));
    for (const { track, face, value } of pairs.sort((a, b) => b.value - a.value)) {
      if (value === 0 || !waiting.has(track) || !free.has(face)) continue;
      waiting.delete(track);
      free.delete(face);
      this.#move(track, face, time);
    }
    for (const face of free) if (face.score >= START_SCORE) this.tracks.push(this.#begin(face, time));
    return this.tracks.filter((track) => track.seen === time);
  }

  /** @param {Face} face  @param {number} time  @returns {Track} */
  #begin(face, time) {
    const used = this.tracks.map((track) => track.colour);
    const first = [...Array(COLOURS).keys()].find((colour) => !used.includes(colour));
    /** @type {Track} */
    const track = {
      id: ++this.#count, colour: first ?? this.#count % COLOURS, path: [{ time, box: face.box }], face, since: time, seen: time,
      velocity: { x: 0, y: 0 }, probabilities: {}, votes: null, expression: face.expression, unsure: face.unsure, unsureness: 0,
    };
    this.#judge(track, face, time);
    return track;
  }

  /** @param {Track} track  @param {Face} face  @param {number} time */
  #move(track, face, time) {
    const elapsed = time - track.seen;
    const old = track.face.box;
    const weight = 1 - Math.exp(-elapsed / VELOCITY_TIME);
    const step = { x: (face.box.x + face.box.width / 2 - old.x - old.width / 2) / elapsed, y: (face.box.y + face.box.height / 2 - old.y - old.height / 2) / elapsed };
    track.velocity = { x: track.velocity.x + weight * (step.x - track.velocity.x), y: track.velocity.y + weight * (step.y - track.velocity.y) };
    const box = elapsed > GAP ? face.box : steadied(track.path[track.path.length - 1].box, face.box);
    track.path = [...track.path.filter((point) => time - point.time <= PATH), { time, box }];
    this.#judge(track, face, time);
    track.face = face;
    track.seen = time;
  }

  /** @param {Track} track  @param {Face} face  @param {number} time */
  #judge(track, face, time) {
    const fresh = Object.keys(track.probabilities).length === 0;
    const elapsed = fresh ? Infinity : time - track.seen;
    const timeConstant = this.smoothing;
    track.probabilities = smooth(track.probabilities, face.probabilities, elapsed, timeConstant);
    track.unsureness = smooth({ share: track.unsureness }, { share: face.unsure ? 1 : 0 }, elapsed, timeConstant).share;
    track.votes = face.votes ? tenVotes(Object.keys(track.probabilities), Object.values(track.probabilities)) : null;
    const [[expression, largest]] = Object.entries(track.probabilities).sort((a, b) => b[1] - a[1]);
    track.expression = expression;
    const threshold = this.#model?.unsure_threshold;
    track.unsure = typeof threshold === "number" ? largest < threshold : track.unsureness >= 0.5;
  }
}

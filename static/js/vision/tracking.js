// Face tracking: identities from frame to frame, temporal smoothing of votes, interpolated boxes. No DOM, no clock.

import { tenVotes } from "./expressions.js";

/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Face} Face */
/** @typedef {import("../types.js").Model} Model */
/**
 * One face tracked over time.
 * @typedef {object} Track
 * @property {number} id      1, 2, 3 … in order of appearance
 * @property {number} color   0 … TRACK_COLORS - 1; tracks in the frame differ in color while there are enough
 * @property {{time: number, box: Box}[]} path  smoothed boxes of the last PATH_LENGTH, oldest first
 * @property {Face} face      the latest detection, unsmoothed
 * @property {number} since   time of the first detection
 * @property {number} seen    time of the latest detection
 * @property {{x: number, y: number}} velocity  of the center, in fractions of the frame per millisecond
 * @property {Record<string, number>} probabilities  smoothed, sum 1
 * @property {Record<string, number> | null} votes   ten, or null if the label set has no raters
 * @property {Record<string, number> | null} balanced  the balanced prediction, smoothed, sum 1; null if the model has none
 * @property {string} expression
 * @property {boolean} unsure
 * @property {number} unsureFraction  smoothed fraction of detections that were unsure
 * @property {boolean} unlike  most recent detections were unlike the training data
 * @property {number} unlikeFraction  smoothed fraction of detections that were
 */

const TRACK_COLORS = 6;
const START_SCORE = 0.6; // a track starts at this face score …
const KEEP_SCORE = 0.4; // … and continues at this one: lettering scores 0.5 at times, but not for long
const MAX_HIDDEN = 1500; // ms a face may be hidden and keep its identity
const PATH_LENGTH = 3000; // ms
const MAX_GAP = 500; // ms without a detection over which a box is still drawn
const MAX_DISTANCE = 0.5; // between a face and its predicted position, in box sizes …
const MAX_SPEED = 2; // … plus this many box sizes per second since the latest detection
const VELOCITY_TIME = 250; // ms, time constant of the velocity's smoothing

/** The sign of a track for exports. @param {Pick<Track, "face" | "unlike">} track  @returns {boolean | null} null if the model has none */
export const exportedUnlike = ({ face, unlike }) => (face.unlike === undefined ? null : unlike);

/** @param {Box} a  @param {Box} b  @returns {number} intersection over union, 0 … 1 */
export function iou(a, b) {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  if (width <= 0 || height <= 0) return 0;
  return (width * height) / (a.width * a.height + b.width * b.height - width * height);
}

/**
 * Exponential smoothing, independent of the frame rate.
 * @param {Record<string, number>} old  @param {Record<string, number>} now
 * @param {number} elapsed  milliseconds  @param {number} timeConstant  milliseconds; 0 disables smoothing
 */
export function smooth(old, now, elapsed, timeConstant) {
  const weight = timeConstant > 0 ? 1 - Math.exp(-elapsed / timeConstant) : 1;
  return Object.fromEntries(Object.entries(now).map(([label, p]) => [label, (old[label] ?? 0) + weight * (p - (old[label] ?? 0))]));
}

/** @param {Box} a  @param {Box} b  @param {number} t  0: a, 1: b */
function interpolate(a, b, t) {
  const mix = (/** @type {number} */ p, /** @type {number} */ q) => p + t * (q - p);
  return { x: mix(a.x, b.x), y: mix(a.y, b.y), width: mix(a.width, b.width), height: mix(a.height, b.height) };
}

/**
 * The box of a face at a given time, interpolated between detections.
 * @param {Track} track  @param {number} time
 * @returns {Box | null} null before the first detection and in gaps longer than MAX_GAP
 */
export function boxAt(track, time) {
  const after = track.path.findIndex((point) => point.time >= time);
  if (after === -1) {
    const last = track.path[track.path.length - 1];
    return time - last.time <= MAX_GAP ? last.box : null;
  }
  const b = track.path[after];
  const a = track.path[after - 1];
  if (b.time === time) return b.box;
  if (!a || b.time - a.time > MAX_GAP) return null;
  return interpolate(a.box, b.box, (time - a.time) / (b.time - a.time));
}

/** The latest box, extrapolated with constant velocity. @param {Track} track  @param {number} time */
function predicted(track, time) {
  const { box } = track.path[track.path.length - 1];
  const elapsed = time - track.seen;
  return { ...box, x: box.x + track.velocity.x * elapsed, y: box.y + track.velocity.y * elapsed };
}

/**
 * Similarity of a detection to a track, 0 … 1: half overlap, half proximity of the landmarks. 0: no match.
 * @param {Track} track  @param {Face} face  @param {number} time
 */
function similarity(track, face, time) {
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
  const maxDistance = MAX_DISTANCE + (MAX_SPEED * (time - track.seen)) / 1000;
  if (overlap < 0.15 && distance > maxDistance) return 0;
  return (overlap + 1 / (1 + distance)) / 2;
}

/** Damp jitter; follow large movements at once. @param {Box} old  @param {Box} now */
function stabilized(old, now) {
  const size = Math.sqrt(now.width * now.height);
  const moved = Math.max(Math.abs(old.x - now.x), Math.abs(old.y - now.y), Math.abs(old.width - now.width), Math.abs(old.height - now.height));
  return interpolate(old, now, Math.min(1, Math.max(0.3, moved / (0.06 * size))));
}

export class Tracker {
  /** @type {Track[]} */
  tracks = [];
  smoothing = 600; // ms, time constant
  #count = 0;
  /** @type {Model | null} */
  #model = null;

  /** Reset the probabilities, keep the identities. @param {Model} model */
  setModel(model) {
    if (this.#model?.name === model.name) return;
    this.#model = model;
    for (const track of this.tracks) track.probabilities = {};
  }

  /** Forget all tracks, for example when the camera changes. */
  reset() {
    this.tracks = [];
  }

  /**
   * Assign detected faces to tracks.
   * @param {Face[]} faces  @param {number} time  milliseconds, non-decreasing
   * @returns {Track[]} tracks detected at `time`
   */
  update(faces, time) {
    this.tracks = this.tracks.filter((track) => time - track.seen <= MAX_HIDDEN);
    const unassigned = new Set(faces.filter((face) => face.score >= KEEP_SCORE));
    const unmatched = new Set(this.tracks);
    const pairs = this.tracks.flatMap((track) => [...unassigned].map((face) => ({ track, face, value: similarity(track, face, time) })));
    for (const { track, face, value } of pairs.sort((a, b) => b.value - a.value)) {
      if (value === 0 || !unmatched.has(track) || !unassigned.has(face)) continue;
      unmatched.delete(track);
      unassigned.delete(face);
      this.#move(track, face, time);
    }
    for (const face of unassigned) if (face.score >= START_SCORE) this.tracks.push(this.#start(face, time));
    return this.tracks.filter((track) => track.seen === time);
  }

  /** @param {Face} face  @param {number} time  @returns {Track} */
  #start(face, time) {
    const used = this.tracks.map((track) => track.color);
    const free = [...Array(TRACK_COLORS).keys()].find((color) => !used.includes(color));
    /** @type {Track} */
    const track = {
      id: ++this.#count, color: free ?? this.#count % TRACK_COLORS, path: [{ time, box: face.box }], face, since: time, seen: time,
      velocity: { x: 0, y: 0 }, probabilities: {}, votes: null, balanced: null, expression: face.expression, unsure: face.unsure, unsureFraction: 0,
      unlike: false, unlikeFraction: 0,
    };
    this.#updateExpression(track, face, time);
    return track;
  }

  /** @param {Track} track  @param {Face} face  @param {number} time */
  #move(track, face, time) {
    const elapsed = time - track.seen;
    const old = track.face.box;
    const weight = 1 - Math.exp(-elapsed / VELOCITY_TIME);
    const step = { x: (face.box.x + face.box.width / 2 - old.x - old.width / 2) / elapsed, y: (face.box.y + face.box.height / 2 - old.y - old.height / 2) / elapsed };
    track.velocity = { x: track.velocity.x + weight * (step.x - track.velocity.x), y: track.velocity.y + weight * (step.y - track.velocity.y) };
    const box = elapsed > MAX_GAP ? face.box : stabilized(track.path[track.path.length - 1].box, face.box);
    track.path = [...track.path.filter((point) => time - point.time <= PATH_LENGTH), { time, box }];
    this.#updateExpression(track, face, time);
    track.face = face;
    track.seen = time;
  }

  /** @param {Track} track  @param {Face} face  @param {number} time */
  #updateExpression(track, face, time) {
    const fresh = Object.keys(track.probabilities).length === 0;
    const elapsed = fresh ? Infinity : time - track.seen;
    const timeConstant = this.smoothing;
    track.probabilities = smooth(track.probabilities, face.probabilities, elapsed, timeConstant);
    track.unsureFraction = smooth({ unsure: track.unsureFraction }, { unsure: face.unsure ? 1 : 0 }, elapsed, timeConstant).unsure;
    track.balanced = face.balanced ? smooth(track.balanced ?? {}, face.balanced, track.balanced ? elapsed : Infinity, timeConstant) : null;
    track.votes = face.votes ? tenVotes(Object.keys(track.probabilities), Object.values(track.probabilities)) : null;
    track.unlikeFraction = smooth({ unlike: track.unlikeFraction }, { unlike: face.unlike ? 1 : 0 }, elapsed, timeConstant).unlike;
    track.unlike = track.unlikeFraction >= 0.5;
    const [[expression, largest]] = Object.entries(track.probabilities).sort((a, b) => b[1] - a[1]);
    track.expression = expression;
    const threshold = this.#model?.unsure_threshold;
    track.unsure = typeof threshold === "number" ? largest < threshold : track.unsureFraction >= 0.5;
  }
}

// Follow faces from frame to frame: between two searches of the whole frame, only the parts around them are searched.
// Mirrors webapp/vision/following.py; its docstring defines where, when not, and how long.

import { BEST_WIDTH, SAME_FACE_IOU, iou, isContained, roll, suppress } from "./boxes.js";
import { CANDIDATE_SCORE, CERTAIN_SCORE, COARSE_LONG_SIDES, LIVE_LONG_SIDES, TILTED, letterboxFor } from "./faces.js";
import { hasBorder } from "./letterbox.js";

/** @typedef {import("./boxes.js").Face} Face */
/** @typedef {import("./boxes.js").Candidate} Candidate */
/** @typedef {import("./faces.js").FaceDetector} FaceDetector */
/** @typedef {import("./tiles.js").Part} Part */
/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {import("./letterbox.js").Letterbox} Letterbox */
/** @typedef {import("./letterbox.js").Size} Size */

const WINDOW = /** @type {Size} */ ([128, 96]); // px of the network's input
const WIDE_WINDOW = /** @type {Size} */ ([128, 128]);
const WIDE = 64; // px
const GRID = 16; // px
const TIE = 0.1; // octaves
const MAX_SHARE = 0.6;
const MAX_DELAY = 300; // ms

/**
 * The faces of the previous frame, found in this one.
 * @param {FaceDetector} detector  @param {Pixels} pixels  @param {Face[]} faces  @param {number} threshold  minimum score
 * @returns {Promise<Face[] | null>} highest score first; null if the frame must be searched wholly
 */
export async function follow(detector, pixels, faces, threshold) {
  const { width, height } = pixels;
  const plans = plan(faces, width, height, detector.sizes), parts = [...new Set(plans.flat())];
  if (!parts.length || pixelsOf(parts.map(({ letterbox }) => letterbox)) > MAX_SHARE * searched(width, height, detector.sizes)) return null;
  const minimum = Math.max(CERTAIN_SCORE, threshold), candidate = Math.min(CANDIDATE_SCORE, threshold);
  /** @type {Map<Part, Candidate[]>} */
  const cells = new Map();
  for (const part of parts) cells.set(part, await detector.searchPart(pixels, part, candidate));
  /** @type {Face[]} */
  const moved = [], seen = [];
  for (const [i, face] of faces.entries()) {
    const found = suppress(plans[i].flatMap((part) => cells.get(part) ?? []));
    const near = found.sort((one, other) => iou(face.box, other.box) - iou(face.box, one.box))[0];
    if (!near || !plans[i].some((part) => holds(part, near, width, height))) return null;
    const isFinal = near.score >= minimum && Math.abs(roll(near, width / height)) < TILTED;
    const best = isFinal ? near : await detector.verify(pixels, near, candidate);
    if (!best || best.score < minimum || iou(face.box, best.box) <= SAME_FACE_IOU) return null;
    moved.push(best);
    seen.push(...found.filter(({ score }) => score >= minimum));
  }
  const merged = moved.some((one, i) => moved.slice(i + 1).some((other) => iou(one.box, other.box) > SAME_FACE_IOU));
  if (merged || !seen.every((one) => isContained(one, moved))) return null;
  return moved.sort((one, other) => other.score - one.score);
}

/**
 * The parts of a frame to search for each face.
 * @param {Face[]} faces  @param {number} width  @param {number} height  @param {Size[]} sizes  of the networks
 * @returns {Part[][]} parts that are equal are the same object
 */
export function plan(faces, width, height, sizes) {
  /** @type {Part[]} */
  const windows = [];
  /** @type {Map<number, Part>} */
  const wholes = new Map();
  const partFor = (/** @type {Face} */ face, /** @type {number} */ longSide) => {
    const letterbox = letterboxFor(width, height, longSide, sizes);
    if (area(letterbox.size) > area(WINDOW)) return windowFor(face, longSide, windows, width, height);
    const whole = wholes.get(longSide) ?? { span: [0, 0, width, height], letterbox };
    wholes.set(longSide, whole);
    return whole;
  };
  return faces.map((face) => longSidesFor(face, width, height).map((longSide) => partFor(face, longSide)));
}

/** The long sides at which a search would take the face's box and landmarks from. @param {Face} face  @param {number} width  @param {number} height */
function longSidesFor({ box }, width, height) {
  const octave = (/** @type {number} */ longSide) => Math.abs(Math.log2(Math.max(1, (box[2] * width * longSide) / Math.max(width, height)) / BEST_WIDTH));
  const closest = Math.min(...LIVE_LONG_SIDES.map(octave));
  return LIVE_LONG_SIDES.filter((longSide) => octave(longSide) <= closest + 2 * TIE);
}

/**
 * A window around a face, or the one of another face that shows this face, too.
 * @param {Face} face  @param {number} longSide  @param {Part[]} windows  so far; grows  @param {number} width  @param {number} height
 * @returns {Part}
 */
function windowFor(face, longSide, windows, width, height) {
  const scale = Math.max(width, height) / longSide;
  const [x, y, boxWidth, boxHeight] = face.box.map((value, i) => value * (i % 2 ? height : width));
  const shared = windows.find(({ span: [left, top, right, bottom] }) => left <= x && x + boxWidth <= right && top <= y && y + boxHeight <= bottom);
  if (shared) return shared;
  const size = Math.max(boxWidth, boxHeight) > WIDE * scale ? WIDE_WINDOW : WINDOW;
  const [left, right] = aligned(x + boxWidth / 2, size[0], scale, width), [top, bottom] = aligned(y + boxHeight / 2, size[1], scale, height);
  const inner = /** @type {Size} */ ([right - left, bottom - top].map((length, i) => Math.min(size[i], Math.max(1, Math.floor(length / scale + 0.5)))));
  /** @type {Part} */
  const window = { span: [left, top, right, bottom], letterbox: { inner, size } };
  windows.push(window);
  return window;
}

/**
 * Pixel range [start, end) of `side` px of the input around `center`, on the grid, within [0, limit).
 * @param {number} center  @param {number} side  @param {number} scale  @param {number} limit
 */
function aligned(center, side, scale, limit) {
  const length = Math.max(1, Math.min(limit, Math.floor(side * scale + 0.5))), grid = GRID * scale;
  const start = Math.floor(grid * Math.floor((center - length / 2) / grid + 0.5) + 0.5);
  const first = Math.max(0, Math.min(limit - length, start));
  return [first, first + length];
}

/**
 * Whether the box is in the part of the frame, whose edges may only cut it where they are the frame's.
 * @param {Part} part  @param {Face} face  @param {number} width  @param {number} height
 */
function holds({ span: [left, top, right, bottom] }, { box }, width, height) {
  const [x, y, boxWidth, boxHeight] = box.map((value, i) => value * (i % 2 ? height : width));
  const across = (left === 0 || x >= left) && (right === width || x + boxWidth <= right);
  return across && (top === 0 || y >= top) && (bottom === height || y + boxHeight <= bottom);
}

/** Pixels of the inputs of a search of the whole frame. @param {number} width  @param {number} height  @param {Size[]} sizes */
const searched = (width, height, sizes) => pixelsOf(LIVE_LONG_SIDES.map((side) => letterboxFor(width, height, side, sizes)).filter((one) => !hasBorder(one)));

/** @param {Letterbox[]} letterboxes */
const pixelsOf = (letterboxes) => letterboxes.reduce((sum, { size }) => sum + area(size), 0);

/** @param {Size} size */
const area = ([width, height]) => width * height;

/**
 * Decides, frame by frame of one video, which faces to follow.
 * @template T  a face, in any form
 */
export class Following {
  /** @type {T[]} */
  #faces = [];
  #size = "";
  #time = -Infinity;
  #followed = 0; // frames since the last search
  #since = 0; // time of the first of them

  /**
   * The faces to follow in the next frame, as they were passed to `update`; none: search the whole frame.
   * @param {{width: number, height: number}} size  px  @param {number} time  ms since any moment, of the frame in the video
   * @param {number} [minFollowed]  frames between two searches even if a face may then be found later than MAX_DELAY, which
   *   is 1 for a camera: a slow reader must not become slower
   * @returns {T[]}
   */
  next({ width, height }, time, minFollowed = 0) {
    const size = `${width} ${height}`, changed = size !== this.#size, step = time - this.#time;
    [this.#size, this.#time] = [size, time];
    if (this.#followed === 0) this.#since = time;
    const late = time + step - this.#since > MAX_DELAY && this.#followed >= minFollowed;
    return changed || step < 0 || late ? [] : this.#faces;
  }

  /** Record the faces of the frame. @param {T[]} faces  @param {number[]} scores  of the faces  @param {boolean} followed  not searched wholly */
  update(faces, scores, followed) {
    this.#faces = scores.every((score) => score >= CERTAIN_SCORE) ? faces : [];
    this.#followed = followed ? this.#followed + 1 : 0;
  }
}

/** A FaceDetector for the frames of one video. A camera's first frame is searched coarsely, for an early first result. */
export class FrameDetector {
  /** @type {Following<Face>} */
  #following = new Following();
  #first = true;

  /** @param {FaceDetector} detector */
  constructor(detector) {
    this.detector = detector;
  }

  /**
   * @param {Pixels} pixels
   * @param {{threshold?: number, time?: number}} [options]  `time`: of the frame in a video file, ms; without it, the frame is a
   *   camera's and is read as soon as possible
   * @returns {Promise<Face[]>} highest score first
   */
  async detect(pixels, { threshold = 0.5, time } = {}) {
    const first = this.#first && time === undefined;
    this.#first = false;
    if (first) return this.detector.detect(pixels, { threshold, longSides: COARSE_LONG_SIDES, rotations: [] });
    const known = this.#following.next(pixels, time ?? performance.now(), time === undefined ? 1 : 0);
    const followed = known.length ? await follow(this.detector, pixels, known, threshold) : null;
    const faces = followed ?? (await this.detector.detect(pixels, { threshold, longSides: LIVE_LONG_SIDES }));
    this.#following.update(faces, faces.map(({ score }) => score), followed !== null);
    return faces;
  }
}

// Face detection: bounding boxes and landmarks from BlazeFace (full range), in single images and in camera frames.
// Mirrors webapp/vision/faces.py; its docstring defines the letterbox and the decoding.

import { LANDMARKS } from "./crops.js";
import { resize } from "./images.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {{box: [number, number, number, number], landmarks: Record<string, [number, number]>, score: number}} Face  box: x, y, width, height; all in fractions of the image */
/** @typedef {{points: number[], score: number, width: number}} Candidate  two corners of the box, then LANDMARKS, in fractions; its width in px of the network's input */
/**
 * Runs the network: from RGB / 127.5 - 1, height x width x 3, to 16 values and one logit per cell.
 * @typedef {(input: Float32Array, width: number, height: number) => Promise<{values: Float32Array, logits: Float32Array}>} Network
 */

// Long sides (px) the image is resized to; 128 finds a face that fills the image, 512 finds small ones.
export const LIVE_LONG_SIDES = [128, 256];
export const PHOTO_LONG_SIDES = [128, 256, 512];
const STRIDE = 4; // px of the input per output cell
const VALUES = 16; // per output cell
const SAME_FACE_IOU = 0.3; // boxes that overlap more than this are one face
const BEST_WIDTH = 64; // px of a face in the network's input at which its landmarks are most accurate
const HALVE_FROM = 1536; // px of the image's long side
const WINDOW = 2.5; // side of the window around a known face, in longer sides of its box
const REFINE_LONG_SIDE = 192; // the second pass over one face, its minimum score, and its overlap with the first box
const REFINE_THRESHOLD = 0.3;
const REFINE_IOU = 0.5;
const FOLLOW_LONG_SIDE = 128;

const SEARCH_INTERVAL = 300; // ms between two searches of the whole frame ...
const MIN_FOLLOWED = 3; // ... and at least this many frames
const MAX_FOLLOWED_FACES = 3; // following more, one by one, costs as much as a search

export class FaceDetector {
  /** @param {Network} network  @param {[number, number][]} sizes  available input widths and heights */
  constructor(network, sizes) {
    this.network = network;
    this.sizes = sizes;
  }

  /**
   * @param {Pixels} pixels
   * @param {{longSides?: number[], threshold?: number, refine?: boolean}} [options]  see webapp/vision/faces.py
   * @returns {Promise<Face[]>} highest score first
   */
  async detect(pixels, { longSides = LIVE_LONG_SIDES, threshold = 0.5, refine = false } = {}) {
    const found = [];
    const resized = halveIfLarge(pixels, Math.max(...longSides));
    for (const longSide of longSides) found.push(...(await this.#search(resized, longSide, threshold)));
    const faces = suppress(found);
    if (refine) for (const face of faces) await this.#refine(pixels, face);
    return faces;
  }

  /** @param {Pixels} pixels  @param {number} longSide  @param {number} threshold  @returns {Promise<Candidate[]>} */
  async #search(pixels, longSide, threshold) {
    const { inner, size } = letterbox(pixels.width, pixels.height, longSide, this.sizes);
    const offset = [Math.floor((size[0] - inner[0]) / 2), Math.floor((size[1] - inner[1]) / 2)];
    const { values, logits } = await this.network(letterboxed(pixels, inner, offset, size), size[0], size[1]);
    const minLogit = Math.log(threshold / (1 - threshold));
    const columns = size[0] / STRIDE;
    const found = [];
    for (let cell = 0; cell < logits.length; cell++) {
      if (!(logits[cell] > minLogit)) continue;
      const anchor = [((cell % columns) + 0.5) * STRIDE, (Math.floor(cell / columns) + 0.5) * STRIDE];
      const [x, y, width, height, ...rest] = values.subarray(VALUES * cell, VALUES * cell + 4 + 2 * LANDMARKS.length);
      const points = [x - width / 2, y - height / 2, x + width / 2, y + height / 2, ...rest];
      found.push({ points: points.map((value, i) => (value + anchor[i % 2] - offset[i % 2]) / inner[i % 2]), score: 1 / (1 + Math.exp(-logits[cell])), width });
    }
    return found;
  }

  /**
   * Detect the faces of the previous frame again, each in a window around its last box: one small run per face.
   * @param {Pixels} pixels  @param {Face[]} faces  @param {number} threshold
   * @returns {Promise<Face[] | null>} null if a face was lost or two were merged
   */
  async follow(pixels, faces, threshold) {
    /** @type {Face[]} */
    const found = [];
    for (const face of faces) {
      const moved = await this.#detectNear(pixels, face, FOLLOW_LONG_SIDE, threshold);
      if (!moved || iou(face.box, moved.box) <= SAME_FACE_IOU || found.some((other) => iou(other.box, moved.box) > SAME_FACE_IOU)) return null;
      found.push(moved);
    }
    return found;
  }

  /** Replace the landmarks by those of a second pass over a window around the face. @param {Pixels} pixels  @param {Face} face */
  async #refine(pixels, face) {
    const best = await this.#detectNear(pixels, face, REFINE_LONG_SIDE, REFINE_THRESHOLD);
    if (best && iou(face.box, best.box) >= REFINE_IOU) face.landmarks = best.landmarks;
  }

  /** The face with the largest overlap in a window around `face`. @param {Pixels} pixels  @param {Face} face  @param {number} longSide  @param {number} threshold */
  async #detectNear(pixels, face, longSide, threshold) {
    const { width, height } = pixels;
    const [x, y, boxWidth, boxHeight] = face.box.map((value, i) => value * (i % 2 ? height : width));
    const side = WINDOW * Math.max(boxWidth, boxHeight);
    const [left, right] = span(x + boxWidth / 2, side, width), [top, bottom] = span(y + boxHeight / 2, side, height);
    if (right <= left || bottom <= top) return undefined;
    const shift = [left / width, top / height], scale = [(right - left) / width, (bottom - top) / height];
    const candidates = await this.#search(subimage(pixels, left, top, right, bottom), longSide, threshold);
    const faces = suppress(candidates.map(({ points, ...rest }) => ({ ...rest, points: points.map((value, i) => value * scale[i % 2] + shift[i % 2]) })));
    return faces.sort((one, other) => iou(face.box, other.box) - iou(face.box, one.box))[0];
  }
}

/**
 * A FaceDetector for consecutive frames of one camera. It follows known faces in windows around their last boxes, and
 * searches the whole frame every SEARCH_INTERVAL, or at once when a face is lost; a followed frame costs a third of a
 * search. On a slow device, where every frame would be due for a search, it follows MIN_FOLLOWED frames in between.
 * The first frame is searched at the smallest long side only, for an early first result; the second is searched fully.
 */
export class FrameDetector {
  /** @type {Face[]} */
  #faces = [];
  #shape = "";
  #searchedAt = -Infinity;
  #followed = 0; // frames since the last search

  /** @param {FaceDetector} detector */
  constructor(detector) {
    this.detector = detector;
  }

  /**
   * @param {Pixels} pixels  @param {{threshold?: number, now?: number}} [options]  `now`: milliseconds
   * @returns {Promise<Face[]>} highest score first
   */
  async detect(pixels, { threshold = 0.5, now = performance.now() } = {}) {
    const shape = `${pixels.width} ${pixels.height}`;
    const canFollow = shape === this.#shape && this.#faces.length > 0 && this.#faces.length <= MAX_FOLLOWED_FACES;
    const due = now - this.#searchedAt >= SEARCH_INTERVAL && this.#followed >= MIN_FOLLOWED;
    const followed = canFollow && !due ? await this.detector.follow(pixels, this.#faces, threshold) : null;
    const first = !this.#shape;
    if (followed) this.#followed++;
    else [this.#shape, this.#searchedAt, this.#followed] = first ? [shape, -Infinity, MIN_FOLLOWED] : [shape, now, 0];
    const longSides = first ? LIVE_LONG_SIDES.slice(0, 1) : LIVE_LONG_SIDES;
    this.#faces = followed ?? (await this.detector.detect(pixels, { threshold, longSides }));
    return [...this.#faces].sort((one, other) => other.score - one.score);
  }
}

/**
 * Size of the resized image, and of the smallest input that holds it.
 * @param {number} width  @param {number} height  @param {number} longSide  @param {[number, number][]} sizes
 * @returns {{inner: [number, number], size: [number, number]}}
 */
export function letterbox(width, height, longSide, sizes) {
  const scale = longSide / Math.max(width, height);
  const inner = /** @type {[number, number]} */ ([width, height].map((side) => Math.max(1, Math.floor(side * scale + 0.5))));
  const [size] = sizes.filter((one) => Math.max(...one) === longSide && one[0] >= inner[0] && one[1] >= inner[1]).sort((one, other) => one[0] * one[1] - other[0] * other[1]);
  if (!size) throw new RangeError(`\`longSides\` must be among ${sizes.map((one) => Math.max(...one))}, got ${longSide}`);
  return { inner, size };
}

/** @param {Pixels} pixels  @param {number} longSide  the largest one used  @returns {Pixels} */
export function halveIfLarge(pixels, longSide) {
  const { width, height } = pixels;
  if (Math.max(width, height) < Math.max(HALVE_FROM, 2 * longSide) || Math.min(width, height) < 2) return pixels;
  const to = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  const rgb = resize(pixels, to.width, to.height);
  const data = new Uint8ClampedArray(4 * to.width * to.height).fill(255);
  for (let i = 0; i < to.width * to.height; i++) for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = rgb[3 * i + channel];
  return { data, ...to };
}

/** @param {Pixels} pixels  @param {number[]} inner  @param {number[]} offset  @param {number[]} size  @returns {Float32Array} */
function letterboxed(pixels, inner, offset, size) {
  const resized = resize(pixels, inner[0], inner[1]);
  const input = new Float32Array(3 * size[0] * size[1]).fill(-1);
  for (let row = 0; row < inner[1]; row++) {
    const from = 3 * row * inner[0], to = 3 * ((row + offset[1]) * size[0] + offset[0]);
    for (let i = 0; i < 3 * inner[0]; i++) input[to + i] = resized[from + i] / 127.5 - 1;
  }
  return input;
}

/**
 * Weighted non-maximum suppression. Boxes whose IoU with the best one exceeds SAME_FACE_IOU are one face; the result is
 * the score-weighted average of the candidates from the long side at which the face's width is closest to BEST_WIDTH.
 * @param {Candidate[]} candidates  @returns {Face[]} highest score first
 */
export function suppress(candidates) {
  let rest = [...candidates].sort((one, other) => other.score - one.score);
  const faces = [];
  while (rest.length) {
    const best = rest[0];
    const same = rest.filter((one) => one === best || iou(boxOf(best.points), boxOf(one.points)) > SAME_FACE_IOU);
    const closest = same.reduce((one, other) => (Math.abs(octave(other)) < Math.abs(octave(one)) ? other : one));
    const chosen = same.filter((one) => Math.abs(octave(one) - octave(closest)) < 0.5);
    const total = chosen.reduce((sum, { score }) => sum + score, 0);
    faces.push(toFace(best.points.map((_, i) => chosen.reduce((sum, { points, score }) => sum + points[i] * score, 0) / total), best.score));
    const merged = new Set(same);
    rest = rest.filter((one) => !merged.has(one));
  }
  return faces;
}

/** Log2 of a candidate's width relative to BEST_WIDTH. @param {Candidate} candidate */
const octave = ({ width }) => Math.log2(Math.max(width, 1) / BEST_WIDTH);

/** @param {number[]} points  @returns {[number, number, number, number]} */
const boxOf = ([left, top, right, bottom]) => [left, top, right - left, bottom - top];

/** Intersection over union. @param {number[]} one  @param {number[]} other  boxes (x, y, width, height) */
function iou(one, other) {
  const [width, height] = [0, 1].map((i) => Math.max(0, Math.min(one[i] + one[i + 2], other[i] + other[i + 2]) - Math.max(one[i], other[i])));
  const union = one[2] * one[3] + other[2] * other[3] - width * height;
  return union > 0 ? (width * height) / union : 0;
}

/** @param {number[]} points  @param {number} score  @returns {Face} */
function toFace(points, score) {
  const landmarks = Object.fromEntries(LANDMARKS.map((name, i) => [name, /** @type {[number, number]} */ ([points[4 + 2 * i], points[5 + 2 * i]])]));
  return { box: boxOf(points), landmarks, score };
}

/** Pixel range [start, end) of length `side` around `center`, clipped to [0, limit). @param {number} center  @param {number} side  @param {number} limit */
function span(center, side, limit) {
  const start = Math.floor(center - side / 2 + 0.5);
  return [Math.max(0, start), Math.min(limit, start + Math.floor(side + 0.5))];
}

/** @param {Pixels} pixels  @param {number} left  @param {number} top  @param {number} right  @param {number} bottom  @returns {Pixels} */
function subimage({ data, width }, left, top, right, bottom) {
  const out = new Uint8ClampedArray(4 * (right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) out.set(data.subarray(4 * (row * width + left), 4 * (row * width + right)), 4 * (row - top) * (right - left));
  return { data: out, width: right - left, height: bottom - top };
}

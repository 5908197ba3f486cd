// Faces in a picture: bounding boxes and landmarks by BlazeFace full-range. The letter-box and the decoding are those
// of webapp/vision/faces.py, whose docstring states them.

import { LANDMARKS } from "./crops.js";
import { resize } from "./images.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {{box: [number, number, number, number], landmarks: Record<string, [number, number]>, score: number}} Face  fractions; x, y, width, height */
/** @typedef {{points: number[], score: number, size: number}} Candidate  two corners of the box, then LANDMARKS, in fractions; px of its width to the net */
/**
 * Runs the network: RGB / 127.5 - 1, height x width x 3, to 16 numbers and one logit a cell.
 * @typedef {(input: Float32Array, width: number, height: number) => Promise<{values: Float32Array, logits: Float32Array}>} Net
 */

export const LIVE = [128, 256]; // long sides the picture is searched at; 128 for a face that fills the picture
export const PHOTO = [128, 256, 512];
const STRIDE = 4;
const NUMBERS = 16;
const OVERLAP = 0.3; // intersection over union from which two boxes are one face
const BEST_SIZE = 64; // px of a face's width to the net, at which its landmarks are best
const HALVE = 1536; // px of a picture's long side from which it is halved before it is searched
const REFINE_SIDE = 192;
const FOLLOW_SIDE = 128;
const NEAR = 2.5; // side of a look at one face, in sides of its box

export class FaceDetector {
  /** @param {Net} net  @param {[number, number][]} sizes  width and height the net is run at */
  constructor(net, sizes) {
    this.net = net;
    this.sizes = sizes;
  }

  /**
   * @param {Pixels} pixels
   * @param {{longSides?: number[], threshold?: number, refine?: boolean}} [options]  as webapp/vision/faces.py
   * @returns {Promise<Face[]>} the highest score first
   */
  async detect(pixels, { longSides = LIVE, threshold = 0.5, refine = false } = {}) {
    const found = [];
    const searched = halved(pixels, Math.max(...longSides));
    for (const longSide of longSides) found.push(...(await this.#search(searched, longSide, threshold)));
    const faces = suppress(found);
    if (refine) for (const face of faces) await this.#refine(pixels, face);
    return faces;
  }

  /** @param {Pixels} pixels  @param {number} longSide  @param {number} threshold  @returns {Promise<Candidate[]>} */
  async #search(pixels, longSide, threshold) {
    const { inner, size } = letterBox(pixels.width, pixels.height, longSide, this.sizes);
    const offset = [Math.floor((size[0] - inner[0]) / 2), Math.floor((size[1] - inner[1]) / 2)];
    const { values, logits } = await this.net(fill(pixels, inner, offset, size), size[0], size[1]);
    const least = Math.log(threshold / (1 - threshold));
    const columns = size[0] / STRIDE;
    const found = [];
    for (let cell = 0; cell < logits.length; cell++) {
      if (!(logits[cell] > least)) continue;
      const anchor = [((cell % columns) + 0.5) * STRIDE, (Math.floor(cell / columns) + 0.5) * STRIDE];
      const [x, y, width, height, ...rest] = values.subarray(NUMBERS * cell, NUMBERS * cell + 4 + 2 * LANDMARKS.length);
      const points = [x - width / 2, y - height / 2, x + width / 2, y + height / 2, ...rest];
      found.push({ points: points.map((value, i) => (value + anchor[i % 2] - offset[i % 2]) / inner[i % 2]), score: 1 / (1 + Math.exp(-logits[cell])), size: width });
    }
    return found;
  }

  /**
   * Faces of the frame before, looked for around where they were: a small run a face instead of a search.
   * @param {Pixels} pixels  @param {Face[]} faces  @param {number} threshold
   * @returns {Promise<Face[] | null>} null: one is not there any more, or two have become one
   */
  async follow(pixels, faces, threshold) {
    /** @type {Face[]} */
    const found = [];
    for (const face of faces) {
      const now = await this.#lookNear(pixels, face, FOLLOW_SIDE, threshold);
      if (!now || overlap(face.box, now.box) <= OVERLAP || found.some((other) => overlap(other.box, now.box) > OVERLAP)) return null;
      found.push(now);
    }
    return found;
  }

  /** Landmarks from a second look at the face alone. @param {Pixels} pixels  @param {Face} face */
  async #refine(pixels, face) {
    const best = await this.#lookNear(pixels, face, REFINE_SIDE, 0.3);
    if (best && overlap(face.box, best.box) >= 0.5) face.landmarks = best.landmarks;
  }

  /** What is most where the face was. @param {Pixels} pixels  @param {Face} face  @param {number} longSide  @param {number} threshold */
  async #lookNear(pixels, face, longSide, threshold) {
    const { width, height } = pixels;
    const [x, y, boxWidth, boxHeight] = face.box.map((value, i) => value * (i % 2 ? height : width));
    const side = NEAR * Math.max(boxWidth, boxHeight);
    const [left, right] = span(x + boxWidth / 2, side, width), [top, bottom] = span(y + boxHeight / 2, side, height);
    if (right <= left || bottom <= top) return undefined;
    const shift = [left / width, top / height], scale = [(right - left) / width, (bottom - top) / height];
    const seen = await this.#search(cutOut(pixels, left, top, right, bottom), longSide, threshold);
    const again = suppress(seen.map(({ points, ...rest }) => ({ ...rest, points: points.map((value, i) => value * scale[i % 2] + shift[i % 2]) })));
    return again.sort((one, other) => overlap(face.box, other.box) - overlap(face.box, one.box))[0];
  }
}

/**
 * How large the picture is laid into which net.
 * @param {number} width  @param {number} height  @param {number} longSide  @param {[number, number][]} sizes
 * @returns {{inner: [number, number], size: [number, number]}}
 */
export function letterBox(width, height, longSide, sizes) {
  const scale = longSide / Math.max(width, height);
  const inner = /** @type {[number, number]} */ ([width, height].map((side) => Math.max(1, Math.floor(side * scale + 0.5))));
  const [size] = sizes.filter((one) => Math.max(...one) === longSide && one[0] >= inner[0] && one[1] >= inner[1]).sort((one, other) => one[0] * one[1] - other[0] * other[1]);
  if (!size) throw new RangeError(`no detector has the long side ${longSide}`);
  return { inner, size };
}

/** @param {Pixels} pixels  @param {number} longSide  the largest it is searched at  @returns {Pixels} */
export function halved(pixels, longSide) {
  const { width, height } = pixels;
  if (Math.max(width, height) < Math.max(HALVE, 2 * longSide) || Math.min(width, height) < 2) return pixels;
  const to = { width: Math.floor(width / 2), height: Math.floor(height / 2) };
  const rgb = resize(pixels, to.width, to.height);
  const data = new Uint8ClampedArray(4 * to.width * to.height).fill(255);
  for (let i = 0; i < to.width * to.height; i++) for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = rgb[3 * i + channel];
  return { data, ...to };
}

/** @param {Pixels} pixels  @param {number[]} inner  @param {number[]} offset  @param {number[]} size  @returns {Float32Array} */
function fill(pixels, inner, offset, size) {
  const resized = resize(pixels, inner[0], inner[1]);
  const input = new Float32Array(3 * size[0] * size[1]).fill(-1);
  for (let row = 0; row < inner[1]; row++) {
    const from = 3 * row * inner[0], to = 3 * ((row + offset[1]) * size[0] + offset[0]);
    for (let i = 0; i < 3 * inner[0]; i++) input[to + i] = resized[from + i] / 127.5 - 1;
  }
  return input;
}

/**
 * Weighted suppression: boxes that overlap the best one more than OVERLAP are one face; averaged by score are those of
 * the long side at which the face's size is nearest to BEST_SIZE.
 * @param {Candidate[]} candidates  @returns {Face[]} the highest score first
 */
export function suppress(candidates) {
  let rest = [...candidates].sort((one, other) => other.score - one.score);
  const faces = [];
  while (rest.length) {
    const best = rest[0];
    const same = rest.filter((one) => one === best || cover(best.points, one.points) > OVERLAP);
    const nearest = same.reduce((one, other) => (Math.abs(step(other)) < Math.abs(step(one)) ? other : one));
    const chosen = same.filter((one) => Math.abs(step(one) - step(nearest)) < 0.5);
    const total = chosen.reduce((sum, { score }) => sum + score, 0);
    faces.push(toFace(best.points.map((_, i) => chosen.reduce((sum, { points, score }) => sum + points[i] * score, 0) / total), best.score));
    const gone = new Set(same);
    rest = rest.filter((one) => !gone.has(one));
  }
  return faces;
}

/** How far a candidate's size is from the best, in doublings. @param {Candidate} candidate */
const step = ({ size }) => Math.log2(Math.max(size, 1) / BEST_SIZE);

/** Intersection over union of two candidates' boxes, given by corners. @param {number[]} one  @param {number[]} other */
function cover(one, other) {
  return overlap(boxOf(one), boxOf(other));
}

/** @param {number[]} points  @returns {[number, number, number, number]} */
const boxOf = ([left, top, right, bottom]) => [left, top, right - left, bottom - top];

/** Intersection over union. @param {number[]} one  @param {number[]} other  boxes (x, y, width, height) */
export function overlap(one, other) {
  const [width, height] = [0, 1].map((i) => Math.max(0, Math.min(one[i] + one[i + 2], other[i] + other[i + 2]) - Math.max(one[i], other[i])));
  const union = one[2] * one[3] + other[2] * other[3] - width * height;
  return union > 0 ? (width * height) / union : 0;
}

/** @param {number[]} points  @param {number} score  @returns {Face} */
function toFace(points, score) {
  const landmarks = Object.fromEntries(LANDMARKS.map((name, i) => [name, /** @type {[number, number]} */ ([points[4 + 2 * i], points[5 + 2 * i]])]));
  return { box: boxOf(points), landmarks, score };
}

/** Whole pixels [start, stop) around `centre`, cut at 0 and `limit`. @param {number} centre  @param {number} side  @param {number} limit */
function span(centre, side, limit) {
  const start = Math.floor(centre - side / 2 + 0.5);
  return [Math.max(0, start), Math.min(limit, start + Math.floor(side + 0.5))];
}

/** @param {Pixels} pixels  @param {number} left  @param {number} top  @param {number} right  @param {number} bottom  @returns {Pixels} */
function cutOut({ data, width }, left, top, right, bottom) {
  const out = new Uint8ClampedArray(4 * (right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) out.set(data.subarray(4 * (row * width + left), 4 * (row * width + right)), 4 * (row - top) * (right - left));
  return { data: out, width: right - left, height: bottom - top };
}

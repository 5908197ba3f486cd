// Faces and their boxes: which boxes are one face, how far a face is rotated. Mirrors webapp/vision/boxes.py.

import { LANDMARKS } from "./crops.js";

/** @typedef {{box: [number, number, number, number], landmarks: Record<string, [number, number]>, score: number}} Face  box: x, y, width, height; all in fractions of the image */
/** @typedef {{points: number[], score: number, width: number}} Candidate  two corners of the box, then LANDMARKS, in fractions; its width in px of the network's input */

export const SAME_FACE_IOU = 0.3; // boxes that overlap more than this are one face
export const BEST_WIDTH = 64; // px of a face in the network's input at which its landmarks are most accurate
const CONTAINED = 0.6; // fraction of the smaller box inside the other above which two boxes are one face

/**
 * Weighted non-maximum suppression. Boxes whose IoU with the best one exceeds SAME_FACE_IOU are one face; the result is
 * the weighted average of the candidates with more than half of its score, from the long side at which the face's width
 * is closest to BEST_WIDTH. The weights are the scores minus this half.
 * @param {Candidate[]} candidates  @returns {Face[]} highest score first
 */
export function suppress(candidates) {
  let rest = [...candidates].sort((one, other) => other.score - one.score);
  const faces = [];
  while (rest.length) {
    const best = rest[0];
    const same = rest.filter((one) => one === best || iou(boxOf(best.points), boxOf(one.points)) > SAME_FACE_IOU);
    const weight = (/** @type {Candidate} */ one) => one.score - best.score / 2;
    const strong = same.filter((one) => weight(one) > 0);
    const closest = strong.reduce((one, other) => (Math.abs(octave(other)) < Math.abs(octave(one)) ? other : one));
    const chosen = strong.filter((one) => Math.abs(octave(one) - octave(closest)) < 0.5);
    const total = chosen.reduce((sum, one) => sum + weight(one), 0);
    faces.push(toFace(best.points.map((_, i) => chosen.reduce((sum, one) => sum + one.points[i] * weight(one), 0) / total), best.score));
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
export function iou(one, other) {
  const shared = intersection(one, other);
  const union = one[2] * one[3] + other[2] * other[3] - shared;
  return union > 0 ? shared / union : 0;
}

/** Area of the intersection. @param {number[]} one  @param {number[]} other  boxes (x, y, width, height) */
function intersection(one, other) {
  const [width, height] = [0, 1].map((i) => Math.max(0, Math.min(one[i] + one[i + 2], other[i] + other[i + 2]) - Math.max(one[i], other[i])));
  return width * height;
}

/** Whether CONTAINED of the smaller box of the face and any of the others is inside the other box. @param {Face} face  @param {Face[]} others */
export function isContained({ box }, others) {
  return others.some((other) => intersection(box, other.box) > CONTAINED * Math.min(box[2] * box[3], other.box[2] * other.box[3]));
}

/** Rotation of a face in the image plane, -180 to 180 degrees, positive: clockwise. @param {Face} face  @param {number} aspect  image width / height */
export function roll({ landmarks }, aspect) {
  const [right, left, , mouth] = LANDMARKS.map((name) => [landmarks[name][0] * aspect, landmarks[name][1]]);
  const across = [left[0] - right[0], left[1] - right[1]];
  const down = [mouth[0] - (left[0] + right[0]) / 2, mouth[1] - (left[1] + right[1]) / 2];
  return (180 * Math.atan2(across[1] - down[0], across[0] + down[1])) / Math.PI;
}

/** @param {number[]} points  @param {number} score  @returns {Face} */
function toFace(points, score) {
  const landmarks = Object.fromEntries(LANDMARKS.map((name, i) => [name, /** @type {[number, number]} */ ([points[4 + 2 * i], points[5 + 2 * i]])]));
  return { box: boxOf(points), landmarks, score };
}

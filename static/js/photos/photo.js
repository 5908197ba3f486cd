// A photo of the gallery and what its result shows. Pure functions.

import { errorText } from "../ui/errors.js";
import { translate, translatePlural } from "../ui/language.js";
import { shortLabel } from "../ui/votes.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Face} Face */
/**
 * One photo as the gallery stores it. Its thumbnail and preview are stored separately.
 * @typedef {object} Photo
 * @property {string} id        path, size and date of the file: the same file dropped twice is one photo
 * @property {string} name      file name
 * @property {string} path      folders of the file, or ""
 * @property {number} bytes
 * @property {number} order     1, 2, 3 … in the order of addition
 * @property {number | null} taken  milliseconds since 1970, from the EXIF data or the date of the file
 * @property {"waiting" | "read" | "failed"} state
 * @property {Reading} [reading]
 * @property {Problem} [problem]
 * @property {"server" | "device"} [readOn]  inference location
 * @property {string} [hash]       perceptual hash of its appearance, "" if there is nothing to compare
 * @property {number} [sharpness]  comparable between photos of the same scene
 * @property {Mark} [mark]         the visitor's decision about it
 * @property {boolean} [chosen]    the visitor's choice of its stack
 * @property {boolean} [preview]  whether a thumbnail and a preview are stored
 */
/** @typedef {{code: string, message: string}} Problem */
/** @typedef {"keep" | "reject"} Mark */

/** The names of the marks, for the visitor. @type {Record<Mark, string>} */
export const MARKS = { keep: translate("Kept"), reject: translate("Rejected") };

/** @type {Record<string, Mark | undefined>} key -> mark; undefined removes it */
export const MARK_KEYS = { k: "keep", x: "reject", u: undefined };

/** The filter a face belongs to: its expression, or unsure. @param {Face} face */
export const countsAs = (face) => (face.unsure || face.unlike ? "unsure" : face.expression);

/**
 * Strength of an expression from 0 to 10: the votes if the model predicts votes, else ten times the probability.
 * @param {Face} face  @param {string} [label]  the predicted expression by default
 */
export function strength(face, label = face.expression) {
  return face.votes ? face.votes[label] ?? 0 : 10 * (face.probabilities[label] ?? 0);
}

/** @param {Photo} photo  @returns {Face[]} */
export const facesOf = (photo) => photo.reading?.faces ?? [];

/**
 * The position of the square crop that shows every face, or the largest one if they are too far apart.
 * @param {Photo} photo  @returns {{x: number, y: number}} 0 to 1, as for the CSS property object-position; 0.5 without a face
 */
export function cropPosition(photo) {
  const boxes = facesOf(photo).map(({ box }) => box).sort((a, b) => b.width * b.height - a.width * a.height);
  if (!boxes.length || !photo.reading) return { x: 0.5, y: 0.5 };
  const { width, height } = photo.reading.picture;
  return {
    x: cropOffset(boxes.map((box) => [box.x, box.x + box.width]), width / height),
    y: cropOffset(boxes.map((box) => [box.y, box.y + box.height]), height / width),
  };
}

/** @param {number[][]} spans  of the faces, largest first  @param {number} sides  length of the side in squares */
function cropOffset(spans, sides) {
  if (sides <= 1) return 0.5;
  const all = [Math.min(...spans.map(([start]) => start)), Math.max(...spans.map(([, end]) => end))];
  const [start, end] = (all[1] - all[0]) * sides <= 1 ? all : spans[0];
  return Math.min(1, Math.max(0, (((start + end) / 2) * sides - 0.5) / (sides - 1)));
}

/** @param {{path: string, name: string, size: number, modified: number}} file  @returns {string} */
export const photoId = ({ path, name, size, modified }) => `${path}/${name}:${size}:${modified}`;

/** @param {Photo} photo  @returns {string} one line for the grid and for screen readers */
export function summary(photo) {
  if (photo.state === "failed") return photo.problem ? errorText(photo.problem) : translate("not readable");
  if (photo.state === "waiting") return translate("waiting");
  const faces = facesOf(photo);
  if (!faces.length) return translate("no face");
  const text = shortLabel({ ...faces[0], votes: faces[0].votes ?? null });
  return faces.length > 1 ? `${text}, ${translatePlural("{n} face", "{n} faces", faces.length)}` : text;
}

// What a photo in the gallery is, and what its reading says about it. Pure.

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Face} Face */
/**
 * One photo as the gallery keeps it. Its pictures (thumbnail, preview) are stored beside it, never in it.
 * @typedef {object} Photo
 * @property {string} id        path, size and date of the file: the same file dropped twice is one photo
 * @property {string} name      file name
 * @property {string} path      folders it came in, "" for none
 * @property {number} bytes
 * @property {number} order     1, 2, 3 … as they came
 * @property {number | null} taken  milliseconds since 1970, from the picture's own record or the file's date
 * @property {"waiting" | "read" | "failed"} state
 * @property {Reading} [reading]
 * @property {Problem} [problem]
 * @property {"server" | "device"} [readOn]
 * @property {boolean} [preview]  whether a thumbnail and a preview are stored
 */
/** @typedef {{code: string, message: string}} Problem */

/** What a face counts as: one of its model's expressions, or unsure. @param {Face} face */
export const countsAs = (face) => (face.unsure ? "unsure" : face.expression);

/**
 * How strongly an expression was read, of ten: votes where the model has them, else ten times the probability.
 * @param {Face} face  @param {string} [label]  its own expression by default
 */
export function strength(face, label = face.expression) {
  return face.votes ? face.votes[label] ?? 0 : 10 * (face.probabilities[label] ?? 0);
}

/** @param {Photo} photo  @returns {Face[]} */
export const facesOf = (photo) => photo.reading?.faces ?? [];

/**
 * Where to cut the picture square so that its faces are seen, or where they are too far apart the largest.
 * @param {Photo} photo  @returns {{x: number, y: number}} 0 to 1, as CSS's object-position; 0.5 without a face
 */
export function squareAt(photo) {
  const boxes = facesOf(photo).map(({ box }) => box).sort((a, b) => b.width * b.height - a.width * a.height);
  if (!boxes.length || !photo.reading) return { x: 0.5, y: 0.5 };
  const { width, height } = photo.reading.picture;
  return {
    x: cutAt(boxes.map((box) => [box.x, box.x + box.width]), width / height),
    y: cutAt(boxes.map((box) => [box.y, box.y + box.height]), height / width),
  };
}

/** @param {number[][]} spans  of the faces, the largest first  @param {number} sides  how many squares long the side is */
function cutAt(spans, sides) {
  if (sides <= 1) return 0.5;
  const all = [Math.min(...spans.map(([start]) => start)), Math.max(...spans.map(([, end]) => end))];
  const [start, end] = (all[1] - all[0]) * sides <= 1 ? all : spans[0];
  return Math.min(1, Math.max(0, (((start + end) / 2) * sides - 0.5) / (sides - 1)));
}

/** @param {{path: string, name: string, size: number, modified: number}} file  @returns {string} */
export const photoId = ({ path, name, size, modified }) => `${path}/${name}:${size}:${modified}`;

/** @param {Photo} photo  @returns {string} one line about it, for the grid and for screen readers */
export function summary(photo) {
  if (photo.state === "failed") return photo.problem?.message ?? "could not be read";
  if (photo.state === "waiting") return "waiting";
  const faces = facesOf(photo);
  if (!faces.length) return "no face";
  const face = faces[0];
  const words = face.unsure ? "unsure" : face.votes ? `${strength(face)} of 10 ${face.expression}` : face.expression;
  return faces.length > 1 ? `${words}, ${faces.length} faces` : words;
}

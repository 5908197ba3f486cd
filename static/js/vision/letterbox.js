// The face detector's input: the image resized, brightened if it is dark, rotated, and placed on black.
// Mirrors webapp/vision/letterbox.py; its docstring defines the arithmetic.

import { halfToEven, resize } from "./images.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {[number, number]} Size  width and height in px */
/** @typedef {{inner: Size, size: Size, rotation?: number}} Letterbox  of the image in the input, of the input; degrees, positive: clockwise */

const DARK_LEVEL = 128; // of 0-255
const BRIGHT_FRACTION = 0.99;
const MAX_GAIN = 8;

/** @param {number} width  @param {number} height  @param {number} longSide  @returns {Size} */
export function innerSize(width, height, longSide) {
  const scale = longSide / Math.max(width, height);
  return /** @type {Size} */ ([width, height].map((side) => Math.max(1, Math.floor(side * scale + 0.5))));
}

/** Whether there is a border of at least half of the image's size. @param {Letterbox} letterbox */
export const hasBorder = ({ inner, size }) => 2 * Math.max(...inner) <= Math.max(...size);

/** @param {Letterbox} letterbox  @returns {number[]} x and y of the unrotated image, px */
export const offsetOf = ({ inner, size }) => inner.map((side, i) => Math.floor((size[i] - side) / 2));

/** @param {Pixels} pixels  @param {Letterbox} letterbox  @returns {Float32Array} height x width x 3, -1 to 1 */
export function fill(pixels, letterbox) {
  const brightened = brightenIfDark(resize(pixels, ...letterbox.inner));
  const placed = letterbox.rotation ? rotate(brightened, letterbox) : place(brightened, letterbox);
  return placed.map((value) => Math.fround(value / 127.5) - 1);
}

/** @param {Float32Array} values  RGB, integers of 0-255 */
function brightenIfDark(values) {
  const counts = new Uint32Array(256);
  for (const value of values) counts[value]++;
  let level = 0;
  for (let sum = counts[0]; sum < BRIGHT_FRACTION * values.length; sum += counts[level]) level++;
  if (level >= DARK_LEVEL) return values;
  const gain = Math.fround(Math.min(MAX_GAIN, DARK_LEVEL / Math.max(1, level)));
  return values.map((value) => Math.min(value * gain, 255));
}

/** @param {Float32Array} image  @param {Letterbox} letterbox */
function place(image, letterbox) {
  const { inner, size } = letterbox;
  const [x, y] = offsetOf(letterbox);
  const out = new Float32Array(3 * size[0] * size[1]);
  for (let row = 0; row < inner[1]; row++) out.set(image.subarray(3 * row * inner[0], 3 * (row + 1) * inner[0]), 3 * ((row + y) * size[0] + x));
  return out;
}

/** Bilinear samples at 1/32 px, as in cv2.remap. @param {Float32Array} image  @param {Letterbox} letterbox */
function rotate(image, letterbox) {
  const { inner, size } = letterbox;
  const [left, top] = offsetOf(letterbox), positionOf = unrotate(letterbox);
  const padded = padWithBlack(image, inner), stride = 3 * (inner[0] + 2);
  const out = new Float32Array(3 * size[0] * size[1]);
  for (let v = 0, to = 0; v < size[1]; v++) {
    for (let u = 0; u < size[0]; u++, to += 3) {
      const [x, y] = positionOf(u + 0.5, v + 0.5);
      const across = halfToEven(32 * (x - left + 0.5)) / 32, down = halfToEven(32 * (y - top + 0.5)) / 32;
      if (across < 0 || down < 0 || across >= inner[0] + 1 || down >= inner[1] + 1) continue;
      const column = Math.floor(across), row = Math.floor(down), tx = across - column, ty = down - row;
      for (let channel = 0, at = stride * row + 3 * column; channel < 3; channel++, at++) {
        const upper = (1 - tx) * padded[at] + tx * padded[at + 3];
        const lower = (1 - tx) * padded[at + stride] + tx * padded[at + stride + 3];
        out[to + channel] = (1 - ty) * upper + ty * lower;
      }
    }
  }
  return out;
}

/** One black pixel on each side. @param {Float32Array} image  @param {Size} size */
function padWithBlack(image, [width, height]) {
  const stride = 3 * (width + 2);
  const padded = new Float32Array(stride * (height + 2));
  for (let row = 0; row < height; row++) padded.set(image.subarray(3 * row * width, 3 * (row + 1) * width), stride * (row + 1) + 3);
  return padded;
}

/** The position before rotation of a point of the input, px. @param {Letterbox} letterbox  @returns {(x: number, y: number) => number[]} */
export function unrotate(letterbox) {
  const { inner, rotation = 0 } = letterbox;
  if (!rotation) return (x, y) => [x, y];
  const [left, top] = offsetOf(letterbox), center = [left + inner[0] / 2, top + inner[1] / 2];
  const cos = Math.cos((rotation * Math.PI) / 180), sin = Math.sin((rotation * Math.PI) / 180);
  return (x, y) => {
    const right = x - center[0], down = y - center[1];
    return [center[0] + cos * right + sin * down, center[1] - sin * right + cos * down];
  };
}

/** A position before rotation, px, in fractions of the image. @param {Letterbox} letterbox  @returns {(point: number[]) => number[]} */
export function toFractions(letterbox) {
  const offset = offsetOf(letterbox);
  return (point) => point.map((value, i) => (value - offset[i]) / letterbox.inner[i]);
}

// Parts of an image on a grid, and the tiles in which a fine search looks for small faces.
// Mirrors webapp/vision/tiles.py; its docstring defines which traces get a tile.

import { BEST_WIDTH } from "./boxes.js";
import { innerSize, offsetOf } from "./letterbox.js";

/** @typedef {import("./boxes.js").Candidate} Candidate */
/** @typedef {import("./boxes.js").Face} Face */
/** @typedef {import("./letterbox.js").Letterbox} Letterbox */
/** @typedef {[number, number, number, number]} Span  left, top, right and bottom, px */
/** @typedef {{span: Span, letterbox: Letterbox}} Part  of an image, and the letterbox of this part */
/** @typedef {{center: number[], width: number}} Trace  px of the image */

export const TILES = [64, 128]; // px of the input; those for which there is a network
const SPREAD = 1.5; // minimum side of a tile, in widths of its trace
const MARGINS = [0.3, 0.4]; // minimum and maximum, of the tile's side
const PLAIN = 5; // of 0-255
const LARGE = Math.SQRT2 * BEST_WIDTH; // px

/**
 * @param {Candidate[]} traces  in fractions of the image  @param {Face[]} faces  the certain ones
 * @param {number[]} size  width and height of the image, px  @param {number} longSide  px of the image in the fine search
 * @param {number[]} [inputSides]  those of TILES to use  @returns {Part[]}
 */
export function tilesAround(traces, faces, size, longSide, inputSides = TILES) {
  const scale = longSide / Math.max(...size);
  const large = faces.map(({ box }) => box.map((value, i) => value * size[i % 2])).filter((box) => box[2] * scale >= LARGE);
  let rest = [...traces]
    .sort((one, other) => other.score - one.score)
    .map(({ points }) => ({ center: size.map((side, i) => ((points[i] + points[2 + i]) / 2) * side), width: (points[2] - points[0]) * size[0] }))
    .filter(({ center }) => !large.some((box) => center.every((value, i) => value > box[i] && value < box[i] + box[2 + i])));
  const tiles = [];
  while (rest.length) {
    const tile = tileFor(rest[0], scale, size, inputSides);
    tiles.push(tile);
    rest = rest.slice(1).filter((trace) => !isCovered(trace, tile.span, size));
  }
  return tiles;
}

/**
 * The traces whose part of the image is not plain.
 * @param {Candidate[]} traces  @param {Float32Array} input  of the coarse search  @param {Letterbox} letterbox  of the image in it
 */
export function notPlain(traces, input, letterbox) {
  const offset = offsetOf(letterbox);
  return traces.filter(({ points }) => {
    const [left, top] = offset.map((start, i) => Math.max(start, Math.floor(points[i] * letterbox.inner[i] + start)));
    const [right, bottom] = offset.map((start, i) => Math.min(start + letterbox.inner[i], Math.ceil(points[2 + i] * letterbox.inner[i] + start)));
    const grays = [];
    for (let y = top; y < bottom; y++) {
      for (let x = left, at = 3 * (y * letterbox.size[0] + x); x < right; x++, at += 3) grays.push((input[at] + input[at + 1] + input[at + 2]) / 3);
    }
    const mean = grays.reduce((sum, gray) => sum + gray, 0) / grays.length;
    const variance = grays.reduce((sum, gray) => sum + (gray - mean) ** 2, 0) / grays.length;
    return 127.5 * Math.sqrt(variance) >= PLAIN; // false if there is no gray
  });
}

/**
 * Indices of the cells with a score above `minimum` and none higher beside it.
 * @param {Float32Array} logits  of a map  @param {number} columns  @param {number} minimum  score  @returns {number[]}
 */
export function peaks(logits, columns, minimum) {
  const rows = logits.length / columns, lowest = logit(minimum), found = [];
  for (let row = 0, cell = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++, cell++) {
      if (logits[cell] > lowest && isPeak(logits, row, column, rows, columns)) found.push(cell);
    }
  }
  return found;
}

/** @param {Float32Array} logits  @param {number} row  @param {number} column  @param {number} rows  @param {number} columns */
function isPeak(logits, row, column, rows, columns) {
  for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
    for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
      if (logits[y * columns + x] > logits[row * columns + column]) return false;
    }
  }
  return true;
}

/** The logit of a score between 0 and 1. @param {number} score */
export const logit = (score) => Math.log(score / (1 - score));

/** px, a power of two, 1/16 to 1/32 of `side`: on this grid, a part rarely depends on rounding errors. @param {number} side */
export const gridOf = (side) => 2 ** Math.max(0, Math.floor(Math.log2(Math.max(side, 1))) - 4);

/** @param {number} value  @param {number} grid */
export const rounded = (value, grid) => grid * Math.floor(value / grid + 0.5);

/**
 * A square of `side` px, of which `span` is inside of the image.
 * @param {Span} span  @param {number} side  @param {number} inputSide  px of the network's square input
 * @param {number} [rotation]  degrees  @returns {Part}
 */
export function squarePart(span, side, inputSide, rotation = 0) {
  const width = span[2] - span[0], height = span[3] - span[1];
  const longSide = Math.min(inputSide, Math.max(1, Math.floor((inputSide * Math.max(width, height)) / side + 0.5)));
  return { span, letterbox: { inner: innerSize(width, height, longSide), size: [inputSide, inputSide], rotation } };
}

/** @param {Trace} trace  @param {number} scale  @param {number[]} size  @param {number[]} inputSides  @returns {Part} */
function tileFor({ center, width }, scale, size, inputSides) {
  const inputSide = inputSides.find((side) => side >= 2 * width * scale) ?? /** @type {number} */ (inputSides.at(-1));
  const least = Math.max(inputSide, SPREAD * width * scale) / scale, grid = gridOf(least);
  const side = Math.max(grid, rounded(least, grid));
  const [left, top] = center.map((middle, i) => Math.max(0, Math.min(rounded(middle - side / 2, grid), size[i] - side)));
  return squarePart([left, top, Math.min(size[0], left + side), Math.min(size[1], top + side)], side, inputSide);
}

/** Whether the trace is far enough from the edges of the tile. @param {Trace} trace  @param {Span} span  @param {number[]} size */
function isCovered({ center, width }, span, size) {
  const side = Math.max(span[2] - span[0], span[3] - span[1]);
  const margin = Math.min(Math.max(width, MARGINS[0] * side), MARGINS[1] * side);
  return center.every((value, i) => value > (span[i] > 0 ? span[i] + margin : span[i]) && value < (span[2 + i] < size[i] ? span[2 + i] - margin : span[2 + i]));
}

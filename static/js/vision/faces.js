// Face detection: bounding boxes and landmarks from BlazeFace (full range).
// Mirrors webapp/vision/faces.py; its docstring defines the search, the decoding and the verification.

import { iou, isContained, roll, suppress } from "./boxes.js";
import { LANDMARKS } from "./crops.js";
import { resize } from "./images.js";
import { fill, hasBorder, innerSize, toFractions, unrotate } from "./letterbox.js";
import { TILES, gridOf, logit, notPlain, peaks, rounded, squarePart, tilesAround } from "./tiles.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {import("./letterbox.js").Letterbox} Letterbox */
/** @typedef {import("./letterbox.js").Size} Size */
/** @typedef {import("./boxes.js").Face} Face */
/** @typedef {import("./boxes.js").Candidate} Candidate */
/** @typedef {import("./tiles.js").Part} Part */
/** @typedef {{values: Float32Array, logits: Float32Array}} Outputs  16 values and one logit per cell */
/** @typedef {{letterbox: Letterbox, outputs: Outputs}} Search  of the image at one size */
/**
 * Runs the network: from RGB / 127.5 - 1, height x width x 3, to 16 values and one logit per cell.
 * @typedef {(input: Float32Array, width: number, height: number) => Promise<Outputs>} Network
 */

// Long sides (px) the image is resized to; 64 finds a face that fills the image, 512 finds small ones.
export const COARSE_LONG_SIDES = [128];
export const LIVE_LONG_SIDES = [64, 128, 256];
export const PHOTO_LONG_SIDES = [64, 128, 256, 512];
const STRIDE = 4; // px of the input per output cell
const VALUES = 16; // per output cell
const BORDERED = 64; // px; the image at this long side gets a border
const HALVE_FROM = 1536; // px of the image's long side
const FINE = 512; // px; this long side is searched in tiles ...
const FINE_TRACE = 0.05; // ... around cells with this score in the search of its half ...
const FINE_SHARE = 0.6; // ... if the tiles have at most this share of the pixels of the whole input, or not ...
const FAINT_TRACE = 0.01; // ... if no cell with this score is in a part of the image that is not plain
const TINY = 24 / 512; // width, in long sides of the image, below which a face ...
const TINY_THRESHOLD = 0.55; // ... needs this score
const NARROW = 0.3; // width, in long sides of the image, below which the largest long side shows a face best
const SMALL = 0.5; // width, in long sides of the image, below which a face is found best without a border
const TRACE_SCORE = 0.1; // minimum score of a trace of a face, without which the image is not searched rotated
export const CANDIDATE_SCORE = 0.2; // minimum score of a candidate
export const CERTAIN_SCORE = 0.6; // a candidate with this score needs no verification ...
export const TILTED = 25; // ... unless it is tilted by this many degrees
const MAX_VERIFIED = 8; // candidates in one image ...
const MAX_VERIFIED_BELOW = 1; // ... and before one below the threshold
const ROTATION_GRID = 5; // degrees; a rotation on a grid rarely depends on rounding errors
const VERIFY_IOU = 0.4; // minimum overlap with the first box
const ROTATIONS = [45, -45]; // degrees
const ROTATED_LONG_SIDE = 90; // px; the largest whose square, rotated by 45 degrees, fits ROTATED_INPUT
const ROTATED_INPUT = /** @type {Size} */ ([128, 128]);
const ROTATED_THRESHOLD = 0.5; // minimum score of a face that only the rotated image shows
const REFINE_THRESHOLD = 0.3;
const REFINE_IOU = 0.5; // minimum overlap with the first box
/** @typedef {{side: number, window: number}} Pass  over one face: px of the network's square input; side of the window in longer sides of the box */
const VERIFY = { side: 128, window: 2 };
const REFINE = { side: 192, window: 2.5 };

export class FaceDetector {
  /** @param {Network} network  @param {Size[]} sizes  available input widths and heights */
  constructor(network, sizes) {
    this.network = network;
    this.sizes = sizes;
  }

  /**
   * @param {Pixels} pixels
   * @param {{longSides?: number[], threshold?: number, refine?: boolean, rotations?: number[]}} [options]
   *   see webapp/vision/faces.py; `rotations`: degrees by which the image is rotated if no face is found
   * @returns {Promise<Face[]>} highest score first
   */
  async detect(pixels, { longSides = LIVE_LONG_SIDES, threshold = 0.5, refine = false, rotations = ROTATIONS } = {}) {
    const searched = halveIfLarge(pixels, Math.max(...longSides)), minimum = Math.min(CANDIDATE_SCORE, threshold);
    const letterboxes = longSides.map((longSide) => letterboxFor(searched.width, searched.height, longSide, this.sizes));
    const found = await this.#candidates(searched, letterboxes, Math.min(TRACE_SCORE, threshold));
    let faces = await this.#verified(pixels, found.filter(({ score }) => score > minimum), threshold, CERTAIN_SCORE);
    if (found.length && !faces.length && rotations.length) {
      const inner = innerSize(searched.width, searched.height, ROTATED_LONG_SIDE);
      const rotated = rotations.map((rotation) => ({ inner, size: ROTATED_INPUT, rotation }));
      const candidates = await this.#candidates(resizePixels(searched, ...inner), rotated, minimum);
      faces = await this.#verified(pixels, candidates, Math.max(ROTATED_THRESHOLD, threshold), Infinity);
    }
    if (refine) for (const face of faces) await this.#refine(pixels, face);
    return faces;
  }

  /**
   * Letterboxes with a border are left out if the others show certain faces only in small parts of the image.
   * @param {Pixels} pixels  @param {Letterbox[]} letterboxes  @param {number} minimum  score
   * @returns {Promise<Face[]>} highest score first
   */
  async #candidates(pixels, letterboxes, minimum) {
    const bordered = letterboxes.filter(hasBorder), plain = letterboxes.filter((one) => !hasBorder(one));
    const half = plain.find(({ inner }) => Math.max(...inner) === FINE / 2);
    const fine = half && plain.find(({ inner }) => Math.max(...inner) === FINE);
    const searches = await this.#searches(pixels, plain.filter((letterbox) => letterbox !== fine));
    const found = searches.flatMap(({ letterbox, outputs }) => candidatesAbove(minimum, letterbox, outputs));
    const coarse = searches.find(({ letterbox }) => letterbox === half);
    if (fine && coarse) found.push(...(await this.#fineSearch(pixels, fine, coarse, certain(suppress(found)), minimum)));
    const faces = suppress(found);
    if (!bordered.length || areSmall(faces, pixels)) return faces;
    for (const letterbox of bordered) found.push(...(await this.#search(pixels, letterbox, minimum)));
    return suppress(found);
  }

  /** The largest first; the others are left out if it shows only narrow faces. @param {Pixels} pixels  @param {Letterbox[]} letterboxes  @returns {Promise<Search[]>} */
  async #searches(pixels, letterboxes) {
    const found = [];
    for (const letterbox of [...letterboxes].sort((one, other) => Math.max(...other.inner) - Math.max(...one.inner))) {
      if (found.length === 1 && !letterbox.rotation && showsOnlyNarrow(found[0])) break;
      found.push({ letterbox, outputs: await this.#run(pixels, letterbox) });
    }
    return found;
  }

  /**
   * Search the tiles around the traces, or the whole image.
   * @param {Pixels} pixels  @param {Letterbox} letterbox  of the whole image  @param {Search} coarse  of half the size
   * @param {Face[]} faces  the certain ones  @param {number} minimum  score  @returns {Promise<Candidate[]>}
   */
  async #fineSearch(pixels, letterbox, coarse, faces, minimum) {
    const size = [pixels.width, pixels.height], sides = TILES.filter((side) => this.sizes.some((each) => each.every((one) => one === side)));
    const tiles = tilesAround(tracesAbove(FINE_TRACE, coarse), faces, size, FINE, sides);
    const area = tiles.reduce((sum, { letterbox: { size } }) => sum + size[0] * size[1], 0);
    if (area > FINE_SHARE * letterbox.size[0] * letterbox.size[1]) {
      const visible = notPlain(tracesAbove(FAINT_TRACE, coarse), fill(pixels, coarse.letterbox), coarse.letterbox);
      return tilesAround(visible, faces, size, FINE, sides).length ? this.#search(pixels, letterbox, minimum) : [];
    }
    const found = [];
    for (const tile of tiles) found.push(...(await this.searchPart(pixels, tile, minimum)));
    return found;
  }

  /** @param {Pixels} pixels  @param {Letterbox} letterbox  @param {number} minimum  score  @returns {Promise<Candidate[]>} */
  async #search(pixels, letterbox, minimum) {
    return candidatesAbove(minimum, letterbox, await this.#run(pixels, letterbox));
  }

  /** @param {Pixels} pixels  @param {Letterbox} letterbox  @returns {Promise<Outputs>} */
  #run(pixels, letterbox) {
    return this.network(fill(pixels, letterbox), ...letterbox.size);
  }

  /**
   * The candidates whose score exceeds the threshold after verification.
   * @param {Pixels} pixels  @param {Face[]} candidates  highest score first  @param {number} threshold
   * @param {number} certain  score that needs no verification  @returns {Promise<Face[]>} highest score first
   */
  async #verified(pixels, candidates, threshold, certain) {
    /** @type {Face[]} */
    const faces = [];
    let verified = 0;
    for (const candidate of candidates) {
      if (isContained(candidate, faces)) continue;
      /** @type {Face | null} */
      let face = candidate;
      const isCertain = face.score >= Math.max(certain, threshold);
      const isFinal = isCertain && Math.abs(roll(face, pixels.width / pixels.height)) < TILTED;
      if (!isFinal && verified < (face.score > threshold ? MAX_VERIFIED : MAX_VERIFIED_BELOW)) {
        verified++;
        face = (await this.verify(pixels, face, Math.min(CANDIDATE_SCORE, threshold))) ?? (isCertain ? face : null);
      }
      if (face && face.score > thresholdFor(face, pixels, threshold) && !isContained(face, faces)) faces.push(face);
    }
    return faces.sort((one, other) => other.score - one.score);
  }

  /** The face from a second, upright pass over a window around it. @param {Pixels} pixels  @param {Face} face  @param {number} minimum  score */
  async verify(pixels, face, minimum) {
    const best = await this.#detectNear(pixels, face, uprightWindow(face, pixels.width, pixels.height), minimum);
    if (!best || iou(face.box, best.box) < VERIFY_IOU) return null;
    return { ...best, score: (best.score + Math.max(best.score, face.score)) / 2 };
  }

  /** Replace the landmarks by those of a second pass over a window around the face. @param {Pixels} pixels  @param {Face} face */
  async #refine(pixels, face) {
    const best = await this.#detectNear(pixels, face, windowAround(face, pixels.width, pixels.height, REFINE), REFINE_THRESHOLD);
    if (best && iou(face.box, best.box) >= REFINE_IOU) face.landmarks = best.landmarks;
  }

  /**
   * The face with the largest overlap in a window around `face`.
   * @param {Pixels} pixels  @param {Face} face  @param {Part | null} window  @param {number} minimum  score  @returns {Promise<Face | undefined>}
   */
  async #detectNear(pixels, face, window, minimum) {
    const faces = window ? suppress(await this.searchPart(pixels, window, minimum)) : [];
    return faces.sort((one, other) => iou(face.box, other.box) - iou(face.box, one.box))[0];
  }

  /** Search a part of the image. @param {Pixels} pixels  @param {Part} part  @param {number} minimum  score  @returns {Promise<Candidate[]>} in fractions of the image */
  async searchPart(pixels, { span: [left, top, right, bottom], letterbox }, minimum) {
    const { width, height } = pixels;
    const shift = [left / width, top / height], scale = [(right - left) / width, (bottom - top) / height];
    const whole = right - left === width && bottom - top === height;
    const candidates = await this.#search(whole ? pixels : subimage(pixels, left, top, right, bottom), letterbox, minimum);
    return candidates.map(({ points, ...rest }) => ({ ...rest, points: points.map((value, i) => value * scale[i % 2] + shift[i % 2]) }));
  }
}

/** The window in which a face is verified; null if it is outside of the image. @param {Face} face  @param {number} width  @param {number} height  @returns {Part | null} */
const uprightWindow = (face, width, height) => windowAround(face, width, height, VERIFY, uprightRotation(face, width / height));

/**
 * A square window around a face; null if it is outside of the image.
 * @param {Face} face  @param {number} width  @param {number} height  @param {Pass} pass  @param {number} [rotation]  degrees
 * @returns {Part | null}
 */
function windowAround(face, width, height, pass, rotation = 0) {
  const [x, y, boxWidth, boxHeight] = face.box.map((value, i) => value * (i % 2 ? height : width));
  const longerSide = pass.window * Math.max(boxWidth, boxHeight), grid = gridOf(longerSide);
  const side = Math.max(grid, rounded(longerSide, grid));
  const [left, right] = span(x + boxWidth / 2, side, grid, width), [top, bottom] = span(y + boxHeight / 2, side, grid, height);
  return right > left && bottom > top ? squarePart([left, top, right, bottom], side, pass.side, rotation) : null;
}

/**
 * The smallest input with that long side, or twice that side if the image gets a border.
 * @param {number} width  @param {number} height  @param {number} longSide  @param {Size[]} sizes  @returns {Letterbox}
 */
export function letterboxFor(width, height, longSide, sizes) {
  const inner = innerSize(width, height, longSide);
  const times = longSide === BORDERED ? 2 : 1;
  const fitting = sizes.filter((size) => Math.max(...size) === times * longSide && size.every((side, i) => side >= times * inner[i]));
  const [size] = fitting.sort((one, other) => one[0] * one[1] - other[0] * other[1]);
  if (!size) throw new RangeError(`\`longSides\` must be among ${sizes.map((one) => Math.max(...one))}, got ${longSide}`);
  return { inner, size };
}

/** @param {Pixels} pixels  @param {number} longSide  the largest one used  @returns {Pixels} */
export function halveIfLarge(pixels, longSide) {
  const { width, height } = pixels;
  if (Math.max(width, height) < Math.max(HALVE_FROM, 2 * longSide) || Math.min(width, height) < 2) return pixels;
  return resizePixels(pixels, Math.floor(width / 2), Math.floor(height / 2));
}

/** @param {Pixels} pixels  @param {number} width  @param {number} height  @returns {Pixels} */
function resizePixels(pixels, width, height) {
  const rgb = resize(pixels, width, height);
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = rgb[3 * i + channel];
  return { data, width, height };
}

/** The candidates with a score above `minimum`. @param {number} minimum  @param {Letterbox} letterbox  @param {Outputs} outputs */
function candidatesAbove(minimum, letterbox, outputs) {
  const lowest = logit(minimum), cells = [];
  for (let cell = 0; cell < outputs.logits.length; cell++) if (outputs.logits[cell] > lowest) cells.push(cell);
  return decode(letterbox, outputs, cells);
}

/** The cells that may be small faces. @param {number} minimum  score  @param {Search} search */
function tracesAbove(minimum, { letterbox, outputs }) {
  return decode(letterbox, outputs, peaks(outputs.logits, letterbox.size[0] / STRIDE, minimum));
}

/** @param {Letterbox} letterbox  @param {Outputs} outputs  @param {number[]} cells  @returns {Candidate[]} */
function decode(letterbox, { values, logits }, cells) {
  const columns = letterbox.size[0] / STRIDE;
  const unrotated = unrotate(letterbox), fractions = toFractions(letterbox);
  return cells.map((cell) => {
    const anchor = [((cell % columns) + 0.5) * STRIDE, (Math.floor(cell / columns) + 0.5) * STRIDE];
    const [x, y, width, height, ...rest] = values.subarray(VALUES * cell, VALUES * cell + 4 + 2 * LANDMARKS.length);
    const [center, ...landmarks] = pairs([x, y, ...rest]).map(([x, y]) => unrotated(x + anchor[0], y + anchor[1]));
    const corners = [-0.5, 0.5].map((half) => [center[0] + half * width, center[1] + half * height]);
    return { points: [...corners, ...landmarks].flatMap(fractions), score: 1 / (1 + Math.exp(-logits[cell])), width };
  });
}

/** The score that the face must exceed. @param {Face} face  @param {Pixels} pixels  @param {number} threshold */
function thresholdFor({ box }, { width, height }, threshold) {
  return box[2] * Math.min(1, width / height) < TINY ? Math.max(threshold, TINY_THRESHOLD) : threshold;
}

/** @param {Face[]} faces */
const certain = (faces) => faces.filter(({ score }) => score >= CERTAIN_SCORE);

/** Whether there are certain faces, all narrower than SMALL of the image's long side. @param {Face[]} faces  @param {Pixels} pixels */
function areSmall(faces, { width, height }) {
  const found = certain(faces);
  return found.length > 0 && found.every(({ box }) => box[2] * width < SMALL * Math.max(width, height));
}

/** Whether there are certain faces, and no trace, down to a score of FAINT_TRACE, that is as wide as NARROW. @param {Search} search */
function showsOnlyNarrow(search) {
  const traces = tracesAbove(FAINT_TRACE, search), narrow = NARROW * Math.max(...search.letterbox.inner);
  return traces.some(({ score }) => score >= CERTAIN_SCORE) && traces.every(({ width }) => width < narrow);
}

/** Degrees, on a grid, that turn a face upright. @param {Face} face  @param {number} aspect */
const uprightRotation = (face, aspect) => -rounded(roll(face, aspect), ROTATION_GRID);

/** @param {number[]} values  @returns {number[][]} */
const pairs = (values) => Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i], values[2 * i + 1]]);

/** Pixel range [start, end) of length `side` around `center`, on the grid, clipped to [0, limit). @param {number} center  @param {number} side  @param {number} grid  @param {number} limit */
function span(center, side, grid, limit) {
  const start = rounded(center - side / 2, grid);
  return [Math.min(limit, Math.max(0, start)), Math.max(0, Math.min(limit, start + side))];
}

/** @param {Pixels} pixels  @param {number} left  @param {number} top  @param {number} right  @param {number} bottom  @returns {Pixels} */
function subimage({ data, width }, left, top, right, bottom) {
  const out = new Uint8ClampedArray(4 * (right - left) * (bottom - top));
  for (let row = top; row < bottom; row++) out.set(data.subarray(4 * (row * width + left), 4 * (row * width + right)), 4 * (row - top) * (right - left));
  return { data: out, width: right - left, height: bottom - top };
}

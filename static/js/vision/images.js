// Decode an image file or a camera frame to pixels, and resize pixels. Mirrors webapp/vision/images.py and OpenCV's
// resizing: a canvas scales differently, and the detector would see another image than on the server.

/**
 * @typedef {object} Pixels
 * @property {Uint8ClampedArray} data  RGBA, rows from the top; alpha is 255
 * @property {number} width
 * @property {number} height
 */
/** @typedef {{pixels: Pixels, width: number, height: number}} DecodedImage  width, height: of the upright image at full size */

/** The file cannot be decoded. `code` as on the server: not_a_picture, too_many_pixels. */
export class ImageError extends Error {
  /** @param {string} code  @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "ImageError";
    this.code = code;
  }
}

const STRIP_ROWS = 512; // rows read from the canvas at a time, so that memory holds a large photo only once
export const MAX_PIXELS = 64_000_000;

/**
 * @param {Blob} blob  JPEG, PNG, WebP, AVIF, GIF's first frame, BMP: whatever the browser decodes
 * @param {{reduceTo?: number, maxPixels?: number}} [options]  `reduceTo`: px; the long side is reduced, but not below this
 * @returns {Promise<DecodedImage>} upright by EXIF, composited on white, colors as stored
 * @throws {ImageError}
 */
export async function decode(blob, { reduceTo = Infinity, maxPixels = MAX_PIXELS } = {}) {
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(blob, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch {
    throw new ImageError("not_a_picture", "This browser cannot decode the file as an image. The server may support its format.");
  }
  const { width, height } = bitmap;
  try {
    if (width * height > maxPixels) {
      throw new ImageError("too_many_pixels", `The image has ${width} x ${height} pixels; the limit is ${maxPixels / 1e6} megapixels.`);
    }
    return { pixels: fromBitmap(bitmap, Math.max(1, Math.floor(Math.max(width, height) / reduceTo))), width, height };
  } finally {
    bitmap.close();
  }
}

/** @type {OffscreenCanvas | null} reused for all frames: creating one costs more than drawing */
let canvas = null;

/** @param {ImageBitmap} bitmap  @param {number} [factor] integer to average down by  @returns {Pixels} */
export function fromBitmap(bitmap, factor = 1) {
  const { width, height } = bitmap;
  const rows = factor === 1 ? height : Math.floor(STRIP_ROWS / factor) * factor || factor;
  if (canvas?.width !== width || canvas.height !== rows) canvas = new OffscreenCanvas(width, rows);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  /** @param {number} top  @param {number} count */
  const strip = (top, count) => {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, width, count);
    context.drawImage(bitmap, 0, -top);
    return { data: context.getImageData(0, 0, width, count).data, width, height: count };
  };
  if (factor === 1) return strip(0, height);
  const out = { data: new Uint8ClampedArray(4 * Math.ceil(width / factor) * Math.ceil(height / factor)), width: Math.ceil(width / factor), height: Math.ceil(height / factor) };
  for (let top = 0; top < height; top += rows) {
    out.data.set(reduce(strip(top, Math.min(rows, height - top)), factor).data, 4 * out.width * (top / factor));
  }
  canvas = null; // do not hold on to a large photo's strip
  return out;
}

/**
 * Average blocks of `factor` x `factor` pixels; blocks at the right and bottom edges may be smaller.
 * @param {Pixels} pixels  @param {number} factor  @returns {Pixels}
 */
export function reduce({ data, width, height }, factor) {
  const columns = Math.ceil(width / factor), rows = Math.ceil(height / factor);
  const out = new Uint8ClampedArray(4 * columns * rows);
  const sums = new Float64Array(3 * columns);
  for (let row = 0; row < rows; row++) {
    sums.fill(0);
    const last = Math.min(height, (row + 1) * factor);
    for (let y = row * factor; y < last; y++) {
      for (let x = 0, at = 4 * y * width; x < width; x++, at += 4) {
        const to = 3 * Math.floor(x / factor);
        sums[to] += data[at];
        sums[to + 1] += data[at + 1];
        sums[to + 2] += data[at + 2];
      }
    }
    for (let column = 0; column < columns; column++) {
      const count = (last - row * factor) * (Math.min(width, (column + 1) * factor) - column * factor);
      const to = 4 * (row * columns + column);
      for (let channel = 0; channel < 3; channel++) out[to + channel] = Math.floor(sums[3 * column + channel] / count + 0.5);
      out[to + 3] = 255;
    }
  }
  return { data: out, width: columns, height: rows };
}

/**
 * Resize as OpenCV does: INTER_AREA if the width shrinks, otherwise INTER_LINEAR_EXACT; values are rounded to integers.
 * @param {Pixels} pixels  @param {number} width  @param {number} height  @returns {Float32Array} RGB, 0-255
 */
export function resize(pixels, width, height) {
  return width < pixels.width ? shrink(pixels, width, height) : enlarge(pixels, width, height);
}

/** @param {Pixels} pixels  @param {number} width  @param {number} height */
function shrink({ data, width: from, height: rows }, width, height) {
  const across = from / width, down = rows / height;
  const round = rounding(across, down);
  const { starts, weights, counts } = coverage(from, width);
  const sums = new Float64Array(3 * from);
  const out = new Float32Array(3 * width * height);
  for (let row = 0; row < height; row++) {
    sumRows(data, from, rows, row * down, Math.min(rows, (row + 1) * down), sums);
    for (let column = 0, weight = 0; column < width; column++) {
      let red = 0, green = 0, blue = 0;
      for (let at = 3 * starts[column], end = at + 3 * counts[column]; at < end; at += 3, weight++) {
        red += sums[at] * weights[weight];
        green += sums[at + 1] * weights[weight];
        blue += sums[at + 2] * weights[weight];
      }
      const to = 3 * (row * width + column);
      out[to] = round(red);
      out[to + 1] = round(green);
      out[to + 2] = round(blue);
    }
  }
  return out;
}

/**
 * Sum rows `top` to `bottom`, weighting partial rows, into `sums`: RGB per column.
 * @param {Uint8ClampedArray} data  @param {number} width  @param {number} rows
 * @param {number} top  @param {number} bottom  @param {Float64Array} sums
 */
function sumRows(data, width, rows, top, bottom, sums) {
  sums.fill(0);
  const last = Math.min(rows, Math.ceil(bottom - 1e-9));
  for (let y = Math.floor(top + 1e-9); y < last; y++) {
    const weight = Math.min(y + 1, bottom) - Math.max(y, top);
    for (let to = 0, at = 4 * y * width; to < 3 * width; to += 3, at += 4) {
      sums[to] += weight * data[at];
      sums[to + 1] += weight * data[at + 1];
      sums[to + 2] += weight * data[at + 2];
    }
  }
}

/** The source pixels each of `to` columns covers, and the fraction of each. @param {number} from  @param {number} to */
function coverage(from, to) {
  const scale = from / to;
  const starts = new Int32Array(to), counts = new Int32Array(to);
  const weights = [];
  for (let column = 0; column < to; column++) {
    const left = column * scale, right = Math.min(from, (column + 1) * scale);
    starts[column] = Math.floor(left + 1e-9);
    counts[column] = Math.min(from, Math.ceil(right - 1e-9)) - starts[column];
    for (let x = starts[column]; x < starts[column] + counts[column]; x++) weights.push(Math.min(x + 1, right) - Math.max(x, left));
  }
  return { starts, counts, weights: Float64Array.from(weights) };
}

/**
 * From a block's sum to its integer mean. OpenCV rounds halves up for 2 x 2 blocks and to even otherwise; if both
 * factors are integers, it multiplies by a float32.
 * @param {number} across  @param {number} down
 */
function rounding(across, down) {
  const area = across * down;
  if (across === 2 && down === 2) return (/** @type {number} */ sum) => Math.floor((sum + 2) / 4);
  if (!Number.isInteger(across) || !Number.isInteger(down)) return (/** @type {number} */ sum) => halfToEven(sum / area);
  const scale = Math.fround(1 / area);
  return (/** @type {number} */ sum) => halfToEven(Math.fround(sum * scale));
}

/** Rounds as OpenCV and NumPy do. @param {number} value  @returns {number} */
export function halfToEven(value) {
  const down = Math.floor(value), rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

/** Bilinear in steps of 1/256, with pixel centers at +0.5 and replicated edges. @param {Pixels} pixels  @param {number} width  @param {number} height */
function enlarge({ data, width: from, height: rows }, width, height) {
  const columns = neighbors(from, width), lines = neighbors(rows, height);
  const out = new Float32Array(3 * width * height);
  for (let row = 0, to = 0; row < height; row++) {
    const [above, below, ty] = [4 * from * lines.first[row], 4 * from * lines.second[row], lines.weight[row]];
    for (let column = 0; column < width; column++) {
      const [left, right, tx] = [4 * columns.first[column], 4 * columns.second[column], columns.weight[column]];
      for (let channel = 0; channel < 3; channel++, to++) {
        const upper = data[above + left + channel] * (1 - tx) + data[above + right + channel] * tx;
        const lower = data[below + left + channel] * (1 - tx) + data[below + right + channel] * tx;
        out[to] = Math.floor(upper * (1 - ty) + lower * ty + 0.5);
      }
    }
  }
  return out;
}

/** The two source pixels each of `to` is interpolated from, and the weight of the second. @param {number} from  @param {number} to */
function neighbors(from, to) {
  const first = new Int32Array(to), second = new Int32Array(to), weight = new Float64Array(to);
  for (let i = 0; i < to; i++) {
    const at = ((i + 0.5) * from) / to - 0.5, floor = Math.floor(at);
    first[i] = Math.min(from - 1, Math.max(0, floor));
    second[i] = Math.min(from - 1, Math.max(0, floor + 1));
    weight[i] = halfToEven(256 * (at - floor)) / 256;
  }
  return { first, second, weight };
}

// Cut a face out of an image as the network's input. Repeats webapp/vision/crops.py step by step; its docstring has the
// formulas. Computed in doubles; only the result is float32.

export const LANDMARKS = /** @type {const} */ (["right_eye", "left_eye", "nose", "mouth"]);
const OFFSETS = [0.25, 0.75]; // of the samples within a crop pixel

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {[number, number]} Point */
/** @typedef {{size: number, points: Point[]}} CropSpec  `points`: targets of LANDMARKS, in fractions of the crop */

/** @param {{input: {size: number}, crop: {points: Record<string, Point>}}} card  @returns {CropSpec} */
export const cropSpec = (card) => ({ size: card.input.size, points: LANDMARKS.map((name) => card.crop.points[name]) });

/**
 * @param {Pixels} pixels
 * @param {{landmarks: Record<string, number[]>}} face  landmarks in fractions of the image
 * @param {CropSpec} spec
 * @returns {Float32Array} size * size, gray 0-255
 */
export function crop(pixels, face, { size, points }) {
  const source = LANDMARKS.map((name) => /** @type {Point} */ ([face.landmarks[name][0] * pixels.width, face.landmarks[name][1] * pixels.height]));
  const target = points.map(([x, y]) => /** @type {Point} */ ([x * size, y * size]));
  return sample(pixels, similarity(source, target), size);
}

/**
 * Least-squares similarity target = a source + b in complex numbers, without reflection (Umeyama 1991).
 * @param {Point[]} source  @param {Point[]} target
 * @returns {{a: Point, b: Point}}
 * @throws {RangeError} when all landmarks coincide
 */
export function similarity(source, target) {
  const [px, py] = mean(source), [qx, qy] = mean(target);
  let real = 0, imaginary = 0, spread = 0;
  source.forEach(([x, y], i) => {
    const dx = x - px, dy = y - py, ex = target[i][0] - qx, ey = target[i][1] - qy;
    real += dx * ex + dy * ey;
    imaginary += dx * ey - dy * ex;
    spread += dx * dx + dy * dy;
  });
  const a = /** @type {Point} */ (spread ? [real / spread, imaginary / spread] : [0, 0]);
  if (!(Math.hypot(...a) > 0)) throw new RangeError("all landmarks coincide, so the face cannot be cropped");
  return { a, b: [qx - (a[0] * px - a[1] * py), qy - (a[0] * py + a[1] * px)] };
}

/** @param {Point[]} points  @returns {Point} */
const mean = (points) => [points.reduce((sum, [x]) => sum + x, 0) / points.length, points.reduce((sum, [, y]) => sum + y, 0) / points.length];

/** @param {Pixels} pixels  @param {{a: Point, b: Point}} similarity  @param {number} size */
function sample(pixels, { a, b }, size) {
  const block = Math.max(1, Math.floor(1 / Math.hypot(...a) / 2 + 0.5));
  const norm = (a[0] * a[0] + a[1] * a[1]) * block;
  // From q to p / block, by multiplying with the conjugate over the norm; then to the reduced image's pixel centers.
  const toImage = (/** @type {number} */ u, /** @type {number} */ v) => {
    const x = u - b[0], y = v - b[1];
    return [(x * a[0] + y * a[1]) / norm - 0.5, (y * a[0] - x * a[1]) / norm - 0.5];
  };
  const near = OFFSETS[0], far = size - 1 + OFFSETS[1];
  const corners = [toImage(near, near), toImage(far, near), toImage(near, far), toImage(far, far)];
  const [left, right] = pixelRange(corners.map(([x]) => x)), [top, bottom] = pixelRange(corners.map(([, y]) => y));
  const width = right - left;
  const gray = reducedGray(pixels, block, left, top, right, bottom);
  const out = new Float32Array(size * size);
  for (let v = 0, to = 0; v < size; v++) {
    for (let u = 0; u < size; u++, to++) {
      let sum = 0;
      for (const dv of OFFSETS) {
        for (const du of OFFSETS) {
          const [x, y] = toImage(u + du, v + dv);
          const column = Math.floor(x), row = Math.floor(y);
          const tx = x - column, ty = y - row;
          const at = (row - top) * width + column - left;
          sum += (1 - ty) * ((1 - tx) * gray[at] + tx * gray[at + 1]) + ty * ((1 - tx) * gray[at + width] + tx * gray[at + width + 1]);
        }
      }
      out[to] = sum / 4;
    }
  }
  return out;
}

/** Pixel range [first, end) that bilinear samples at `values` read. @param {number[]} values */
const pixelRange = (values) => [Math.floor(Math.min(...values) - 1e-6), Math.floor(Math.max(...values) + 1e-6) + 2];

/**
 * Mean gray of each block, with the image's edges replicated.
 * @param {Pixels} pixels  @param {number} block
 * @param {number} left  @param {number} top  @param {number} right  @param {number} bottom
 */
function reducedGray({ data, width, height }, block, left, top, right, bottom) {
  const gray = new Float64Array((right - left) * (bottom - top));
  const columns = Int32Array.from({ length: (right - left) * block }, (_, i) => 4 * Math.min(width - 1, Math.max(0, left * block + i)));
  const area = block * block;
  for (let row = top, to = 0; row < bottom; row++) {
    for (let column = 0; column < right - left; column++, to++) {
      let red = 0, green = 0, blue = 0;
      for (let dy = 0; dy < block; dy++) {
        const line = 4 * width * Math.min(height - 1, Math.max(0, row * block + dy));
        for (let dx = column * block; dx < (column + 1) * block; dx++) {
          const at = line + columns[dx];
          red += data[at];
          green += data[at + 1];
          blue += data[at + 2];
        }
      }
      gray[to] = (0.299 * red + 0.587 * green + 0.114 * blue) / area;
    }
  }
  return gray;
}

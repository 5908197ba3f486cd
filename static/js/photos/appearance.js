// What a photo looks like, in two numbers that are stored with it: a hash that near-identical photos share, and its
// sharpness. Pure functions on gray values.

/** Size of the image from which the hash is computed, px. */
export const HASH_SIZE = Object.freeze({ width: 9, height: 8 });
const FLAT = 10; // gray levels between the darkest and the brightest pixel; a flatter image has only noise to compare

/**
 * The difference hash: for each pixel, whether its right neighbor is brighter. It survives other sizes, tones, compression
 * and small movements of the camera.
 * @param {ArrayLike<number>} gray  of HASH_SIZE, 0-255, row by row
 * @returns {string} 64 bits as 16 hexadecimal digits, "" for a flat image
 */
export function differenceHash(gray) {
  const values = Array.from(gray);
  if (Math.max(...values) - Math.min(...values) < FLAT) return "";
  const { width, height } = HASH_SIZE;
  let digits = "";
  for (let y = 0; y < height; y++) {
    let row = 0;
    for (let x = 0; x + 1 < width; x++) row = 2 * row + Number(gray[y * width + x + 1] > gray[y * width + x]);
    digits += row.toString(16).padStart(2, "0");
  }
  return digits;
}

/** @param {string} hash  of 16 digits  @returns {[number, number]} its bits, 32 in each number */
export const bitsOf = (hash) => [parseInt(hash.slice(0, 8), 16) | 0, parseInt(hash.slice(8), 16) | 0];

/** @param {[number, number]} a  @param {[number, number]} b  bits of two hashes  @returns {number} of different bits, 0-64 */
export const hashDistance = (a, b) => bitCount(a[0] ^ b[0]) + bitCount(a[1] ^ b[1]);

/** @param {number} bits  32 of them */
function bitCount(bits) {
  const pairs = bits - ((bits >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Variance of the Laplacian (Pech-Pacheco et al. 2000): large for sharp images, small for blurred ones of the same scene.
 * @param {ArrayLike<number>} gray  0-255, row by row  @param {number} width  @param {number} height  px
 * @returns {number} 0 for an image of less than 3 x 3 px
 */
export function sharpness(gray, width, height) {
  let sum = 0, squares = 0;
  const count = (width - 2) * (height - 2);
  if (width < 3 || height < 3) return 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1, at = y * width + 1; x < width - 1; x++, at++) {
      const value = gray[at - 1] + gray[at + 1] + gray[at - width] + gray[at + width] - 4 * gray[at];
      sum += value;
      squares += value * value;
    }
  }
  return squares / count - (sum / count) ** 2;
}

/** @param {Uint8ClampedArray} rgba  @returns {Float32Array} gray values, 0-255, with the weights of ITU-R BT.601 */
export function grayOf(rgba) {
  const gray = new Float32Array(rgba.length / 4);
  for (let i = 0; i < gray.length; i++) gray[i] = 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2];
  return gray;
}

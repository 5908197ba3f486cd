// Classify crops: calibrated probabilities, votes, abstention. Mirrors webapp/vision/expressions.py.

import { cropSpec } from "./crops.js";

const BATCH_SIZES = [1, 2, 4, 8, 16, 32]; // batches are padded to one of these, so each is compiled once
const VOTES = 10;

/** The part of a bundle's card that inference needs.
 * @typedef {object} Card
 * @property {string} name
 * @property {string} version
 * @property {string} label_set
 * @property {string[]} labels
 * @property {number | null} raters
 * @property {{size: number}} input
 * @property {{points: Record<string, [number, number]>}} crop
 * @property {{temperature: number}} calibration
 * @property {{threshold: number}} unsure
 * @property {{offsets: number[]}} [balanced]
 * @property {{threshold: number}} [unlike]
 */
/** @typedef {(crops: Float32Array, count: number, size: number) => Promise<{logits: Float32Array, distances?: Float32Array}>} Network  count x labels; count */
/** @typedef {{probabilities: Float32Array, distance: number}} Prediction  of one crop; the distance from the training data is NaN if the network has none */

export class ExpressionClassifier {
  /** @param {Card} card  @param {Network} network */
  constructor(card, network) {
    this.card = card;
    this.labels = card.labels;
    this.crop = cropSpec(card);
    this.network = network;
  }

  /** @param {Float32Array[]} crops  @returns {Promise<Float32Array[]>} softmax(logits / temperature), one per crop */
  async probabilities(crops) {
    return (await this.predictions(crops)).map(({ probabilities }) => probabilities);
  }

  /** @param {Float32Array[]} crops  @returns {Promise<Prediction[]>} one per crop */
  async predictions(crops) {
    /** @type {Prediction[]} */
    const all = [];
    for (let start = 0; start < crops.length; start += BATCH_SIZES[BATCH_SIZES.length - 1]) {
      all.push(...(await this.#batch(crops.slice(start, start + BATCH_SIZES[BATCH_SIZES.length - 1]))));
    }
    return all;
  }

  /** @param {Float32Array[]} crops  @returns {Promise<Prediction[]>} */
  async #batch(crops) {
    const count = /** @type {number} */ (BATCH_SIZES.find((size) => size >= crops.length));
    const { size } = this.crop;
    const input = new Float32Array(count * size * size);
    crops.forEach((one, i) => input.set(one, i * size * size));
    const { logits, distances } = await this.network(input, count, size);
    return crops.map((_, i) => ({
      probabilities: softmax(logits.subarray(i * this.labels.length, (i + 1) * this.labels.length), this.card.calibration.temperature),
      distance: distances ? distances[i] : NaN,
    }));
  }

  /** @param {ArrayLike<number>} probabilities  @returns {Record<string, number> | null} ten votes; null if the label set has no raters */
  votes(probabilities) {
    if (!this.card.raters) return null;
    return tenVotes(this.labels, probabilities);
  }

  /**
   * The balanced prediction: part of the training data's prior is removed by the card's offsets (Menon et al. 2021). Not votes.
   * @param {ArrayLike<number>} probabilities  @returns {number[] | null} sum 1; null if the card has no offsets
   */
  balanced(probabilities) {
    const offsets = this.card.balanced?.offsets;
    if (!offsets) return null;
    const adjusted = offsets.map((offset, i) => probabilities[i] * Math.exp(offset));
    const sum = adjusted.reduce((total, value) => total + value, 0);
    return adjusted.map((value) => value / sum);
  }

  /** @param {ArrayLike<number>} probabilities */
  unsure(probabilities) {
    return Math.max(...Array.from(probabilities)) < this.card.unsure.threshold;
  }

  /** @param {number} distance  @returns {boolean | null} null if the bundle has no distance */
  unlike(distance) {
    return this.card.unlike ? distance > this.card.unlike.threshold : null;
  }
}

/** @param {ArrayLike<number>} logits  @param {number} temperature  @returns {Float32Array} */
export function softmax(logits, temperature) {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const most = Math.max(...scaled);
  const powers = scaled.map((value) => Math.exp(value - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/**
 * @param {string[]} labels  @param {ArrayLike<number>} probabilities
 * @returns {Record<string, number>} sum VOTES; labels without a vote are left out
 */
export function tenVotes(labels, probabilities) {
  const votes = largestRemainder(probabilities, VOTES);
  return Object.fromEntries(labels.flatMap((label, i) => (votes[i] ? [[label, votes[i]]] : [])));
}

/**
 * Round probabilities to integer votes (Hamilton's method). Each label receives the integer part of its quota; the
 * remaining votes go to the largest fractional parts, with ties broken by higher probability, then by label order.
 * Quotas are rounded to six decimals, so that floating-point noise breaks no tie.
 * @param {ArrayLike<number>} probabilities  @param {number} total  @returns {number[]}
 */
export function largestRemainder(probabilities, total) {
  const values = Array.from(probabilities);
  const norm = values.reduce((sum, value) => sum + value, 0);
  const quotas = values.map((value) => sixDecimals((value / norm) * total));
  const votes = quotas.map(Math.floor);
  const fractions = quotas.map((quota, i) => sixDecimals(quota - votes[i]));
  const order = quotas.map((_, i) => i).sort((i, j) => fractions[j] - fractions[i] || quotas[j] - quotas[i] || i - j);
  const remaining = total - votes.reduce((sum, count) => sum + count, 0);
  for (const i of order.slice(0, Math.max(0, remaining))) votes[i]++;
  return votes;
}

/** @param {number} value */
const sixDecimals = (value) => Math.round(value * 1e6) / 1e6;

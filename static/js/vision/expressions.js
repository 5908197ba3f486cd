// Crops to calibrated probabilities and votes, as webapp/vision/expressions.py.

import { cropSpec } from "./crops.js";

const BATCHES = [1, 2, 4, 8, 16, 32]; // sizes the network is run at: each is prepared once
const RATERS = 10;

/** What the page knows of a bundle: its card's part that a reading needs.
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
 */
/** @typedef {(crops: Float32Array, count: number, size: number) => Promise<Float32Array>} Network  logits, count x labels */

export class Expressions {
  /** @param {Card} card  @param {Network} network */
  constructor(card, network) {
    this.card = card;
    this.labels = card.labels;
    this.crop = cropSpec(card);
    this.network = network;
  }

  /** @param {Float32Array[]} crops  @returns {Promise<Float32Array[]>} one a crop; softmax(logits / temperature) */
  async probabilities(crops) {
    const found = [];
    for (let start = 0; start < crops.length; start += BATCHES[BATCHES.length - 1]) {
      found.push(...(await this.#batch(crops.slice(start, start + BATCHES[BATCHES.length - 1]))));
    }
    return found;
  }

  /** @param {Float32Array[]} crops */
  async #batch(crops) {
    const count = /** @type {number} */ (BATCHES.find((size) => size >= crops.length));
    const { size } = this.crop;
    const input = new Float32Array(count * size * size);
    crops.forEach((one, i) => input.set(one, i * size * size));
    const logits = await this.network(input, count, size);
    return crops.map((_, i) => softmax(logits.subarray(i * this.labels.length, (i + 1) * this.labels.length), this.card.calibration.temperature));
  }

  /** @param {ArrayLike<number>} probabilities  @returns {Record<string, number> | null} ten votes; null where no raters judged */
  votes(probabilities) {
    if (!this.card.raters) return null;
    return tenVotes(this.labels, probabilities);
  }

  /** @param {ArrayLike<number>} probabilities */
  unsure(probabilities) {
    return Math.max(...Array.from(probabilities)) < this.card.unsure.threshold;
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
 * @returns {Record<string, number>} sum RATERS; labels without a vote are left out
 */
export function tenVotes(labels, probabilities) {
  const seats = largestRemainder(probabilities, RATERS);
  return Object.fromEntries(labels.flatMap((label, i) => (seats[i] ? [[label, seats[i]]] : [])));
}

/**
 * Whole votes nearest to the probabilities (Hamilton's method): whole parts first, what is left to the largest
 * fractions, of equal ones to the more probable, then to the earlier label. Rounded so that float noise decides nothing.
 * @param {ArrayLike<number>} probabilities  @param {number} seats  @returns {number[]}
 */
export function largestRemainder(probabilities, seats) {
  const values = Array.from(probabilities);
  const sum = values.reduce((total, value) => total + value, 0);
  const shares = values.map((value) => micro((value / sum) * seats));
  const votes = shares.map(Math.floor);
  const fractions = shares.map((share, i) => micro(share - votes[i]));
  const order = shares.map((_, i) => i).sort((i, j) => fractions[j] - fractions[i] || shares[j] - shares[i] || i - j);
  const left = seats - votes.reduce((total, count) => total + count, 0);
  for (const i of order.slice(0, Math.max(0, left))) votes[i]++;
  return votes;
}

/** @param {number} value */
const micro = (value) => Math.round(value * 1e6) / 1e6;

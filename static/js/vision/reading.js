// The whole path: a picture to its Reading (types.js), the same object as the server's, by the same steps.

import { crop } from "./crops.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {import("./faces.js").Face} Face */
/** @typedef {{longSides?: number[], threshold?: number, refine?: boolean, now?: number}} ReadOptions  as the detector takes them */
/** @typedef {{detect: (pixels: Pixels, options: ReadOptions) => Promise<Face[]>}} Detector  a FaceDetector, or a Follower for a camera */

export const REDUCE = 3; // a picture is decoded at no less than this many times the detector's long side

export class Reader {
  /** @param {Detector} detector  @param {import("./expressions.js").Expressions} expressions */
  constructor(detector, expressions) {
    this.detector = detector;
    this.expressions = expressions;
  }

  /** @param {Pixels} pixels  upright  @param {ReadOptions} [options]  @returns {Promise<import("../types.js").Reading>} */
  async read(pixels, options = {}) {
    const { card } = this.expressions;
    const begun = performance.now();
    const faces = await this.detector.detect(pixels, options);
    const found = performance.now();
    const crops = faces.map((face) => crop(pixels, face, this.expressions.crop));
    const cropped = performance.now();
    const probabilities = await this.expressions.probabilities(crops);
    const network = performance.now() - cropped;
    return {
      picture: { width: pixels.width, height: pixels.height },
      model: { name: card.name, version: card.version, label_set: card.label_set },
      faces: faces.map((face, i) => this.#describe(face, probabilities[i])),
      milliseconds: { faces: round(found - begun, 2), crops: round(cropped - found, 2), wait: 0, network: round(network, 2) },
    };
  }

  /** @param {Face} face  @param {Float32Array} probabilities  @returns {import("../types.js").Face} */
  #describe(face, probabilities) {
    const { labels } = this.expressions;
    const [x, y, width, height] = face.box.map((value) => round(value, 5));
    const votes = this.expressions.votes(probabilities);
    return {
      box: { x, y, width, height },
      landmarks: Object.fromEntries(Object.entries(face.landmarks).map(([name, point]) => [name, /** @type {[number, number]} */ (point.map((value) => round(value, 5)))])),
      score: round(face.score, 4),
      probabilities: Object.fromEntries(labels.map((label, i) => [label, round(probabilities[i], 5)])),
      ...(votes && { votes }),
      expression: labels[probabilities.indexOf(Math.max(...probabilities))],
      unsure: this.expressions.unsure(probabilities),
    };
  }
}

/** @param {number} value  @param {number} decimals */
export const round = (value, decimals) => Math.round(value * 10 ** decimals) / 10 ** decimals;

// From pixels to a Reading (types.js): detect faces, crop, classify. Mirrors webapp/vision/reading.py.

import { crop } from "./crops.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {import("./faces.js").Face} Face */
/** @typedef {{longSides?: number[], threshold?: number, refine?: boolean, time?: number}} ReadOptions  passed to the detector */
/** @typedef {{detect: (pixels: Pixels, options: ReadOptions) => Promise<Face[]>}} Detector  FaceDetector, or FrameDetector for a camera */

export const OVERSAMPLING = 3; // the decoded image has at least this many times the detector's largest long side

export class Reader {
  /** @param {Detector} detector  @param {import("./expressions.js").ExpressionClassifier} classifier */
  constructor(detector, classifier) {
    this.detector = detector;
    this.classifier = classifier;
  }

  /** @param {Pixels} pixels  upright  @param {ReadOptions} [options]  @returns {Promise<import("../types.js").Reading>} */
  async read(pixels, options = {}) {
    const { card } = this.classifier;
    const started = performance.now();
    const faces = await this.detector.detect(pixels, options);
    const detected = performance.now();
    const crops = faces.map((face) => crop(pixels, face, this.classifier.crop));
    const cropped = performance.now();
    const predictions = await this.classifier.predictions(crops);
    const network = performance.now() - cropped;
    return {
      picture: { width: pixels.width, height: pixels.height },
      model: { name: card.name, version: card.version, label_set: card.label_set },
      faces: faces.map((face, i) => this.#describe(face, predictions[i])),
      milliseconds: { faces: round(detected - started, 2), crops: round(cropped - detected, 2), wait: 0, network: round(network, 2) },
    };
  }

  /** @param {Face} face  @param {import("./expressions.js").Prediction} prediction  @returns {import("../types.js").Face} */
  #describe(face, { probabilities, distance }) {
    const { labels } = this.classifier;
    const [x, y, width, height] = face.box.map((value) => round(value, 5));
    const votes = this.classifier.votes(probabilities);
    const balanced = this.classifier.balanced(probabilities);
    const unlike = this.classifier.unlike(distance);
    return {
      box: { x, y, width, height },
      landmarks: Object.fromEntries(Object.entries(face.landmarks).map(([name, point]) => [name, /** @type {[number, number]} */ (point.map((value) => round(value, 5)))])),
      score: round(face.score, 4),
      probabilities: byLabel(labels, probabilities),
      ...(votes && { votes }),
      ...(balanced && { balanced: byLabel(labels, balanced) }),
      expression: labels[probabilities.indexOf(Math.max(...probabilities))],
      unsure: this.classifier.unsure(probabilities),
      ...(unlike !== null && { distance: round(distance, 4), unlike }),
    };
  }
}

/** @param {string[]} labels  @param {ArrayLike<number>} probabilities */
const byLabel = (labels, probabilities) => Object.fromEntries(labels.map((label, i) => [label, round(probabilities[i], 5)]));

/** @param {number} value  @param {number} decimals */
export const round = (value, decimals) => Math.round(value * 10 ** decimals) / 10 ** decimals;

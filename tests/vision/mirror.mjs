// Runs functions of static/js/vision for test_mirror.py: a JSON list of calls on standard input, of results on standard output.
import { readFileSync } from "node:fs";
import { roll, suppress } from "../../static/js/vision/boxes.js";
import { crop } from "../../static/js/vision/crops.js";
import { ExpressionClassifier, largestRemainder, softmax } from "../../static/js/vision/expressions.js";
import { halveIfLarge, letterboxFor } from "../../static/js/vision/faces.js";
import { reduce, resize } from "../../static/js/vision/images.js";
import { Following, plan } from "../../static/js/vision/following.js";
import { fill, toFractions, unrotate } from "../../static/js/vision/letterbox.js";
import { notPlain, peaks, tilesAround } from "../../static/js/vision/tiles.js";

/** Base64 RGB to RGBA pixels. */
function toPixels({ rgb, width, height }) {
  const bytes = Buffer.from(rgb, "base64");
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = bytes[3 * i + channel];
  return { data, width, height };
}

const FUNCTIONS = {
  crop: ({ image, landmarks, spec }) => Array.from(crop(toPixels(image), { landmarks }, spec)),
  resize: ({ image, width, height }) => Array.from(resize(toPixels(image), width, height)),
  halve: ({ image, longSide }) => {
    const { data, width, height } = halveIfLarge(toPixels(image), longSide);
    return { width, height, rgb: Buffer.from(data.filter((_, i) => i % 4 < 3)).toString("base64") };
  },
  fill: ({ image, letterbox }) => Array.from(fill(toPixels(image), letterbox)),
  positions: ({ letterbox, points }) => points.map((point) => toFractions(letterbox)(unrotate(letterbox)(...point))),
  letterbox: ({ width, height, longSide, sizes }) => letterboxFor(width, height, longSide, sizes),
  roll: ({ landmarks, aspect }) => roll({ landmarks }, aspect),
  reduce: ({ image, factor }) => Array.from(reduce(toPixels(image), factor).data),
  balanced: ({ card, probabilities }) => new ExpressionClassifier(card, null).balanced(probabilities),
  predictions: async ({ card, outputs }) => {
    const labels = card.labels.length;
    const network = async (crops, count, size) => {
      const rows = Array.from({ length: count }, (_, i) => outputs[crops[i * size * size]]);
      const logits = Float32Array.from(rows.flatMap((row) => row.slice(0, labels)));
      return { logits, distances: rows[0].length > labels ? Float32Array.from(rows, (row) => row[labels]) : undefined };
    };
    const classifier = new ExpressionClassifier(card, network);
    const crops = outputs.map((_, i) => new Float32Array(card.input.size ** 2).fill(i, 0, 1));
    const found = await classifier.predictions(crops);
    return found.map(({ probabilities, distance }) => ({ probabilities: Array.from(probabilities), distance, unlike: classifier.unlike(distance) }));
  },
  votes: ({ probabilities }) => largestRemainder(probabilities, 10),
  softmax: ({ logits, temperature }) => Array.from(softmax(logits, temperature)),
  peaks: ({ logits, columns, minimum }) => peaks(Float32Array.from(logits), columns, minimum),
  notPlain: ({ traces, input, letterbox }) => notPlain(traces, Float32Array.from(input), letterbox).map(({ score }) => score),
  tiles: ({ traces, faces, size, longSide }) => tilesAround(traces, faces, size, longSide),
  plan: ({ faces, width, height, sizes }) => plan(faces, width, height, sizes),
  following: ({ minFollowed, frames }) => {
    const following = new Following();
    return frames.map(({ size: [width, height], time, scores, followed }) => {
      const faces = following.next({ width, height }, time, minFollowed);
      following.update(scores.map((_, i) => i), scores, followed && faces.length > 0);
      return faces;
    });
  },
  suppress: ({ candidates }) => suppress(candidates),
};
const calls = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(await Promise.all(calls.map(({ name, ...options }) => FUNCTIONS[name](options)))));

// Runs static/js/vision on what test_mirror.py sends, one JSON object on standard input, and prints the answers.
import { readFileSync } from "node:fs";
import { crop } from "../../static/js/vision/crops.js";
import { largestRemainder, softmax } from "../../static/js/vision/expressions.js";
import { halved, suppress } from "../../static/js/vision/faces.js";
import { reduce, resize } from "../../static/js/vision/images.js";

/** RGB bytes in base64 to RGBA. */
function pixelsOf({ rgb, width, height }) {
  const bytes = Buffer.from(rgb, "base64");
  const data = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) for (let channel = 0; channel < 3; channel++) data[4 * i + channel] = bytes[3 * i + channel];
  return { data, width, height };
}

const WORK = {
  crop: ({ picture, landmarks, how }) => Array.from(crop(pixelsOf(picture), { landmarks }, how)),
  resize: ({ picture, width, height }) => Array.from(resize(pixelsOf(picture), width, height)),
  halve: ({ picture, longSide }) => {
    const { data, width, height } = halved(pixelsOf(picture), longSide);
    return { width, height, rgb: Buffer.from(data.filter((_, i) => i % 4 < 3)).toString("base64") };
  },
  reduce: ({ picture, factor }) => Array.from(reduce(pixelsOf(picture), factor).data),
  votes: ({ probabilities }) => largestRemainder(probabilities, 10),
  softmax: ({ logits, temperature }) => Array.from(softmax(logits, temperature)),
  suppress: ({ candidates }) => suppress(candidates),
};
const asked = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map(({ what, ...given }) => WORK[what](given))));

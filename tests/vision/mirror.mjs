// Runs functions of static/js/vision for test_mirror.py: a JSON list of calls on standard input, of results on standard output.
import { readFileSync } from "node:fs";
import { crop } from "../../static/js/vision/crops.js";
import { largestRemainder, softmax } from "../../static/js/vision/expressions.js";
import { halveIfLarge, suppress } from "../../static/js/vision/faces.js";
import { reduce, resize } from "../../static/js/vision/images.js";

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
  reduce: ({ image, factor }) => Array.from(reduce(toPixels(image), factor).data),
  votes: ({ probabilities }) => largestRemainder(probabilities, 10),
  softmax: ({ logits, temperature }) => Array.from(softmax(logits, temperature)),
  suppress: ({ candidates }) => suppress(candidates),
};
const calls = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(calls.map(({ name, ...options }) => FUNCTIONS[name](options))));

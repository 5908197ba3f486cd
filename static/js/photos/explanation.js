// The face as the network saw it, and what mattered in it: the answer's fall when a part is hidden, as a heat map.

import { lookOf } from "../ui/expression-styles.js";
import { make } from "../ui/dom.js";

/**
 * @typedef {object} Explanation  the answer of POST /api/v1/explanations
 * @property {string} expression
 * @property {number} probability
 * @property {number[][]} crop  rows of grey, 0-255
 * @property {number[][]} map   rows; how far the probability falls when the place is hidden
 */

const SHOWN = 192; // CSS pixels of a side
const FLOOR = 0.02; // a map without a fall larger than this is drawn pale: nothing in it mattered much

/**
 * @param {Blob} picture  @param {import("../types.js").Face} face  @param {string} model
 * @returns {Promise<Explanation>}
 */
export async function askServer(picture, face, model) {
  const form = new FormData();
  form.append("picture", picture, "picture");
  form.append("landmarks", JSON.stringify(face.landmarks));
  form.append("expression", face.expression);
  if (model) form.append("model", model);
  const response = await fetch("/api/v1/explanations", { method: "POST", body: form });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(answer.error?.message ?? `The server answered ${response.status}.`);
  return answer;
}

/** @param {Explanation} explanation  @returns {HTMLElement} */
export function drawExplanation({ expression: label, probability, crop, map }) {
  const name = lookOf(label).name;
  const largest = Math.max(0, ...map.flat());
  const figure = make("figure", "explanation-figure");
  const pair = make("div", "explanation-pair");
  pair.append(
    captioned(greyCanvas(crop), "As the network saw it", `The face as the network saw it, ${crop.length} by ${crop.length} grey pixels`),
    captioned(heatCanvas(crop, map), "What mattered", `Heat map over the face: warm where hiding it lowers ${name}`),
  );
  figure.append(pair, make("figcaption", "small quiet",
    `Hiding the warmest place lowers ${name} from ${probability.toFixed(2)} by ${largest.toFixed(2)}; cool places speak against it. It shows what this model used, not what people look at.`));
  return figure;
}

/** @param {HTMLCanvasElement} canvas  @param {string} words  @param {string} label */
function captioned(canvas, words, label) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const part = make("div", "", canvas);
  part.append(make("span", "small", words));
  return part;
}

/** @param {number[][]} crop  @returns {HTMLCanvasElement} one canvas pixel a grey value */
function greyCanvas(crop) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = crop.length;
  canvas.className = "pixelated";
  const pixels = new ImageData(crop.length, crop.length);
  crop.flat().forEach((grey, i) => pixels.data.set([grey, grey, grey, 255], 4 * i));
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** @param {number[][]} crop  @param {number[][]} map */
function heatCanvas(crop, map) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SHOWN;
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  context.imageSmoothingEnabled = true;
  context.drawImage(greyCanvas(crop), 0, 0, SHOWN, SHOWN);
  const heat = document.createElement("canvas");
  heat.width = heat.height = map.length;
  const scale = Math.max(FLOOR, ...map.flat().map(Math.abs));
  const pixels = new ImageData(map.length, map.length);
  map.flat().forEach((fall, i) => pixels.data.set([...(fall > 0 ? [255, 122, 0] : [40, 120, 255]), Math.min(1, Math.abs(fall) / scale) * 190], 4 * i));
  heat.getContext("2d")?.putImageData(pixels, 0, 0);
  context.drawImage(heat, 0, 0, SHOWN, SHOWN);
  return canvas;
}

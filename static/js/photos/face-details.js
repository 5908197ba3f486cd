// The result for one face: sentence, ten votes, probabilities, why the model is unsure, and the explanation as a
// heat map.

import { styleOf } from "../ui/expression-styles.js";
import { BalancedLine } from "../ui/balanced.js";
import { probabilityBars, ranked, sentence, tally, tenMarks } from "../ui/votes.js";
import { button, make } from "../ui/dom.js";
import { errorText } from "../ui/errors.js";
import { inferenceLocation } from "../ui/inference-location.js";
import { formatNumber, translate } from "../ui/language.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("../types.js").Face} Face */

const UNLIKE_REASON = translate("To the network this looks unlike the faces that it learned from: it may be strongly blurred, covered or turned, or no face.");

/** @param {Face} face  @param {number | null | undefined} threshold  @returns {string} why the model is unsure. Pure. */
function unsureReason({ probabilities }, threshold) {
  const [[first, largest], second] = ranked(probabilities);
  const values = { probability: formatNumber(largest, 2), threshold: formatNumber(threshold ?? NaN, 2) };
  const reason = typeof threshold === "number" ? translate("The model was unsure because its largest probability is {probability}, below its threshold of {threshold}.", values)
    : translate("The model was unsure because its largest probability is {probability}.", values);
  if (!second) return reason;
  const two = { first: styleOf(first).name, firstProbability: formatNumber(largest, 2), second: styleOf(second[0]).name, secondProbability: formatNumber(second[1], 2) };
  return `${reason} ${translate("The most probable expressions are {first} ({firstProbability}) and {second} ({secondProbability}).", two)}`;
}

/** @param {Face} face  @param {number} index  @returns {HTMLElement} number, sentence and ten votes */
export function faceCard(face, index) {
  const item = make("li", "face-card");
  const number = make("span", "face-number", String(index + 1));
  number.dataset.color = String(index % 6);
  const header = make("div", "face-header", number);
  header.append(make("p", "face-sentence", sentence({ ...face, votes: face.votes ?? null })));
  item.append(header);
  if (face.votes) item.append(tenMarks(face.votes), make("p", "face-tally", tally(face.votes)));
  return item;
}

/**
 * @param {Photo} photo  @param {Face} face  @param {number} index
 * @param {Pick<import("./single-photo.js").Context, "original" | "preview" | "model">} context  @returns {HTMLElement}
 */
export function faceDetails(photo, face, index, context) {
  const item = faceCard(face, index);
  if (face.unlike) item.append(make("p", "small", UNLIKE_REASON));
  else if (face.unsure) item.append(make("p", "small", unsureReason(face, context.model(photo.reading?.model.name ?? "")?.unsure_threshold)));
  const balanced = new BalancedLine();
  balanced.update(face.balanced);
  item.append(balanced.element);
  const more = document.createElement("details");
  more.append(make("summary", "", translate("Probabilities")), probabilityBars(face.probabilities));
  more.open = !face.votes;
  item.append(more, explanationSection(photo, face, context));
  return item;
}

/** @param {Photo} photo  @param {Face} face  @param {Pick<import("./single-photo.js").Context, "original" | "preview">} context */
function explanationSection(photo, face, context) {
  const section = make("div", "explanation");
  if (inferenceLocation() === "device") {
    section.append(make("p", "quiet small", translate("Explanations are computed on the server. This page cannot send the photo there: inference runs on this device.")));
    return section;
  }
  const label = photo.readOn === "device" ? translate("Explain (sends this photo to the server)") : translate("Explain");
  const explain = button(label, async () => {
    explain.disabled = true;
    explain.textContent = translate("Computing …");
    try {
      const image = (await context.original(photo)) ?? (await context.preview(photo));
      if (!image) throw new Error(translate("The file of this photo is no longer available. Add it again."));
      section.replaceChildren(drawExplanation(await requestExplanation(image, face, photo.reading?.model.name ?? "")));
    } catch (error) {
      section.replaceChildren(make("p", "notice bad", error instanceof Error ? error.message : String(error)));
    }
  });
  section.append(explain);
  return section;
}

/**
 * @typedef {object} Explanation  the response of POST /api/v1/explanations
 * @property {string} expression
 * @property {number} probability
 * @property {number[][]} crop  rows of gray values, 0-255
 * @property {number[][]} map   rows; the decrease of the probability when this part is occluded
 */

const SHOWN = 192; // pixels of a side
const FLOOR = 0.02; // minimum scale: a map with smaller decreases is drawn pale

/**
 * @param {Blob} image  @param {import("../types.js").Face} face  @param {string} model
 * @returns {Promise<Explanation>}
 */
async function requestExplanation(image, face, model) {
  const form = new FormData();
  form.append("picture", image, "picture");
  form.append("landmarks", JSON.stringify(face.landmarks));
  form.append("expression", face.expression);
  if (model) form.append("model", model);
  const response = await fetch("/api/v1/explanations", { method: "POST", body: form });
  const result = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(result.error ? errorText(result.error) : translate("The server returned status {status}.", { status: response.status }));
  return result;
}

/** @param {Explanation} explanation  @returns {HTMLElement} */
function drawExplanation({ expression: label, probability, crop, map }) {
  const name = styleOf(label).name;
  const largest = Math.max(0, ...map.flat());
  const figure = make("figure", "explanation-figure");
  const pair = make("div", "explanation-pair");
  pair.append(
    captioned(grayCanvas(crop), translate("Network input"), translate("Network input: {size} by {size} gray pixels", { size: crop.length })),
    captioned(heatCanvas(crop, map), translate("Importance"), translate("Occlusion map over the face: warm colors where occlusion lowers {expression}", { expression: name })),
  );
  figure.append(pair, make("figcaption", "small quiet",
    translate("Occluding the warmest part lowers {expression} from {probability} by {decrease}; occluding cool parts raises it. The map shows what this model uses, not what people look at.",
      { expression: name, probability: formatNumber(probability, 2), decrease: formatNumber(largest, 2) })));
  return figure;
}

/** @param {HTMLCanvasElement} canvas  @param {string} caption  @param {string} label */
function captioned(canvas, caption, label) {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  const part = make("div", "", canvas);
  part.append(make("span", "small", caption));
  return part;
}

/** @param {number[][]} crop  @returns {HTMLCanvasElement} one pixel per gray value */
function grayCanvas(crop) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = crop.length;
  canvas.className = "pixelated";
  const pixels = new ImageData(crop.length, crop.length);
  crop.flat().forEach((gray, i) => pixels.data.set([gray, gray, gray, 255], 4 * i));
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
  context.drawImage(grayCanvas(crop), 0, 0, SHOWN, SHOWN);
  const heat = document.createElement("canvas");
  heat.width = heat.height = map.length;
  const scale = Math.max(FLOOR, ...map.flat().map(Math.abs));
  const pixels = new ImageData(map.length, map.length);
  map.flat().forEach((decrease, i) => pixels.data.set([...(decrease > 0 ? [255, 122, 0] : [40, 120, 255]), Math.min(1, Math.abs(decrease) / scale) * 190], 4 * i));
  heat.getContext("2d")?.putImageData(pixels, 0, 0);
  context.drawImage(heat, 0, 0, SHOWN, SHOWN);
  return canvas;
}

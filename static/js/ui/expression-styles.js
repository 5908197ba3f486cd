// The style of the eight expressions on every page: short name, emoji and a line-drawn face.
// Their colors are the custom properties --expression-NAME in static/css/ui/tokens.css.

import { translate } from "./language.js";

/**
 * @typedef {object} ExpressionStyle
 * @property {string} name   shown to visitors, in their language
 * @property {string} emoji  for plain text
 * @property {string} path   SVG path data in a 24 x 24 box, for stroking
 */

const EYES = "M8.5 9.300v.9M15.5 9.300v.9";

/** @type {Readonly<Record<string, ExpressionStyle>>} in the order of FER+ */
export const STYLES = Object.freeze({
  neutral: { name: translate("neutral"), emoji: "😐", path: `${EYES}M8.5 16h7` },
  happiness: { name: translate("happiness"), emoji: "😀", path: "M7.3 10.200q1.2-1.8 2.4 0M14.3 10.200q1.2-1.8 2.4 0M7 14.200q5 6 10 0z" },
  surprise: { name: translate("surprise"), emoji: "😮", path: "M6.8 6.600q1.7-1.5 3.4-.4M17.2 6.600q-1.7-1.5-3.4-.4M8.5 9.600v1.100M15.5 9.600v1.100M12 13.600a2.1 2.5 0 1 0 .01 0z" },
  sadness: { name: translate("sadness"), emoji: "😢", path: "M6.6 8.800l3.2-1.600M17.4 8.800l-3.2-1.600M8.5 10.800v.7M15.5 10.800v.7M8 17.300q4-3.6 8 0" },
  anger: { name: translate("anger"), emoji: "😠", path: "M6.6 7.400l3.6 1.900M17.4 7.400l-3.6 1.900M8.7 11v.7M15.3 11v.7M8.2 17h7.600v-1.900H8.200z" },
  disgust: { name: translate("disgust"), emoji: "🤢", path: "M7 9.600l2.9 1-2.9 1M17 9.600l-2.9 1 2.9 1M7.6 16.800q1.5-2.2 2.9 0t2.9 0 2.9 0" },
  fear: { name: translate("fear"), emoji: "😨", path: "M6.6 7.600q2-.3 3.2-1.800M17.4 7.600q-2-.3-3.2-1.800M8.5 9.900v1.100M15.5 9.900v1.100M7.8 17.400q4.2-5.2 8.4 0z" },
  contempt: { name: translate("contempt"), emoji: "😏", path: "M6.8 8.600h3.200M14 7.200l3.2.9M8.5 10.700v.6M15.5 10.700v.6M8 16.200q4.6 1 8-2.1" },
});

/** What the pages call a face without an expression: the model is unsure, or the face is unlike its training data. */
export const UNSURE = translate("unsure"), UNLIKE = translate("unlike the training data");

/** @param {string} label  @returns {ExpressionStyle} a fallback style for an unknown label */
export function styleOf(label) {
  return STYLES[label] ?? { name: label, emoji: "•", path: EYES };
}

/** @param {string} label  @returns {string} a CSS variable that follows the theme */
export const colorVariable = (label) => `var(--expression-${label in STYLES ? label : "neutral"})`;

/** @type {{theme: string | undefined, colors: Record<string, string>}} */
let cached = { theme: undefined, colors: {} };

/** @returns {Record<string, string>} colors of the current theme by label, and `line`, for canvases */
export function currentColors() {
  const root = document.documentElement;
  if (cached.theme === undefined || cached.theme !== root.dataset.theme) {
    const style = getComputedStyle(root);
    const names = [...Object.keys(STYLES), "line"];
    cached = { theme: root.dataset.theme, colors: Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--expression-${name}`).trim()])) };
  }
  return cached.colors;
}

/** @type {Map<string, Path2D>} */
const paths = new Map();

/**
 * Draws the face of an expression on a canvas.
 * @param {CanvasRenderingContext2D} context  @param {string} label
 * @param {number} x  @param {number} y  top left corner  @param {number} size
 */
export function drawIcon(context, label, x, y, size) {
  const colors = currentColors();
  const path = paths.get(label) ?? new Path2D(styleOf(label).path);
  paths.set(label, path);
  context.save();
  context.translate(x, y);
  context.scale(size / 24, size / 24);
  context.fillStyle = colors[label] ?? colors.neutral;
  context.beginPath();
  context.arc(12, 12, 12, 0, 2 * Math.PI);
  context.fill();
  context.strokeStyle = colors.line;
  context.lineWidth = 1.8;
  context.lineCap = context.lineJoin = "round";
  context.stroke(path);
  context.restore();
}

/**
 * The face of an expression on a disc of its color.
 * @param {string} label
 * @returns {SVGSVGElement} hidden from screen readers; the name is always beside it
 */
export function faceIcon(label) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("expression-icon");
  svg.dataset.expression = label;
  const disc = document.createElementNS(svg.namespaceURI, "circle");
  for (const [key, value] of Object.entries({ cx: "12", cy: "12", r: "11.5" })) disc.setAttribute(key, value);
  const lines = document.createElementNS(svg.namespaceURI, "path");
  lines.setAttribute("d", styleOf(label).path);
  svg.append(disc, lines);
  return svg;
}

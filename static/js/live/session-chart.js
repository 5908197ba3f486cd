// Draws the history of the session: a lane per face, and in it the curve of each expression from 0 to 10 of ten.

import { STYLES, currentColors, styleOf } from "../ui/expression-styles.js";
import { FACE_COLORS } from "./overlay.js";

/** @typedef {import("./session-history.js").SessionHistory} SessionHistory */
/** @typedef {import("./session-history.js").FaceHistory} FaceHistory */
/** @typedef {{ink: string, quiet: string, line: string, panel: string, accent: string}} Theme */

export const LANES = 5; // faces drawn at most
const LANE = 76; // CSS pixels
const AXIS = 22;
const LEFT = 34; // space for the number of the face and the scale
const RIGHT = 8;
const MAX_POINTS = 1500; // of a curve; more cannot be told apart
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200]; // s between labels of the axis

/** @param {number} lanes  @returns {number} height of the chart in CSS pixels */
export const chartHeight = (lanes) => Math.max(1, lanes) * LANE + AXIS;

/** @param {number} seconds  @returns {string} such as 1:05 or 1:02:05 */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  const parts = whole >= 3600 ? [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60] : [Math.floor(whole / 60), whole % 60];
  return parts.map((part, i) => (i ? String(part).padStart(2, "0") : String(part))).join(":");
}

/**
 * Converts between time and place.
 * @param {{from: number, to: number}} span  s  @param {number} width  of the chart in CSS pixels
 */
export function scaleOf({ from, to }, width) {
  const inner = width - LEFT - RIGHT;
  return {
    x: (/** @type {number} */ time) => LEFT + (inner * (time - from)) / (to - from),
    time: (/** @type {number} */ x) => Math.min(to, Math.max(from, from + ((to - from) * (x - LEFT)) / inner)),
  };
}

/** @returns {Theme} the colors of the page */
export function currentTheme() {
  const style = getComputedStyle(document.documentElement);
  const color = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`).trim();
  return { ink: color("ink"), quiet: color("quiet"), line: color("line"), panel: color("panel"), accent: color("accent") };
}

/**
 * @param {CanvasRenderingContext2D} context  scaled to CSS pixels
 * @param {SessionHistory} history
 * @param {{faces: FaceHistory[], span: {from: number, to: number}, width: number, moment: number | null, theme: Theme}} options
 */
export function drawChart(context, history, { faces, span, width, moment, theme }) {
  const { x } = scaleOf(span, width);
  const height = chartHeight(faces.length);
  context.font = `12px ${FONT}`;
  drawAxis(context, span, width, height, theme);
  faces.forEach((face, lane) => {
    context.save();
    context.translate(0, lane * LANE);
    drawLane(context, face, width, theme);
    context.beginPath();
    context.rect(LEFT, 0, width - LEFT - RIGHT, LANE);
    context.clip();
    drawCurves(context, history, face, span, x);
    context.restore();
  });
  for (const mark of history.marks.filter(({ time }) => time >= span.from && time <= span.to)) drawMark(context, x(mark.time), height - AXIS, theme);
  if (moment !== null) line(context, x(moment), 0, x(moment), height - AXIS, theme.ink, 1.5);
}

/** @param {CanvasRenderingContext2D} context  @param {{from: number, to: number}} span  @param {number} width  @param {number} height  @param {Theme} theme */
function drawAxis(context, span, width, height, theme) {
  const { x } = scaleOf(span, width);
  const step = STEPS.find((one) => ((span.to - span.from) / one) * 56 <= width - LEFT) ?? STEPS[STEPS.length - 1];
  context.fillStyle = theme.quiet;
  context.textBaseline = "middle";
  for (let time = Math.ceil(span.from / step) * step; time <= span.to; time += step) {
    line(context, x(time), 0, x(time), height - AXIS, theme.line, 1);
    context.textAlign = x(time) > width - 24 ? "right" : "center";
    context.fillText(clock(time), x(time), height - AXIS / 2);
  }
}

/** @param {CanvasRenderingContext2D} context  @param {FaceHistory} face  @param {number} width  @param {Theme} theme */
function drawLane(context, face, width, theme) {
  for (const share of [0, 0.5, 1]) line(context, LEFT, laneY(share), width - RIGHT, laneY(share), theme.line, 1);
  context.fillStyle = theme.quiet;
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.fillText("10", LEFT - 4, laneY(1) + 1);
  context.fillText("0", LEFT - 4, laneY(0) - 1);
  context.fillStyle = FACE_COLORS[face.color];
  context.beginPath();
  context.roundRect(2, LANE / 2 - 10, 20, 20, 4);
  context.fill();
  context.fillStyle = "#12110f";
  context.textAlign = "center";
  context.fillText(String(face.id), 12, LANE / 2 + 1);
}

/** @param {number} share  0-1 of ten  @returns {number} y in a lane */
const laneY = (share) => LANE - 6 - (LANE - 14) * share;

/**
 * @param {CanvasRenderingContext2D} context  @param {SessionHistory} history  @param {FaceHistory} face
 * @param {{from: number, to: number}} span  @param {(time: number) => number} x
 */
function drawCurves(context, { step }, face, span, x) {
  const colors = currentColors();
  const shown = face.samples.filter(({ slot }) => (slot + 1) * step >= span.from && slot * step <= span.to);
  const labels = [...new Set(shown.flatMap(({ probabilities }) => Object.keys(probabilities)))].sort((a, b) => order(a) - order(b));
  const stride = Math.ceil(shown.length / MAX_POINTS);
  const maxGap = stride + Math.max(4, Math.ceil(1 / step)); // slots over which a curve is continued
  for (const label of labels) {
    context.beginPath();
    let last = -Infinity;
    for (let i = 0; i < shown.length; i += stride) {
      const { slot, probabilities } = shown[i];
      const point = /** @type {const} */ ([x(slot * step), laneY(probabilities[label] ?? 0)]);
      if (slot - last > maxGap) context.moveTo(point[0] - 1, point[1]); // so that a single result is visible
      context.lineTo(...point);
      last = slot;
    }
    context.strokeStyle = colors[label] ?? colors.neutral;
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.stroke();
  }
}

/** The neutral curve is drawn first, below the others. @param {string} label */
const order = (label) => Object.keys(STYLES).indexOf(label);

/** @param {CanvasRenderingContext2D} context  @param {number} x  @param {number} height  @param {Theme} theme */
function drawMark(context, x, height, theme) {
  line(context, x, 0, x, height, theme.accent, 1.5);
  context.fillStyle = theme.accent;
  context.beginPath();
  context.moveTo(x, 0);
  context.lineTo(x + 9, 5);
  context.lineTo(x, 10);
  context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context  @param {number} x1  @param {number} y1  @param {number} x2  @param {number} y2
 * @param {string} color  @param {number} width
 */
function line(context, x1, y1, x2, y2, color, width) {
  context.strokeStyle = color;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/**
 * The legend below an exported chart.
 * @param {CanvasRenderingContext2D} context  @param {string[]} labels  @param {number} y  of the first row  @param {number} width  @param {Theme} theme
 * @returns {number} y of the last row
 */
export function drawLegend(context, labels, y, width, theme) {
  const colors = currentColors();
  let [x, row] = [LEFT, 0];
  context.font = `12px ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const label of labels) {
    const { name } = styleOf(label);
    const space = 30 + context.measureText(name).width;
    if (x + space > width) [x, row] = [LEFT, row + 1];
    line(context, x, y + 18 * row, x + 14, y + 18 * row, colors[label] ?? colors.neutral, 3);
    context.fillStyle = theme.ink;
    context.fillText(name, x + 18, y + 18 * row);
    x += space;
  }
  return y + 18 * row;
}

// Draws one frame with the box, number and votes of each face.

import { drawIcon } from "../ui/expression-styles.js";
import { shortLabel } from "../ui/votes.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Box} Box */

// One color per face, visible on any image; static/css/ui/faces.css has the same colors for the cards.
export const FACE_COLORS = ["#6fe3d2", "#ffc857", "#ff9dbf", "#9ccbff", "#cfee6b", "#d5b8ff"];
const INK = "#12110f";
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/**
 * @param {CanvasRenderingContext2D} context  its whole canvas is overwritten
 * @param {import("../types.js").Frame} frame
 * @param {{track: Track, box: Box}[]} boxes
 * @param {{mirror: boolean, scale: number, labels?: boolean}} options  `scale`: canvas pixels per CSS pixel, for lines and text
 */
export function drawScene(context, frame, boxes, { mirror, scale, labels = true }) {
  const { width, height } = context.canvas;
  context.save();
  if (mirror) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(frame.canvas, 0, 0, width, height);
  context.restore();
  for (const { track, box } of boxes) {
    const x = (mirror ? 1 - box.x - box.width : box.x) * width;
    drawFace(context, track, { x, y: box.y * height, width: box.width * width, height: box.height * height }, { scale, labels });
  }
}

/**
 * @param {CanvasRenderingContext2D} context  @param {Track} track  @param {Box} box  in canvas pixels
 * @param {{scale: number, labels: boolean}} options
 */
function drawFace(context, track, box, { scale, labels }) {
  const corner = Math.min(box.width, box.height) * 0.08;
  for (const [style, line] of /** @type {[string, number][]} */ ([["rgb(0 0 0 / .55)", 5], [FACE_COLORS[track.color], 2.5]])) {
    context.strokeStyle = style;
    context.lineWidth = line * scale;
    context.beginPath();
    context.roundRect(box.x, box.y, box.width, box.height, corner);
    context.stroke();
  }
  if (labels) drawLabel(context, track, box, scale);
}

/**
 * Number on the color of the face, expression icon and label; above the box, or inside it if there is no space above.
 * @param {CanvasRenderingContext2D} context  @param {Track} track  @param {Box} box
 * @param {number} scale
 */
function drawLabel(context, track, box, scale) {
  const height = 26 * scale;
  const label = shortLabel(track);
  context.font = `600 ${14 * scale}px ${FONT}`;
  context.textBaseline = "middle";
  const number = String(track.id);
  const badge = Math.max(height, context.measureText(number).width + 14 * scale);
  const icon = track.unsure || track.unlike ? 0 : height;
  const width = badge + icon + context.measureText(label).width + 16 * scale;
  const x = Math.max(0, Math.min(box.x, context.canvas.width - width));
  const y = box.y >= height + 6 * scale ? box.y - height - 4 * scale : Math.max(2 * scale, box.y + 4 * scale);
  context.fillStyle = "rgb(18 17 15 / .88)";
  fillRounded(context, x, y, width, height, 5 * scale);
  context.fillStyle = FACE_COLORS[track.color];
  fillRounded(context, x, y, badge, height, 5 * scale);
  context.fillStyle = INK;
  context.textAlign = "center";
  context.fillText(number, x + badge / 2, y + height / 2);
  if (icon) drawIcon(context, track.expression, x + badge + 3 * scale, y + 3 * scale, height - 6 * scale);
  context.fillStyle = "#fff";
  context.textAlign = "left";
  context.fillText(label, x + badge + icon + 7 * scale, y + height / 2);
}

/**
 * @param {CanvasRenderingContext2D} context  @param {number} x  @param {number} y
 * @param {number} width  @param {number} height  @param {number} radius
 */
function fillRounded(context, x, y, width, height, radius) {
  context.beginPath();
  context.roundRect(x, y, width, height, radius);
  context.fill();
}

// The demo's effects on an image: crop, turn, blur, cover and darken, drawn on a canvas.

/** @typedef {import("../types.js").Box} Box */
/** @typedef {{blur: number, darken: number, cover: number, turn: number, crop: number}} Effects  0-100; turn: degrees */

/** @type {Readonly<Effects>} */
export const NONE = Object.freeze({ blur: 0, darken: 0, cover: 0, turn: 0, crop: 0 });
/** Where the effects act while no face is known. @type {Box} */
const CENTER = { x: 0.3, y: 0.2, width: 0.4, height: 0.5 };
const MAX_BLUR = 0.16; // of the face's height
const MAX_DARKNESS = 0.97;
const MIN_CROP = 0.7; // of the face's longer side

/** The part of the image that a crop keeps: around the face, within the image. Pure. @param {number} crop  0-100  @param {Box} face  @returns {{x: number, y: number, side: number}} fractions */
export function cropRegion(crop, face) {
  const smallest = Math.min(1, MIN_CROP * Math.max(face.width, face.height));
  const side = 1 - (crop / 100) * (1 - smallest);
  const start = (/** @type {number} */ center) => Math.min(1 - side, Math.max(0, center - side / 2));
  return { x: start(face.x + face.width / 2), y: start(face.y + face.height / 2), side };
}

/** @param {Box[]} faces  @returns {Box} */
export const largest = (faces) => faces.reduce((one, other) => (other.width * other.height > one.width * one.height ? other : one), faces[0] ?? CENTER);

/**
 * @param {CanvasRenderingContext2D} context  its whole canvas is overwritten
 * @param {CanvasImageSource} image  with the aspect ratio of the canvas
 * @param {Effects} effects  @param {Box[]} faces  in the image without effects
 */
export function drawWithEffects(context, image, effects, faces) {
  const { width, height } = context.canvas;
  const main = largest(faces);
  const { x, y, side } = cropRegion(effects.crop, main);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = "#6d6f72";
  context.fillRect(0, 0, width, height);
  context.scale(1 / side, 1 / side);
  context.translate(-x * width, -y * height);
  const center = [(main.x + main.width / 2) * width, (main.y + main.height / 2) * height];
  context.translate(center[0], center[1]);
  context.rotate((effects.turn * Math.PI) / 180);
  context.translate(-center[0], -center[1]);
  drawBlurred(context, image, (effects.blur / 100) * MAX_BLUR * main.height * height, side);
  context.fillStyle = "#2a2b2e";
  for (const face of effects.cover ? faces : []) {
    const top = face.y + face.height * (1.1 - (1.2 * effects.cover) / 100);
    context.fillRect((face.x - 0.1 * face.width) * width, top * height, 1.2 * face.width * width, (face.y + 1.1 * face.height - top) * height);
  }
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = `rgb(0 0 0 / ${((effects.darken / 100) * MAX_DARKNESS).toFixed(3)})`;
  context.fillRect(0, 0, width, height);
}

/** @param {CanvasRenderingContext2D} context  @param {CanvasImageSource} image  @param {number} radius  in image pixels  @param {number} side  of the crop */
function drawBlurred(context, image, radius, side) {
  const { width, height } = context.canvas;
  if (radius < 0.3) return context.drawImage(image, 0, 0, width, height);
  if (typeof context.filter === "string") {
    context.drawImage(image, 0, 0, width, height); // under the edges, which a blur makes transparent
    context.filter = `blur(${(radius / side).toFixed(2)}px)`;
    context.drawImage(image, 0, 0, width, height);
    context.filter = "none";
    return undefined;
  }
  const small = document.createElement("canvas"); // Safari has no canvas filters: reduce and enlarge
  const factor = 1 + 1.5 * radius;
  Object.assign(small, { width: Math.max(2, Math.round(width / factor)), height: Math.max(2, Math.round(height / factor)) });
  small.getContext("2d")?.drawImage(image, 0, 0, small.width, small.height);
  return context.drawImage(small, 0, 0, width, height);
}

// The sample video: a canvas animation of the sample photo that plays in the camera's place. It moves, zooms, fades, and
// shows two faces; it needs no camera and no file but the photo.

import { translate } from "../ui/language.js";

const PHOTO = "/static/samples/eileen-collins.jpg";
export const SAMPLE_CREDIT = translate("Made in this browser from NASA's portrait of the astronaut Eileen Collins (public domain).");
const [WIDTH, HEIGHT] = [640, 480];
const LOOP = 14_000; // ms
const FADE = 700; // ms at the beginning and the end of each scene
const HEAD = { x: 112, y: 6, width: 184, height: 202 }; // in the sample photo, with the hair, px

/** @typedef {(context: CanvasRenderingContext2D, image: CanvasImageSource & {width: number, height: number}, phase: number) => void} Scene  phase: 0-1 */

/** @type {{length: number, draw: Scene}[]} lengths in ms; their sum is LOOP */
const SCENES = [
  { length: 5000, draw: drawPortrait },
  { length: 6000, draw: drawTwo },
  { length: 3000, draw: drawApproach },
];

/**
 * Play the sample video on a video element.
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}  @throws {Error} if the photo cannot be loaded or this browser has no canvas streams
 */
export async function openSample(video) {
  const image = new Image();
  image.src = PHOTO;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  if (!context || !canvas.captureStream) throw new Error(translate("this browser has no canvas streams"));
  const stream = canvas.captureStream(30);
  const [track] = stream.getVideoTracks();
  const start = performance.now();
  const draw = () => {
    if (track.readyState === "ended") return;
    drawAt(context, image, performance.now() - start);
    requestAnimationFrame(draw);
  };
  draw();
  video.srcObject = stream;
  await video.play();
}

/** @param {CanvasRenderingContext2D} context  @param {HTMLImageElement} image  @param {number} time  ms since the start */
function drawAt(context, image, time) {
  let left = time % LOOP;
  const scene = SCENES.find(({ length }) => left < length || ((left -= length), false)) ?? SCENES[0];
  const background = context.createLinearGradient(0, 0, 0, HEIGHT);
  background.addColorStop(0, "#b0b4ba");
  background.addColorStop(1, "#888c92");
  context.fillStyle = background;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  scene.draw(context, image, left / scene.length);
  const dark = 1 - Math.min(1, left / FADE, (scene.length - left) / FADE);
  context.fillStyle = `rgb(0 0 0 / ${dark.toFixed(3)})`;
  context.fillRect(0, 0, WIDTH, HEIGHT);
}

/** The photo, which moves, turns slightly and zooms. @type {Scene} */
function drawPortrait(context, image, phase) {
  const turn = 2 * Math.PI * phase;
  context.save();
  context.translate(WIDTH / 2 + 30 * Math.sin(turn), HEIGHT / 2 + 18 * Math.sin(2 * turn));
  context.rotate(0.12 * Math.sin(turn));
  const scale = (WIDTH / image.width) * (1.3 - 0.15 * Math.cos(turn));
  context.drawImage(image, (-image.width / 2) * scale, (-image.height / 2) * scale, image.width * scale, image.height * scale);
  context.restore();
}

/** Two heads that change sides, one above the other; the second is mirrored. @type {Scene} */
function drawTwo(context, image, phase) {
  const swing = 170 * Math.cos(2 * Math.PI * phase);
  drawHead(context, image, WIDTH / 2 + swing, 128, 215, false);
  drawHead(context, image, WIDTH / 2 - swing, 345, 215, true);
}

/** A head that comes closer. @type {Scene} */
function drawApproach(context, image, phase) {
  drawHead(context, image, WIDTH * (0.35 + 0.15 * phase), HEIGHT / 2, 110 + 250 * phase, false);
}

/**
 * @param {CanvasRenderingContext2D} context  @param {CanvasImageSource} image  @param {number} x  @param {number} y  center
 * @param {number} height  @param {boolean} mirrored
 */
function drawHead(context, image, x, y, height, mirrored) {
  const width = (height * HEAD.width) / HEAD.height;
  context.save();
  context.translate(x, y);
  if (mirrored) context.scale(-1, 1);
  context.beginPath();
  context.ellipse(0, 0, width * 0.43, height * 0.46, 0, 0, 2 * Math.PI);
  context.clip();
  context.drawImage(image, HEAD.x, HEAD.y, HEAD.width, HEAD.height, -width / 2, -height / 2, width, height);
  context.restore();
}

// The sample video: a canvas animation of two sample photos that plays in the camera's place. It moves, zooms, fades, and
// shows two faces with two expressions; it needs no camera and no file but the photos.

import { translate } from "../ui/language.js";

export const SAMPLE_CREDIT = translate("Made in this browser from portraits of the astronaut Eileen Collins (NASA) and Rear Admiral Grace Hopper (US Navy), both in the public domain.");
const [WIDTH, HEIGHT] = [640, 480];
const LOOP = 14_000; // ms
const FADE = 700; // ms at the beginning and the end of each scene
/** The photos, and where the head is in each: with hair or cap, px. */
const PHOTOS = {
  collins: { url: "/static/samples/eileen-collins.jpg", head: { x: 112, y: 6, width: 184, height: 202 } },
  hopper: { url: "/static/samples/grace-hopper.jpg", head: { x: 107, y: 0, width: 240, height: 310 } },
};

/** @typedef {{image: HTMLImageElement, head: {x: number, y: number, width: number, height: number}}} Portrait */
/** @typedef {Record<keyof typeof PHOTOS, Portrait>} Portraits */
/** @typedef {(context: CanvasRenderingContext2D, portraits: Portraits, phase: number) => void} Scene  phase: 0-1 */

/** @type {{length: number, draw: Scene}[]} lengths in ms; their sum is LOOP */
const SCENES = [
  { length: 5000, draw: drawPortrait },
  { length: 6000, draw: drawTwo },
  { length: 3000, draw: drawApproach },
];

/**
 * Play the sample video on a video element.
 * @param {HTMLVideoElement} video
 * @returns {Promise<void>}  @throws {Error} if a photo cannot be loaded or this browser has no canvas streams
 */
export async function openSample(video) {
  const portraits = await loadPortraits();
  const canvas = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const context = canvas.getContext("2d");
  if (!context || !canvas.captureStream) throw new Error(translate("this browser has no canvas streams"));
  const stream = canvas.captureStream(30);
  const [track] = stream.getVideoTracks();
  const start = performance.now();
  const draw = () => {
    if (track.readyState === "ended") return;
    drawAt(context, portraits, performance.now() - start);
    requestAnimationFrame(draw);
  };
  draw();
  video.srcObject = stream;
  await video.play();
}

/** @returns {Promise<Portraits>} */
async function loadPortraits() {
  const loaded = Object.entries(PHOTOS).map(async ([name, { url, head }]) => {
    const image = new Image();
    image.src = url;
    await image.decode();
    return [name, { image, head }];
  });
  return Object.fromEntries(await Promise.all(loaded));
}

/** @param {CanvasRenderingContext2D} context  @param {Portraits} portraits  @param {number} time  ms since the start */
function drawAt(context, portraits, time) {
  let left = time % LOOP;
  const scene = SCENES.find(({ length }) => left < length || ((left -= length), false)) ?? SCENES[0];
  const background = context.createLinearGradient(0, 0, 0, HEIGHT);
  background.addColorStop(0, "#b0b4ba");
  background.addColorStop(1, "#888c92");
  context.fillStyle = background;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  scene.draw(context, portraits, left / scene.length);
  const dark = 1 - Math.min(1, left / FADE, (scene.length - left) / FADE);
  context.fillStyle = `rgb(0 0 0 / ${dark.toFixed(3)})`;
  context.fillRect(0, 0, WIDTH, HEIGHT);
}

/** The whole photo, which moves, turns slightly and zooms. @type {Scene} */
function drawPortrait(context, { collins: { image } }, phase) {
  const turn = 2 * Math.PI * phase;
  context.save();
  context.translate(WIDTH / 2 + 30 * Math.sin(turn), HEIGHT / 2 + 18 * Math.sin(2 * turn));
  context.rotate(0.12 * Math.sin(turn));
  const scale = (WIDTH / image.width) * (1.3 - 0.15 * Math.cos(turn));
  context.drawImage(image, (-image.width / 2) * scale, (-image.height / 2) * scale, image.width * scale, image.height * scale);
  context.restore();
}

/** Two heads that change sides, one above the other. @type {Scene} */
function drawTwo(context, { collins, hopper }, phase) {
  const swing = 170 * Math.cos(2 * Math.PI * phase);
  drawHead(context, collins, WIDTH / 2 + swing, 128, 215);
  drawHead(context, hopper, WIDTH / 2 - swing, 345, 235);
}

/** A head that comes closer. @type {Scene} */
function drawApproach(context, { collins }, phase) {
  drawHead(context, collins, WIDTH * (0.35 + 0.15 * phase), HEIGHT / 2, 110 + 250 * phase);
}

/** @param {CanvasRenderingContext2D} context  @param {Portrait} portrait  @param {number} x  @param {number} y  center  @param {number} height */
function drawHead(context, { image, head }, x, y, height) {
  const width = (height * head.width) / head.height;
  context.save();
  context.translate(x, y);
  context.beginPath();
  context.ellipse(0, 0, width * 0.43, height * 0.46, 0, 0, 2 * Math.PI);
  context.clip();
  context.drawImage(image, head.x, head.y, head.width, head.height, -width / 2, -height / 2, width, height);
  context.restore();
}

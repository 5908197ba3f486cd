// The demo of the front page: reads an image on this device while its effects change. Nothing is sent.

import { DeviceReader } from "../device/reader.js";
import { OFFLINE_MESSAGES, keepForOffline } from "../device/offline.js";
import { NONE, drawWithEffects, largest } from "../front/effects.js";
import { PhotoChoice } from "../front/photo-choice.js";
import { drawScene } from "../live/overlay.js";
import { button, get, make, partOf } from "../ui/dom.js";
import { backendChoice } from "../ui/inference-location.js";
import { translate, translatePlural } from "../ui/language.js";
import { sentence, tally, tenMarks } from "../ui/votes.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {keyof import("../front/effects.js").Effects} Effect */

const MODEL = "jury-pocket"; // the smallest download; else the default model
const LONG_SIDE = 640; // pixels
const ANNOUNCE_AFTER = 700; // ms without a change
const SUPPORTED = typeof Worker !== "undefined" && typeof OffscreenCanvas !== "undefined" && typeof createImageBitmap !== "undefined";
const UNSUPPORTED = translate("The demo needs a newer browser. Live and Photos work through the server.");
const NO_OFFER = translate("This server offers no networks for the browser. Live and Photos work through the server.");

const demo = partOf("demo");
const stage = partOf("demo-stage");
const canvas = get("demo-canvas", HTMLCanvasElement);
const input = get("demo-file", HTMLInputElement);
const sample = get("demo-sample", HTMLImageElement);
const status = partOf("demo-status");
const sliders = /** @type {HTMLInputElement[]} */ ([...demo.querySelectorAll("input[type=range]")]);

const original = document.createElement("canvas");
const altered = document.createElement("canvas");
/** @type {DeviceReader | null} */
let reader = null;
let effects = { ...NONE };
/** Faces in the image without effects; null until they are known. @type {import("../types.js").Box[] | null} */
let faces = null;
/** @type {Reading["faces"]} from left to right */
let found = [];
let images = 0; // number of images so far
let changes = 0; // number of changes of image or effects so far
let busy = false; // a reading is in flight
let announced = 0; // timer

/** @param {"loading" | "ready" | "failed"} state  @param {string} [text]  @param {HTMLButtonElement} [action] */
function show(state, text = "", action) {
  demo.dataset.state = state;
  status.replaceChildren(text, ...(action ? [" ", action] : []));
  status.hidden = !text;
}

/** Draw the current image with its effects, and the newest boxes. */
function draw() {
  const context = altered.getContext("2d", { willReadFrequently: true });
  if (context) drawWithEffects(context, original, effects, faces ?? []);
  const ratio = Math.min(2, devicePixelRatio || 1);
  const width = Math.round((canvas.clientWidth || altered.width) * ratio), height = Math.round((width * altered.height) / altered.width);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const boxes = found.map((face, i) => ({ box: face.box, track: /** @type {any} */ ({ ...face, votes: face.votes ?? null, id: i + 1, color: i % 6 }) }));
  const display = canvas.getContext("2d");
  if (display) drawScene(display, frame(altered), boxes, { mirror: false, scale: ratio });
}

/** @param {HTMLCanvasElement} canvas  @returns {import("../types.js").Frame} */
const frame = (canvas) => ({ canvas, width: canvas.width, height: canvas.height, time: performance.now(), holds: 0 });

/** Something changed: draw at once, read as soon as the reader is free. */
function change() {
  changes++;
  demo.dataset.reading = "true";
  draw();
  void readChanges();
}

/**
 * Read until nothing has changed; the newest state replaces those before it. Every state is read twice, because the
 * first search for a face in a frame is a coarse one.
 */
async function readChanges() {
  if (busy || !reader) return;
  busy = true;
  try {
    for (let last = "", times = 0; ; ) {
      const image = images, state = `${images} ${faces ? changes : "without effects"}`;
      const { reading } = await reader.read(frame(faces ? altered : original), { model: reader.model });
      if (image !== images) continue;
      times = state === last ? times + 1 : 1;
      last = state;
      found = [...reading.faces].sort((one, other) => one.box.x - other.box.x);
      if (times === 2 && !faces) faces = found.map(({ box }) => box); // cover, crop and turn act on them
      else if (times > 1 && state === `${images} ${changes}`) break;
      showResult();
    }
    showResult();
    demo.dataset.reading = "false";
  } catch (error) {
    fail(error);
  } finally {
    busy = false;
  }
}

function showResult() {
  draw();
  const main = found.find(({ box }) => box === largest(found.map((face) => face.box)));
  const others = found.length > 1 ? translatePlural("(the largest of {n} face)", "(the largest of {n} faces)", found.length) : "";
  const text = [main ? sentence({ ...main, votes: main.votes ?? null }) : translate("No face found"), others].filter(Boolean).join(" ");
  const counts = main?.votes ? tally(main.votes) : "";
  partOf("demo-sentence").textContent = text;
  partOf("demo-tally").textContent = counts || (main ? "" : translate("The detector does not find a face in this image."));
  partOf("demo-marks").replaceChildren(main?.votes ? tenMarks(main.votes) : placeholder());
  if (demo.dataset.state !== "ready") performance.mark("emoscope-first-reading");
  Object.assign(demo.dataset, { expression: main?.expression ?? "", faces: String(found.length) });
  if (demo.dataset.state === "loading") show("ready");
  clearTimeout(announced);
  announced = window.setTimeout(() => (partOf("demo-announcement").textContent = `${text}. ${counts}`), ANNOUNCE_AFTER);
}

/** @returns {HTMLElement} ten empty discs */
function placeholder() {
  const list = make("div", "ten-marks empty");
  for (let i = 0; i < 10; i++) list.append(make("i", ""));
  return list;
}

/** @param {unknown} error */
function fail(error) {
  const message = error instanceof Error ? error.message : String(error);
  reader?.stop();
  reader = null;
  show("failed", message, button(translate("Try again"), () => void load()));
}

/** @param {CanvasImageSource} image  @param {number} width  @param {number} height */
function useImage(image, width, height) {
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  for (const each of [original, altered]) Object.assign(each, { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) });
  original.getContext("2d")?.drawImage(image, 0, 0, original.width, original.height);
  stage.style.aspectRatio = `${original.width} / ${original.height}`;
  faces = null;
  found = [];
  images++;
}

const photos = new PhotoChoice(partOf("demo-photos"), {
  onPhoto(image, { alt, credit }) {
    useImage(image, image.naturalWidth, image.naturalHeight);
    change();
    describe(alt, credit);
    if (demo.dataset.state === "ready") {
      show("ready");
      void keep();
    }
  },
  onFailed: () => show(/** @type {any} */ (demo.dataset.state), translate("The photo could not be loaded. Check the connection and choose it again.")),
});

/** @param {string} alt  of the canvas  @param {string} credit  of the photo; empty for an image of the visitor's own */
function describe(alt, credit) {
  canvas.setAttribute("aria-label", alt);
  partOf("demo-credit").textContent = credit;
  partOf("demo-credit").hidden = !credit;
}

/** @param {File | undefined | null} file */
async function useFile(file) {
  if (!file) return;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
    useImage(bitmap, bitmap.width, bitmap.height);
    bitmap.close();
    reset();
    photos.clear();
    describe(translate("Your image with a box on each face"), "");
    if (demo.dataset.state === "ready") show("ready");
  } catch {
    show(demo.dataset.state === "ready" ? "ready" : "loading", translate("This browser cannot decode “{file}” as an image. The Photos page accepts more formats.", { file: file.name }));
  }
}

function reset() {
  for (const slider of sliders) slider.value = "0";
  readSliders();
}

function readSliders() {
  for (const slider of sliders) {
    effects[/** @type {Effect} */ (slider.dataset.effect)] = slider.valueAsNumber;
    const output = demo.querySelector(`output[for="${slider.id}"]`);
    if (output) output.textContent = slider.dataset.effect === "turn" ? `${slider.value}°` : `${slider.value} %`;
  }
  partOf("demo-reset").hidden = sliders.every((slider) => slider.valueAsNumber === 0);
  change();
}

/** Load the networks, then read the image. */
async function load() {
  const device = new DeviceReader({ backend: backendChoice() });
  if (!device.offer) {
    demo.dataset.unsupported = "true";
    return show("failed", NO_OFFER);
  }
  device.model = (device.models.find(({ name }) => name === MODEL) ?? device.models[0]).name;
  show("loading", translate("Loading the networks …"));
  device.onDownload = (message) => demo.dataset.state === "loading" && show("loading", message || translate("Reading the photo …"));
  try {
    await device.start({ onState: () => {} });
    reader = device;
    demo.dataset.backend = device.engine;
    await readChanges();
    void keep();
  } catch (error) {
    fail(error);
  }
  return undefined;
}

/** Cache the page, the networks and the photos that were chosen. */
async function keep() {
  if (!reader) return;
  const state = await keepForOffline(reader);
  demo.dataset.offline = state;
  partOf("demo-offline").textContent = state === "kept" ? OFFLINE_MESSAGES.kept : "";
}

/** @param {DataTransfer | null} data */
const imageIn = (data) => [...(data?.files ?? [])].find(({ type }) => type.startsWith("image/") || !type);

function bind() {
  for (const slider of sliders) slider.addEventListener("input", readSliders);
  partOf("demo-reset").addEventListener("click", reset);
  partOf("demo-choose").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    void useFile(input.files?.[0]);
    input.value = "";
  });
  for (const type of ["dragenter", "dragover"]) {
    demo.addEventListener(type, (event) => {
      event.preventDefault();
      demo.dataset.drop = "true";
    });
  }
  demo.addEventListener("dragleave", (event) => {
    if (!(event.relatedTarget instanceof Node && demo.contains(event.relatedTarget))) delete demo.dataset.drop;
  });
  demo.addEventListener("drop", (event) => {
    event.preventDefault();
    delete demo.dataset.drop;
    void useFile(imageIn(event.dataTransfer));
  });
  document.addEventListener("paste", (event) => void useFile(imageIn(event.clipboardData)));
  new ResizeObserver(draw).observe(stage);
}

if (SUPPORTED) {
  bind();
  await sample.decode();
  useImage(sample, sample.naturalWidth, sample.naturalHeight);
  reset();
  partOf("demo-marks").replaceChildren(placeholder());
  requestAnimationFrame(() => setTimeout(() => void load())); // after the first paint
} else {
  demo.dataset.unsupported = "true";
  show("failed", UNSUPPORTED);
}

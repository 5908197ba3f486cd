// The device worker: runs the networks and the path from image to result, off the page's thread. device/reader.js is
// its client.

import { memory } from "@tensorflow/tfjs-core";
import { NoBackend, start } from "../device/backends.js";
import { FileError, Files } from "../device/files.js";
import { interimFor } from "../device/interim.js";
import { loadDetector, loadExpressions } from "../device/networks.js";
import { errorText } from "../ui/errors.js";
import { translate, useCatalogue } from "../ui/language.js";
import { ExpressionClassifier } from "../vision/expressions.js";
import { COARSE_LONG_SIDES, FaceDetector } from "../vision/faces.js";
import { FrameDetector } from "../vision/following.js";
import { ImageError, decode, fromBitmap } from "../vision/images.js";
import { OVERSAMPLING, Reader, round } from "../vision/reading.js";

/** @typedef {import("../device/reader.js").Offer} Offer */
/** @typedef {import("../device/reader.js").OfferedModel} OfferedModel */
/** @typedef {import("../device/backends.js").Backend} Backend */

/** @type {Offer} */
let offer;
/** @type {Awaited<ReturnType<typeof start>>} */
let running;
/** @type {{net: import("../vision/faces.js").Network, dispose: () => void}} */
let detector;
/** @typedef {{photos: Reader, camera: Reader, dispose: () => void}} Readers  of one model */
/** @type {Map<string, Readers>} */
const readers = new Map();
/** @type {Backend[]} */
const failed = [];
/** The current downloads, in bytes; the total is 0 when there are none. */
const download = { graphs: 0, loaded: 0, total: 0 };
const RETRY_AFTER = 5000; // ms before camera frames request a model again that could not be loaded
/** @type {{model: string, until: number, error: FileError} | null} */
let unavailable = null;
const WARM_UP_AFTER = 300; // ms without an image, which would be the better warm-up
const REPLACE_AFTER = { face: 300, start: 4000 }; // ms from the first face, which the download would delay; from a start without one
/** The network `by` answers camera frames for the network `model` until that is loaded. @type {{model: string, by: string} | null} */
let interim = null;
/** No interim network answers any more. */
let replaced = Promise.resolve();
/** @type {() => void} */
let onFirstFace = () => {};
/** A camera frame with a face was read. @type {Promise<void>} */
const firstFace = new Promise((resolve) => (onFirstFace = resolve));
let images = 0; // number of images that arrived

/** @param {string} message */
const note = (message) => self.postMessage({ note: message });
const files = new Files(note);

/** @param {Record<string, import("../device/files.js").NetworkFile>} descriptions  @param {string} name */
async function fetchGraph(descriptions, name) {
  const reportDownload = () => interim || self.postMessage({ download });
  const get = (/** @type {string} */ part) => files.get(descriptions[part], name, (bytes) => {
    download.loaded += bytes;
    reportDownload();
  });
  download.graphs++;
  download.total += descriptions["model.json"].bytes + descriptions["weights.bin"].bytes;
  try {
    return await Promise.all([get("model.json"), get("weights.bin")]);
  } finally {
    if (--download.graphs === 0) {
      Object.assign(download, { loaded: 0, total: 0 });
      reportDownload();
    }
  }
}

/** @param {string} name */
function offeredModel(name) {
  const model = offer.models.find((one) => one.name === name) ?? offer.models[0];
  if (!model) throw new FileError("gone", translate("The server offers no model for this device. Switch to the server."));
  return model;
}

/** @param {OfferedModel} model */
const fetchModel = (model) => fetchGraph(model.files, translate("the model “{title}”", { title: model.title }));

/** @param {string} name  @param {ReturnType<typeof fetchGraph>} [fetched]  @returns {Promise<Readers>} */
async function readersOf(name, fetched) {
  const model = offeredModel(name);
  const existing = readers.get(model.name);
  if (existing) return existing;
  const [description, weights] = await (fetched ?? fetchModel(model));
  const { network, dispose } = await loadExpressions(description, weights);
  const faces = new FaceDetector((...input) => detector.net(...input), offer.detector.sizes), classifier = new ExpressionClassifier(model.card, network);
  const created = { photos: new Reader(faces, classifier), camera: new Reader(new FrameDetector(faces), classifier), dispose };
  readers.set(model.name, created);
  return created;
}

/**
 * Load everything that the first image needs, and run it once unless that image arrives at once.
 * @param {OfferedModel | Promise<OfferedModel>} model  @param {Backend | "auto"} backend
 */
async function prepare(model, backend) {
  const fetched = [fetchGraph(offer.detector.files, translate("the face detector")), Promise.resolve(model).then(fetchModel)];
  for (const one of fetched) one.catch(() => {}); // awaited below; an unavailable backend is reported first
  running = await start(backend, failed);
  detector = await loadDetector(...(await fetched[0]));
  const loaded = await readersOf((await model).name, fetched[1]);
  if (running.backend === "wasm") setTimeout(() => images || warmUp(loaded).catch(() => {}), WARM_UP_AFTER); // an image would meet the same error
  else await warmUp(loaded);
  return running;
}

/** Run each input size once: WebGPU and WebGL compile per size, WebAssembly only once. @param {Readers} readers */
async function warmUp({ camera, photos }) {
  const image = drawnFace(640, 480);
  const threshold = offer.thresholds.live;
  const { faces } = await photos.read(image, { threshold, longSides: COARSE_LONG_SIDES });
  // a coarse search, a full search, following: then each size has run once
  for (let run = 0; running.backend !== "wasm" && run < 3; run++) await camera.read(image, { threshold });
  if (!faces.length) await classifyNothing(photos);
}

/** @param {Reader} reader */
const classifyNothing = ({ classifier }) => classifier.probabilities([new Float32Array(classifier.crop.size ** 2)]);

/** @param {number} milliseconds */
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Read camera frames with the network `by` until `model` is loaded.
 * @param {OfferedModel} model  @param {OfferedModel} by
 */
async function replaceInterim(model, by) {
  interim = { model: model.name, by: by.name };
  self.postMessage({ interim: { model: model.title, small: by.title } });
  await Promise.race([firstFace.then(() => sleep(REPLACE_AFTER.face)), sleep(REPLACE_AFTER.start)]);
  try {
    await classifyNothing((await readersOf(model.name)).photos);
  } catch (error) {
    note(describe(error).message);
  }
  interim = null;
  self.postMessage({ interim: "" });
}

/**
 * A drawn face for the warm-up run, so that the first camera frame does not wait for it.
 * @param {number} width  @param {number} height
 * @returns {import("../vision/images.js").Pixels}
 */
function drawnFace(width, height) {
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true }));
  const unit = height / 10;
  /** @param {string} color  @param {number[]} shape  x, y, radii, in units from the center */
  const ellipse = (color, [x, y, across, down]) => {
    context.fillStyle = color;
    context.beginPath();
    context.ellipse(width / 2 + x * unit, height / 2 + y * unit, across * unit, down * unit, 0, 0, 2 * Math.PI);
    context.fill();
  };
  context.fillStyle = "#9aa3ab";
  context.fillRect(0, 0, width, height);
  context.filter = `blur(${unit / 12}px)`;
  ellipse("#3a2a20", [0, -0.6, 2.6, 3.1]);
  ellipse("#c98f74", [0, 3.6, 1.1, 2]);
  ellipse("#e0ac8f", [0, 0, 2.2, 2.9]);
  for (const side of [-1, 1]) {
    ellipse("#c08468", [side * 0.85, -0.45, 0.62, 0.38]);
    ellipse("#f5efe9", [side * 0.85, -0.42, 0.42, 0.2]);
    ellipse("#2a1c14", [side * 0.85, -0.42, 0.2, 0.2]);
    ellipse("#4a3222", [side * 0.85, -0.95, 0.6, 0.1]);
    ellipse("#8a5440", [side * 0.22, 0.72, 0.14, 0.08]);
  }
  ellipse("#d39b7d", [0, 0.3, 0.2, 0.6]);
  ellipse("#a34a48", [0, 1.5, 0.85, 0.28]);
  ellipse("#f3e8e2", [0, 1.45, 0.6, 0.1]);
  const { data } = context.getImageData(0, 0, width, height);
  return { data, width, height };
}

/** The backend failed (for example a graphics driver was reset): continue with the next one. @param {string} model */
async function fallBack(model) {
  note(translate("{backend} failed. Switching to the next backend.", { backend: running.details }));
  failed.push(running.backend);
  for (const { dispose } of readers.values()) ignoreErrors(dispose);
  ignoreErrors(detector.dispose);
  readers.clear();
  self.postMessage({ running: await prepare(offeredModel(model), "auto") });
}

/** @param {() => void} action */
function ignoreErrors(action) {
  try {
    action();
  } catch {
    // a failed backend has already lost its resources
  }
}

/** @param {"photos" | "camera"} from  @param {import("../vision/images.js").Pixels} pixels  @param {{model: string} & import("../vision/reading.js").ReadOptions} options */
async function read(from, pixels, { model, ...options }) {
  try {
    return await (await readersOf(model))[from].read(pixels, options);
  } catch (error) {
    if (error instanceof FileError || error instanceof RangeError || failed.length >= 2) throw error;
    await fallBack(model);
    return (await readersOf(model))[from].read(pixels, options);
  }
}

/** @type {Record<string, (parameters: any) => Promise<any>>} */
const COMMANDS = {
  async start(parameters) {
    offer = parameters.offer;
    useCatalogue(parameters.catalogue);
    const requested = offeredModel(parameters.model);
    const small = parameters.interim ? interimFor(offer.models, requested) : null;
    const first = small ? files.has(requested.files["weights.bin"]).then((cached) => (cached ? requested : small)) : requested;
    const started = await prepare(first, parameters.backend);
    if (small && (await first) === small) replaced = replaceInterim(requested, small);
    return started;
  },
  async frame({ bitmap, model: requested, time }) {
    images++;
    const startTime = performance.now();
    const model = interim && interim.model === offeredModel(requested).name ? interim.by : requested;
    const pixels = fromBitmap(bitmap);
    bitmap.close();
    const decodeTime = performance.now() - startTime;
    if (unavailable && unavailable.model === model && startTime < unavailable.until) throw unavailable.error;
    try {
      const reading = await read("camera", pixels, { model, threshold: offer.thresholds.live, time });
      if (reading.faces.length) onFirstFace();
      return { ...reading, milliseconds: { decode: round(decodeTime, 2), ...reading.milliseconds } };
    } catch (error) {
      if (error instanceof FileError) unavailable = { model, until: performance.now() + RETRY_AFTER, error };
      throw error;
    }
  },
  async photo({ blob, model, longSides }) {
    images++;
    const startTime = performance.now();
    const { pixels, width, height } = await decode(blob, { reduceTo: OVERSAMPLING * Math.max(...longSides) });
    const decodeTime = performance.now() - startTime;
    const reading = await read("photos", pixels, { model, longSides, threshold: offer.thresholds.photo });
    return { ...reading, picture: { width, height }, milliseconds: { decode: round(decodeTime, 2), ...reading.milliseconds } };
  },
  resources: async () => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith("/static/")),
  cached: () => replaced.then(() => files.cached()),
  prune: () => files.keepOnly([offer.detector, ...offer.models].flatMap((one) => Object.values(one.files).map(({ url }) => url))),
  memory: async () => ({ tensors: memory().numTensors, bytes: memory().numBytes }),
};

/** @param {unknown} error */
function describe(error) {
  if (error instanceof ImageError) return { code: error.code, message: errorText(error) };
  if (error instanceof FileError) return { code: error.code, message: error.message };
  if (error instanceof NoBackend) return { code: "no_backend", message: error.message };
  return { code: "failed", message: translate("This device could not read the image ({reason}).", { reason: error instanceof Error ? error.message : String(error) }) };
}

self.addEventListener("message", async ({ data: { id, command, ...parameters } }) => {
  try {
    self.postMessage({ id, result: await COMMANDS[command](parameters) });
  } catch (error) {
    self.postMessage({ id, error: describe(error) });
  }
});

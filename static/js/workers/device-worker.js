// Off the page's thread: the networks, and the path from picture to reading. It talks to device.js.

import { memory } from "@tensorflow/tfjs-core";
import { NoBackend, start } from "../device/backends.js";
import { drawnFace } from "../device/drawn-face.js";
import { FileError, Files } from "../device/files.js";
import { loadDetector, loadExpressions } from "../device/networks.js";
import { Expressions } from "../vision/expressions.js";
import { FaceDetector, LIVE } from "../vision/faces.js";
import { Follower } from "../vision/following.js";
import { ImageError, decode, fromBitmap } from "../vision/images.js";
import { REDUCE, Reader, round } from "../vision/reading.js";

/** @typedef {import("../device/offer.js").Offer} Offer */
/** @typedef {import("../device/offer.js").OfferedModel} OfferedModel */
/** @typedef {import("../device/backends.js").Backend} Backend */

/** @type {Offer} */
let offer;
/** @type {Awaited<ReturnType<typeof start>>} */
let running;
/** @type {{net: import("../vision/faces.js").Net, dispose: () => void}} */
let detector;
/** @typedef {{photos: Reader, camera: Reader, dispose: () => void}} Readers  of one model */
/** @type {Map<string, Readers>} */
const readers = new Map();
/** @type {Backend[]} */
const failed = [];
/** What is being fetched now, in bytes; a total of 0: nothing. */
const fetching = { graphs: 0, loaded: 0, total: 0 };
const AGAIN = 5000; // milliseconds after which the camera's frames ask anew for a model that could not be had
/** @type {{model: string, until: number, error: FileError} | null} */
let missing = null;

/** @param {string} words */
const note = (words) => self.postMessage({ note: words });
const files = new Files(note);

/** @param {Record<string, import("../device/files.js").File>} described  @param {string} name */
async function fetchGraph(described, name) {
  const tell = () => self.postMessage({ fetching });
  const get = (/** @type {string} */ part) => files.get(described[part], name, (bytes) => {
    fetching.loaded += bytes;
    tell();
  });
  fetching.graphs++;
  fetching.total += described["model.json"].bytes + described["weights.bin"].bytes;
  try {
    return await Promise.all([get("model.json"), get("weights.bin")]);
  } finally {
    if (--fetching.graphs === 0) {
      Object.assign(fetching, { loaded: 0, total: 0 });
      tell();
    }
  }
}

/** @param {string} name */
function offeredModel(name) {
  const model = offer.models.find((one) => one.name === name) ?? offer.models[0];
  if (!model) throw new FileError("gone", "The server offers no model for this device.");
  return model;
}

/** @param {OfferedModel} model */
const fetchModel = (model) => fetchGraph(model.files, `the model “${model.title}”`);

/** @param {string} name  @param {ReturnType<typeof fetchGraph>} [fetched]  @returns {Promise<Readers>} */
async function readersOf(name, fetched) {
  const model = offeredModel(name);
  const known = readers.get(model.name);
  if (known) return known;
  const [description, weights] = await (fetched ?? fetchModel(model));
  const { network, dispose } = await loadExpressions(description, weights);
  const faces = new FaceDetector((...input) => detector.net(...input), offer.detector.sizes), expressions = new Expressions(model.card, network);
  const made = { photos: new Reader(faces, expressions), camera: new Reader(new Follower(faces), expressions), dispose };
  readers.set(model.name, made);
  return made;
}

/** Load all that the first picture needs, and run it once. @param {string} model  @param {Backend | "auto"} backend */
async function prepare(model, backend) {
  const fetched = [fetchGraph(offer.detector.files, "the face detector"), fetchModel(offeredModel(model))];
  for (const one of fetched) one.catch(() => {}); // awaited below; a missing backend is told first
  running = await start(backend, failed);
  detector = await loadDetector(...(await fetched[0]));
  return { ...running, warmed: await warmUp(await readersOf(model, fetched[1])) };
}

/** Graphics interfaces prepare a network for each size of its input, WebAssembly once. @param {Readers} readers  @returns {Promise<number>} faces read */
async function warmUp({ camera, photos }) {
  const picture = drawnFace(640, 480);
  const threshold = offer.thresholds.live;
  const { faces } = await photos.read(picture, { threshold, longSides: LIVE.slice(0, 1) });
  // coarse, searched, followed: each size has run once
  for (let now = 0; running.backend !== "wasm" && now < 3; now++) await camera.read(picture, { threshold, now });
  const { expressions } = photos;
  if (!faces.length) await expressions.probabilities([new Float32Array(expressions.crop.size ** 2)]);
  return faces.length;
}

/** The backend broke down (a graphics driver was reset): go on with the next. @param {string} model */
async function fallBack(model) {
  note(`${running.details} broke down. Going on with the next way to compute.`);
  failed.push(running.backend);
  for (const { dispose } of readers.values()) tryTo(dispose);
  tryTo(detector.dispose);
  readers.clear();
  self.postMessage({ running: await prepare(model, "auto") });
}

/** @param {() => void} act */
function tryTo(act) {
  try {
    act();
  } catch {
    // what the dead backend held is gone already
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

/** @type {Record<string, (given: any) => Promise<any>>} */
const WORK = {
  async start(given) {
    offer = given.offer;
    return prepare(given.model, given.backend);
  },
  async frame({ bitmap, model }) {
    const begun = performance.now();
    const pixels = fromBitmap(bitmap);
    bitmap.close();
    const taken = performance.now() - begun;
    if (missing && missing.model === model && begun < missing.until) throw missing.error;
    try {
      const reading = await read("camera", pixels, { model, threshold: offer.thresholds.live });
      return { ...reading, milliseconds: { decode: round(taken, 2), ...reading.milliseconds } };
    } catch (error) {
      if (error instanceof FileError) missing = { model, until: performance.now() + AGAIN, error };
      throw error;
    }
  },
  async photo({ blob, model, longSides }) {
    const begun = performance.now();
    const { pixels, width, height } = await decode(blob, { reduceTo: REDUCE * Math.max(...longSides) });
    const taken = performance.now() - begun;
    const reading = await read("photos", pixels, { model, longSides, threshold: offer.thresholds.photo });
    return { ...reading, picture: { width, height }, milliseconds: { decode: round(taken, 2), ...reading.milliseconds } };
  },
  resources: async () => performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname).filter((path) => path.startsWith("/static/")),
  kept: () => files.kept(),
  prune: () => files.keepOnly([offer.detector, ...offer.models].flatMap((one) => Object.values(one.files).map(({ url }) => url))),
  memory: async () => ({ tensors: memory().numTensors, bytes: memory().numBytes }),
};

/** @param {unknown} error */
function described(error) {
  if (error instanceof ImageError || error instanceof FileError) return { code: error.code, message: error.message };
  if (error instanceof NoBackend) return { code: "no_backend", message: error.message };
  return { code: "failed", message: `This device could not read the picture (${error instanceof Error ? error.message : error}).` };
}

self.addEventListener("message", async ({ data: { id, what, ...given } }) => {
  try {
    self.postMessage({ id, answer: await WORK[what](given) });
  } catch (error) {
    self.postMessage({ id, error: described(error) });
  }
});

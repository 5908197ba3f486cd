// The reader as an ES module for other pages: docs/javascript.md. It runs on the thread that calls it, a page's or a worker's.

import { ExpressionClassifier } from "../vision/expressions.js";
import { FaceDetector, LIVE_LONG_SIDES, PHOTO_LONG_SIDES } from "../vision/faces.js";
import { FrameDetector } from "../vision/following.js";
import { ImageError, MAX_PIXELS, fromBitmap } from "../vision/images.js";
import { OVERSAMPLING, Reader, round } from "../vision/reading.js";
import { NoBackend, start } from "./backends.js";
import { FileError, Files } from "./files.js";
import { loadDetector, loadExpressions } from "./networks.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Face} Face */
/** @typedef {import("./backends.js").Backend} Backend */
/** @typedef {{url: string, sha256: string, bytes: number}} NetworkFile */
/** @typedef {{threshold?: number, longSides?: number[]}} ReadOptions */
/** @typedef {Blob | ImageBitmapSource} Source  an image, video, canvas, ImageBitmap, ImageData, or the Blob of an image file */

export { FileError, ImageError, NoBackend };

const THRESHOLDS = { photo: 0.4, video: 0.4 }; // the server's settings photo_threshold and live_threshold

export class Emoscope {
  /** @type {{dispose: () => void}[]} */
  #graphs;
  #photos;
  #video;

  /**
   * Use `Emoscope.load`.
   * @param {FaceDetector} detector  @param {ExpressionClassifier} classifier  @param {string} engine  @param {{dispose: () => void}[]} graphs
   */
  constructor(detector, classifier, engine, graphs) {
    this.#graphs = graphs;
    this.#photos = new Reader(detector, classifier);
    this.#video = new Reader(new FrameDetector(detector), classifier);
    /** The model's name and version, such as "jury-live 1.0.0". */
    this.model = `${classifier.card.name} ${classifier.card.version}`;
    /** The expressions. */
    this.labels = classifier.labels;
    /** Description of the backend, such as "WebGL". */
    this.engine = engine;
  }

  /**
   * Download the networks, verify their hashes, and start a backend. The browser caches the files.
   * @param {object} options
   * @param {string} options.model  URL of a bundle's folder, such as "/models/jury-live"
   * @param {string} options.detector  URL of the folder of the detector's files
   * @param {Backend | "auto"} [options.backend]
   * @param {(loaded: number, total: number) => void} [options.onProgress]  called as bytes arrive
   * @returns {Promise<Emoscope>}
   * @throws {FileError} a file is missing or damaged
   * @throws {NoBackend} no backend runs in this browser
   */
  static async load({ model, detector, backend = "auto", onProgress = () => {} }) {
    const [card, manifest] = await Promise.all([fetchJson(`${folder(model)}card.json`), fetchJson(`${folder(detector)}detector.json`)]);
    const files = new Files((message) => console.warn(message));
    const parts = [...describe(detector, manifest), ...describe(model, card)];
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    let loaded = 0;
    const downloads = parts.map((part) => files.get(part, part.url, (bytes) => onProgress((loaded += bytes), total)));
    const [running, ...contents] = await Promise.all([start(backend), ...downloads]);
    const found = await loadDetector(contents[0], contents[1]);
    const network = await loadExpressions(contents[2], contents[3]);
    return new Emoscope(new FaceDetector(found.net, manifest.sizes), new ExpressionClassifier(card, network.network), running.details, [found, network]);
  }

  /**
   * Read one image. Small faces are found, too; a video's frames are faster with `readFrame`.
   * @param {Source} source  @param {ReadOptions} [options]  `threshold`: minimum score of a face, 0 to 1
   * @returns {Promise<Reading>}
   * @throws {ImageError} the image cannot be decoded, is empty or too large
   */
  async read(source, { threshold = THRESHOLDS.photo, longSides = PHOTO_LONG_SIDES } = {}) {
    const { pixels, width, height, decode } = await toPixels(source, OVERSAMPLING * Math.max(...longSides));
    const reading = await this.#photos.read(pixels, { threshold, longSides });
    return { ...reading, picture: { width, height }, milliseconds: { decode, ...reading.milliseconds } };
  }

  /**
   * Read the next frame of one video or camera: known faces are followed, and a new one is found within 300 ms. Wait for the
   * result before the next call.
   * @param {Source} source  @param {{threshold?: number, time?: number}} [options]  `time`: of the frame in a video file, ms; of a
   *   camera's frame, leave it out  @returns {Promise<Reading>}  @throws {ImageError}
   */
  async readFrame(source, { threshold = THRESHOLDS.video, time } = {}) {
    const { pixels, width, height, decode } = await toPixels(source, OVERSAMPLING * Math.max(...LIVE_LONG_SIDES));
    const reading = await this.#video.read(pixels, { threshold, time });
    return { ...reading, picture: { width, height }, milliseconds: { decode, ...reading.milliseconds } };
  }

  /** Release the networks' memory. The reader cannot be used afterwards. */
  dispose() {
    for (const { dispose } of this.#graphs) dispose();
  }
}

/** @param {string} url  of a folder  @returns {string} absolute, with a slash at the end */
const folder = (url) => new URL(url.endsWith("/") ? url : `${url}/`, globalThis.document?.baseURI ?? location.href).href;

/** @param {string} url  of the folder  @param {{files: Record<string, {sha256: string, bytes: number}>}} manifest  @returns {NetworkFile[]} */
function describe(url, { files }) {
  return ["tfjs/model.json", "tfjs/weights.bin"].map((name) => {
    if (!files[name]) throw new FileError("broken", `${url}: the bundle has no ${name}; export it with \`python -m training export-tfjs\`.`);
    return { url: folder(url) + name, sha256: files[name].sha256, bytes: files[name].bytes };
  });
}

/** @param {string} url */
async function fetchJson(url) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new FileError(response?.status === 404 ? "gone" : "offline", `${url} could not be downloaded (${response?.status ?? "no connection"}).`);
  return response.json().catch(() => {
    throw new FileError("broken", `${url} is not JSON.`);
  });
}

/** @param {Source} source  @param {number} reduceTo  px; the long side is reduced, but not below this */
async function toPixels(source, reduceTo) {
  const started = performance.now();
  /** @type {ImageBitmap} */
  let bitmap;
  try {
    bitmap = await createImageBitmap(source, { imageOrientation: "from-image", colorSpaceConversion: "none" });
  } catch (error) {
    throw new ImageError("not_a_picture", `The image cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const { width, height } = bitmap;
  try {
    if (width * height > MAX_PIXELS) throw new ImageError("too_many_pixels", `The image has ${width} x ${height} pixels; the limit is ${MAX_PIXELS / 1e6} megapixels.`);
    const pixels = fromBitmap(bitmap, Math.max(1, Math.floor(Math.max(width, height) / reduceTo)));
    return { pixels, width, height, decode: round(performance.now() - started, 2) };
  } finally {
    bitmap.close();
  }
}

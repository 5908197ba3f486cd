// The reader on this device: detector and network run in a worker, and no image leaves the page.

import { ReaderError } from "../types.js";
import { catalogue, formatNumber, formatPercent, translate } from "../ui/language.js";
import { PHOTO_LONG_SIDES } from "../vision/faces.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("./backends.js").Backend} Backend */
/** @typedef {import("./backends.js").Refusal} Refusal */
/** @typedef {{backend: Backend, details: string, refused: Refusal[]}} Running */

/** @typedef {import("../types.js").Reader} Reader */

/** @typedef {import("./files.js").NetworkFile} NetworkFile */
/**
 * @typedef {object} OfferedModel
 * @property {string} name
 * @property {string} title
 * @property {import("../vision/expressions.js").Card} card
 * @property {boolean} default
 * @property {Record<string, NetworkFile>} files
 */
/**
 * @typedef {object} Offer
 * @property {string} worker  URL of the worker script
 * @property {{sizes: [number, number][], files: Record<string, NetworkFile>}} detector
 * @property {OfferedModel[]} models  the default first
 * @property {{live: number, photo: number}} thresholds  minimum detector scores of a face
 */

const PREPARING = translate("Preparing this device …");

/** @returns {Offer | null} null if the server offers no networks for the device */
export function readOffer() {
  const text = document.getElementById("device-offer")?.textContent;
  return text ? JSON.parse(text) : null;
}

/** @implements {Reader} */
export class DeviceReader {
  /** @type {import("../types.js").Model[]} */
  models = [];
  /** Description of the backend, for the visitor. */
  engine = "";
  location = /** @type {const} */ ("device");
  interval = 0;
  /** @type {Running | null} */
  running = null;

  /** @type {Worker | null} */
  #worker = null;
  #count = 0;
  /** The answer to the worker's start. @type {Promise<Running> | null} */
  #loading = null;
  /** Messages of the worker before `start`. @type {any[] | null} */
  #early = null;
  /** @type {Map<number, {resolve: (result: any) => void, reject: (error: Error) => void}>} */
  #pending = new Map();
  /** Called after a problem that was repaired. @type {(message: string) => void} */
  onNote = () => {};
  /** Called when a backend runs. @type {(running: Running) => void} */
  onRunning = () => {};
  /** Called with the progress of downloads, also those for another model later; "" when they are complete. @type {(message: string) => void} */
  onDownload = () => {};

  /** Called when a smaller network answers until the requested one is loaded; "" when that answers. @type {(message: string) => void} */
  onInterim = () => {};

  /** @param {{model?: string, backend?: Backend | "auto", interim?: boolean}} [options]  of the start; `interim`: a smaller network may answer frames first */
  constructor({ model = "", backend = "auto", interim = false } = {}) {
    this.model = model;
    this.backend = backend;
    this.interim = interim;
    this.offer = readOffer();
    this.models = (this.offer?.models ?? []).map(({ card, ...model }) => ({
      name: model.name, title: model.title, label_set: card.label_set, labels: card.labels, raters: card.raters, default: model.default, unsure_threshold: card.unsure.threshold,
    }));
  }

  /** Begin to download and start the networks, before `start`; nothing is called until then. */
  load() {
    if (!this.offer || this.#loading) return;
    this.#early = [];
    this.#loading = this.#load(this.offer);
    this.#loading.catch(() => {}); // `start` reports it
  }

  /**
   * Download and start the networks. Resolves when images can be read.
   * @param {{onState: (state: import("../types.js").ReaderState, message: string) => void}} options
   * @throws {ReaderError} `no_backend`, `offline`, `gone`, `broken`, `no_offer`
   */
  async start({ onState }) {
    const { offer } = this;
    if (!offer) throw new ReaderError("no_offer", translate("This server offers no networks for this device."));
    onState("connecting", PREPARING);
    this.#loading ??= this.#load(offer);
    for (const message of this.#early ?? []) this.#notify(message);
    this.#early = null;
    try {
      this.#setRunning(await this.#loading);
    } catch (error) {
      this.stop(); // one download failed; the other may still be running
      throw error;
    }
    onState("ready", this.engine);
  }

  /** @param {Offer} offer  @returns {Promise<Running>} */
  #load(offer) {
    this.#open(offer.worker);
    return this.#request("start", { offer, model: this.model, backend: this.backend, interim: this.interim, catalogue: catalogue() });
  }

  /** @param {Running} running */
  #setRunning(running) {
    this.running = running;
    this.engine = running.details;
    this.onRunning(running);
  }

  /** @param {string} url */
  #open(url) {
    this.stop();
    this.#worker = new Worker(url, { type: "module", name: "device" });
    this.#worker.addEventListener("message", ({ data }) => this.#receive(data));
    this.#worker.addEventListener("error", (event) => {
      const reason = event.message || translate("its script could not be loaded");
      const error = new ReaderError("failed", translate("The worker stopped: {reason}. Reload the page.", { reason }));
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    });
  }

  /** @param {any} data */
  #receive({ id, result, error, ...message }) {
    if (this.#early) this.#early.push(message);
    else this.#notify(message);
    const pending = this.#pending.get(id);
    if (!pending) return;
    this.#pending.delete(id);
    if (error) pending.reject(new ReaderError(error.code, error.message));
    else pending.resolve(result);
  }

  /** @param {any} message */
  #notify({ note, download, running, interim }) {
    if (note) this.onNote(note);
    if (interim !== undefined) this.onInterim(interim && translate("{small} answers until {model} is downloaded.", interim));
    if (download) this.onDownload(download.total ? progress(download) : this.running ? "" : PREPARING);
    if (running) this.#setRunning(running);
  }

  /** @param {string} command  @param {object} [parameters]  @param {Transferable[]} [transferred]  @returns {Promise<any>} */
  #request(command, parameters = {}, transferred = []) {
    const worker = this.#worker;
    if (!worker) return Promise.reject(new ReaderError("disconnected", translate("This device is not ready.")));
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      worker.postMessage({ id, command, ...parameters }, transferred);
    });
  }

  /**
   * @param {Frame} frame  @param {{model: string, time?: number}} options  `time`: of the frame in a video file, ms
   * @returns {Promise<{reading: Reading, timing: import("../types.js").Timing}>}
   * @throws {ReaderError}
   */
  async read(frame, { model, time }) {
    const startTime = performance.now();
    const bitmap = await createImageBitmap(frame.canvas);
    const reading = await this.#request("frame", { bitmap, model, time }, [bitmap]);
    const total = Object.values(reading.milliseconds).reduce((sum, value) => sum + Number(value), 0);
    return { reading, timing: { total: performance.now() - startTime, server: total } };
  }

  /** @param {Blob} blob  of a photo  @param {{model: string}} options  @returns {Promise<Reading>}  @throws {ReaderError} */
  readPhoto(blob, { model }) {
    return this.#request("photo", { blob, model, longSides: PHOTO_LONG_SIDES });
  }

  /** Whether the browser cached the networks for the next visit. @returns {Promise<boolean>} */
  cached() {
    return this.#request("cached");
  }

  /** URL paths of the files under /static/ that the worker loaded. @returns {Promise<string[]>} */
  resources() {
    return this.#request("resources");
  }

  /** Delete the cached files of older bundles. @returns {Promise<void>} */
  prune() {
    return this.#request("prune");
  }

  stop() {
    this.#worker?.terminate();
    this.#worker = this.#loading = null;
    for (const { reject } of this.#pending.values()) reject(new ReaderError("disconnected", translate("Inference on this device was stopped.")));
    this.#pending.clear();
  }
}

/** @param {{loaded: number, total: number}} download  in bytes */
function progress({ loaded, total }) {
  return translate("Downloading the networks: {share} of {size} MB", { share: formatPercent(Math.min(1, loaded / total)), size: formatNumber(total / 1e6, 1) });
}

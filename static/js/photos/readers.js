// The photo readers, on the server over HTTP or on this device, behind one interface; and the controls that choose
// between them.

import { DeviceReader } from "../device/reader.js";
import { OFFLINE_MESSAGES, keepForOffline } from "../device/offline.js";
import { ServerReader } from "../live/server-reader.js";
import { ReaderError } from "../types.js";
import { make } from "../ui/dom.js";
import { LocationSwitch, backendChoice, inferenceLocation } from "../ui/inference-location.js";
import { translate } from "../ui/language.js";
import { titleOf } from "../ui/model-titles.js";
import { loadDecoder } from "./video-frames.js";
import { loadZip } from "./zip.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Model} Model */
/**
 * @typedef {object} PhotoReader
 * @property {"server" | "device"} location
 * @property {(blob: Blob, options: ReadOptions) => Promise<Reading>} read  rejects with a ReaderError, or with the reason of the abort
 * @property {() => Promise<import("../types.js").Reader>} frames  a started reader for video frames, at the same location
 */
/** @typedef {{name: string, model: string, signal: AbortSignal, onProgress: (fraction: number) => void}} ReadOptions */

/** @type {Record<string, number>} ms before the next attempt, per error code */
const WAITS = { too_fast: 2000, busy: 500, not_ready: 1000, disconnected: 1000, timeout: 500 };
const MAX_ATTEMPTS = 8;
const UPLOAD_FRACTION = 0.8; // fraction of the progress that the upload takes; inference takes the rest

/**
 * Runs the work. After a temporary error (rate limit, busy or unreachable server) it waits and tries again.
 * @template T  @param {() => Promise<T>} work  @param {AbortSignal} signal  @returns {Promise<T>}
 */
export async function withRetries(work, signal) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const wait = error instanceof ReaderError && WAITS[error.code];
      if (!wait || attempt > MAX_ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * attempt));
      signal.throwIfAborted();
    }
  }
}

/** @implements {PhotoReader} */
class ServerPhotoReader {
  location = /** @type {const} */ ("server");
  /** @type {ServerReader | null} */
  #frames = null;

  async frames() {
    if (!this.#frames) {
      const reader = new ServerReader();
      await reader.start({ onState: () => {} });
      this.#frames = reader;
    }
    return this.#frames;
  }

  /** @param {Blob} blob  @param {ReadOptions} options  @returns {Promise<Reading>} */
  read(blob, options) {
    return withRetries(() => this.#send(blob, options), options.signal);
  }

  /** @param {Blob} blob  @param {ReadOptions} options  @returns {Promise<Reading>} */
  #send(blob, { name, model, signal, onProgress }) {
    const form = new FormData();
    form.append("picture", blob, name);
    if (model) form.append("model", model);
    return new Promise((resolve, reject) => {
      // XMLHttpRequest, because fetch reports no upload progress.
      const request = new XMLHttpRequest();
      request.open("POST", "/api/v1/readings");
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => onProgress((UPLOAD_FRACTION * loaded) / (total || 1));
      request.onload = () => finish(request, resolve, reject);
      request.onerror = () => reject(new ReaderError("disconnected", translate("The server could not be reached, or the connection was lost.")));
      signal.addEventListener("abort", () => (request.abort(), reject(signal.reason)), { once: true });
      request.send(form);
    });
  }
}

/** @implements {PhotoReader} */
class DevicePhotoReader {
  location = /** @type {const} */ ("device");

  /** @param {import("../device/reader.js").DeviceReader} device  @param {Promise<void>} ready  rejects if the device cannot run the networks */
  constructor(device, ready) {
    this.device = device;
    this.ready = ready;
  }

  async frames() {
    await this.ready;
    return this.device;
  }

  /** @param {Blob} blob  @param {ReadOptions} options  @returns {Promise<Reading>} */
  async read(blob, { model, signal }) {
    await this.ready;
    const reading = await this.device.readPhoto(blob, { model });
    signal.throwIfAborted();
    return reading;
  }
}

/** @param {XMLHttpRequest} request  @param {(reading: Reading) => void} resolve  @param {(error: unknown) => void} reject */
function finish(request, resolve, reject) {
  const response = request.response;
  const error = response?.error ?? response?.readings?.[0]?.error;
  if (error) reject(new ReaderError(error.code, error.message));
  else if (request.status === 413) reject(new ReaderError("too_large", translate("The file is larger than this server accepts.")));
  else if (request.status !== 200) reject(new ReaderError("server", translate("The server returned status {status}.", { status: request.status })));
  else resolve(response.readings?.[0]?.reading ?? response.readings?.[0] ?? response);
}

const PRIVACY = {
  server: translate("Photos are sent to this server, processed in memory and discarded; the server stores nothing. Results, thumbnails and previews stay in this browser until you clear them."),
  device: translate("Photos are processed in this browser, which blocks this page from sending them. Results, thumbnails and previews stay here until you clear them."),
};

/** The controls that choose inference location and model. */
export class ReaderChoice {
  /** @type {Model[]} */
  models = [];
  /** @type {PhotoReader} */
  reader = new ServerPhotoReader();
  #select = document.createElement("select");
  #locationSwitch;

  /** @param {HTMLElement} element  @param {HTMLElement} privacy  shows who sees the photos */
  constructor(element, privacy) {
    const container = make("div", "location-switch");
    container.hidden = true;
    const label = make("label", "", `${translate("Model")} `);
    label.append(this.#select);
    element.append(container, label);
    this.#locationSwitch = new LocationSwitch(container);
    this.#select.disabled = true;
    privacy.textContent = PRIVACY[inferenceLocation()];
  }

  async load() {
    if (inferenceLocation() === "device") return void this.#prepareDevice(); // photos can be added in the meantime
    const response = await fetch("/api/v1/models").then((response) => response.json()).catch(() => ({}));
    this.#offer(response.models ?? []);
  }

  /** Photos can be added during the download of the networks; they wait for it. */
  async #prepareDevice() {
    const device = new DeviceReader({ backend: backendChoice() });
    device.onRunning = (running) => this.#locationSwitch.showBackend(running);
    device.onNote = (message) => this.#locationSwitch.setStatus("note", message);
    device.onDownload = (message) => this.#locationSwitch.setStatus("state", message);
    this.#offer(device.models);
    const ready = device.start({ onState: (state, message) => this.#locationSwitch.setStatus("state", state === "ready" ? "" : message) });
    this.reader = new DevicePhotoReader(device, ready);
    try {
      await ready;
      await Promise.allSettled([loadZip(), loadDecoder()]); // loaded on first use otherwise, which could be offline
      void keepForOffline(device).then((state) => this.#locationSwitch.setStatus("offline", OFFLINE_MESSAGES[state]));
    } catch (error) {
      this.#locationSwitch.setStatus("state", error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Model[]} models */
  #offer(models) {
    this.models = models;
    this.#select.replaceChildren(...models.map((model) => new Option(titleOf(model), model.name, false, Boolean(model.default))));
    this.#select.disabled = models.length < 2;
  }

  /** @returns {{reader: PhotoReader, model: string}} */
  get current() {
    return { reader: this.reader, model: this.#select.value };
  }
}

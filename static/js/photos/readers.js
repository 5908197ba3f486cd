// Who reads the photos: the server over HTTP, or this device. One interface for both.

import { ServerReader } from "../live/server-reader.js";
import { ReaderError } from "../types.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Model} Model */
/**
 * @typedef {object} PhotoReader
 * @property {"server" | "device"} where
 * @property {(blob: Blob, options: ReadOptions) => Promise<Reading>} read  rejects with a ReaderError, or as aborted
 * @property {() => Promise<import("../types.js").Reader>} frames  the same reader for the frames of a video, started
 */
/** @typedef {{name: string, model: string, signal: AbortSignal, onProgress: (share: number) => void}} ReadOptions */

/** @type {Record<string, number>} milliseconds before the next try, by the error's code */
const WAITS = { too_fast: 2000, busy: 500, not_ready: 1000, disconnected: 1000, timeout: 500 };
const TRIES = 8;
const SENT = 0.8; // share of the progress bar that is the upload; the rest is the reading

/**
 * Too fast, busy or out of reach for a moment: waits its time and tries again.
 * @template T  @param {() => Promise<T>} work  @param {AbortSignal} signal  @returns {Promise<T>}
 */
export async function patiently(work, signal) {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const wait = error instanceof ReaderError && WAITS[error.code];
      if (!wait || tries > TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, wait * tries));
      signal.throwIfAborted();
    }
  }
}

/** @implements {PhotoReader} */
export class ServerPhotoReader {
  where = /** @type {const} */ ("server");
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
    return patiently(() => this.#send(blob, options), options.signal);
  }

  /** @param {Blob} blob  @param {ReadOptions} options  @returns {Promise<Reading>} */
  #send(blob, { name, model, signal, onProgress }) {
    const form = new FormData();
    form.append("picture", blob, name);
    if (model) form.append("model", model);
    return new Promise((resolve, reject) => {
      // fetch does not tell how much of an upload has gone; XMLHttpRequest does.
      const request = new XMLHttpRequest();
      request.open("POST", "/api/v1/readings");
      request.responseType = "json";
      request.upload.onprogress = ({ loaded, total }) => onProgress((SENT * loaded) / (total || 1));
      request.onload = () => settle(request, resolve, reject);
      request.onerror = () => reject(new ReaderError("disconnected", "The server could not be reached, or broke off."));
      signal.addEventListener("abort", () => (request.abort(), reject(signal.reason)), { once: true });
      request.send(form);
    });
  }
}

/** @implements {PhotoReader} */
export class DevicePhotoReader {
  where = /** @type {const} */ ("device");

  /** @param {import("../device/reader.js").DeviceReader} device  @param {Promise<void>} ready  rejects where it cannot read */
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
function settle(request, resolve, reject) {
  const answer = request.response;
  const error = answer?.error ?? answer?.readings?.[0]?.error;
  if (error) reject(new ReaderError(error.code, error.message));
  else if (request.status === 413) reject(new ReaderError("too_large", "The file is larger than this server takes."));
  else if (request.status !== 200) reject(new ReaderError("server", `The server answered ${request.status}.`));
  else resolve(answer.readings?.[0]?.reading ?? answer.readings?.[0] ?? answer);
}

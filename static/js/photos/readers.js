// Who reads the photos: the server over HTTP, or this device. One interface for both.

import { ReaderError } from "../types.js";

/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Model} Model */
/**
 * @typedef {object} PhotoReader
 * @property {"server" | "device"} where
 * @property {number} width  how many photos at a time
 * @property {(blob: Blob, options: ReadOptions) => Promise<Reading>} read  rejects with a ReaderError, or as aborted
 */
/** @typedef {{name: string, model: string, signal: AbortSignal, onProgress: (share: number) => void}} ReadOptions */

const SENT = 0.8; // share of the progress bar that is the upload; the rest is the reading

/** @implements {PhotoReader} */
export class ServerPhotoReader {
  where = /** @type {const} */ ("server");
  width = 3;

  /** @param {Blob} blob  @param {ReadOptions} options  @returns {Promise<Reading>} */
  read(blob, { name, model, signal, onProgress }) {
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

/** @param {XMLHttpRequest} request  @param {(reading: Reading) => void} resolve  @param {(error: unknown) => void} reject */
function settle(request, resolve, reject) {
  const answer = request.response;
  const error = answer?.error ?? answer?.readings?.[0]?.error;
  if (error) reject(new ReaderError(error.code, error.message));
  else if (request.status === 413) reject(new ReaderError("too_large", "The file is larger than this server takes."));
  else if (request.status !== 200) reject(new ReaderError("server", `The server answered ${request.status}.`));
  else resolve(answer.readings?.[0]?.reading ?? answer.readings?.[0] ?? answer);
}

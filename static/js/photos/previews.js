// Asks the worker for a photo's date and small pictures, and the server where the browser cannot decode it.

import { makePictures } from "./renditions.js";

/** @typedef {{taken: number | null, pictures?: import("./renditions.js").Pictures, refused?: string}} Preview */

export class Previews {
  #worker;
  #count = 0;
  /** @type {Map<number, (answer: Preview) => void>} */
  #asked = new Map();

  /** @param {string} url  of the worker's script */
  constructor(url) {
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => {
      this.#asked.get(data.id)?.(data);
      this.#asked.delete(data.id);
    });
    this.#worker.addEventListener("error", () => {
      for (const answer of this.#asked.values()) answer({ taken: null, refused: "the browser's decoder failed" });
      this.#asked.clear();
    });
  }

  /** @param {Blob} blob  @returns {Promise<Preview>} */
  ask(blob) {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#asked.set(id, resolve);
      this.#worker.postMessage({ id, blob });
    });
  }
}

/** @param {Blob} blob  @param {AbortSignal} [signal]  @returns {Promise<import("./renditions.js").Pictures | undefined>} made from the server's JPEG */
export async function serverPictures(blob, signal) {
  const form = new FormData();
  form.append("picture", blob, "picture");
  const response = await fetch("/api/v1/previews", { method: "POST", body: form, signal }).catch(() => null);
  if (!response?.ok) return undefined;
  const made = await makePictures(await response.blob());
  return "pictures" in made ? made.pictures : undefined;
}

// The thumbnail and the preview of a photo: made in a worker, or from the server's JPEG where the browser cannot
// decode the file.

import { HASH_SIZE, differenceHash, grayOf, sharpness } from "./appearance.js";

const THUMBNAIL = 256; // pixels of the long side
const PREVIEW = 1280;
const SHARPNESS = 640; // pixels of the long side: blur of less than one pixel at this size is not noticed on a screen
const MAX_PIXELS = 60e6; // not decoded in the browser above this: 60 million pixels take 240 MB
const QUALITY = 0.8;

/** @typedef {{hash: string, sharpness: number}} Appearance */
/** @typedef {{thumbnail: Blob, preview: Blob, width: number, height: number} & Appearance} Previews */

/**
 * @param {Blob} blob  @param {number} [pixels]  number of pixels, 0 if unknown
 * @returns {Promise<{previews: Previews} | {refused: string}>} upright by EXIF; of an animation the first frame
 */
export async function makePreviews(blob, pixels = 0) {
  if (pixels > MAX_PIXELS) return { refused: `more than ${MAX_PIXELS / 1e6} megapixels` };
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return { refused: "a format that this browser cannot decode" };
  try {
    const preview = draw(bitmap, PREVIEW);
    const [large, small] = await Promise.all([encode(preview), encode(draw(preview, THUMBNAIL))]);
    return { previews: { preview: large, thumbnail: small, width: bitmap.width, height: bitmap.height, ...appearance(preview) } };
  } finally {
    bitmap.close();
  }
}

/** @param {ImageBitmap | OffscreenCanvas} source  @returns {Appearance} */
export function appearance(source) {
  const large = draw(source, SHARPNESS);
  return { hash: differenceHash(gray(drawAt(source, HASH_SIZE.width, HASH_SIZE.height))), sharpness: sharpness(gray(large), large.width, large.height) };
}

/** @param {OffscreenCanvas} canvas */
const gray = (canvas) => grayOf(/** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(0, 0, canvas.width, canvas.height).data);

/** @param {ImageBitmap | OffscreenCanvas} source  @param {number} longSide  @returns {OffscreenCanvas} */
function draw(source, longSide) {
  const scale = Math.min(1, longSide / Math.max(source.width, source.height));
  return drawAt(source, Math.max(1, Math.round(source.width * scale)), Math.max(1, Math.round(source.height * scale)));
}

/** @param {ImageBitmap | OffscreenCanvas} source  @param {number} width  @param {number} height  @returns {OffscreenCanvas} */
function drawAt(source, width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {OffscreenCanvas} canvas */
const encode = (canvas) => canvas.convertToBlob({ type: "image/webp", quality: QUALITY });

/** @typedef {{taken: number | null, previews?: Previews, refused?: string}} WorkerResult */

export class PreviewWorker {
  #worker;
  #count = 0;
  /** @type {Map<number, (result: WorkerResult) => void>} */
  #pending = new Map();

  /** @param {string} url  of the worker script */
  constructor(url) {
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.addEventListener("message", ({ data }) => {
      this.#pending.get(data.id)?.(data);
      this.#pending.delete(data.id);
    });
    this.#worker.addEventListener("error", () => {
      for (const resolve of this.#pending.values()) resolve({ taken: null, refused: "the browser's decoder failed" });
      this.#pending.clear();
    });
  }

  /** @param {Blob} blob  @returns {Promise<WorkerResult>} */
  make(blob) {
    const id = ++this.#count;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      this.#worker.postMessage({ id, blob });
    });
  }
}

/** @param {Blob} blob  @param {AbortSignal} [signal]  @returns {Promise<Previews | undefined>} made from the JPEG of the server */
export async function serverPreviews(blob, signal) {
  const form = new FormData();
  form.append("picture", blob, "picture");
  const response = await fetch("/api/v1/previews", { method: "POST", body: form, signal }).catch(() => null);
  if (!response?.ok) return undefined;
  const result = await makePreviews(await response.blob());
  return "previews" in result ? result.previews : undefined;
}

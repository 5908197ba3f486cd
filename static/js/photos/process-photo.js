// The processing of one photo: read it, make its thumbnail and preview, store both.

import { translate } from "../ui/language.js";
import { serverPreviews } from "./previews.js";

/** @typedef {import("./photo.js").Photo} Photo */

/**
 * @param {object} context
 * @param {import("./gallery.js").Gallery} context.gallery
 * @param {import("./previews.js").PreviewWorker} context.previewWorker
 * @param {() => {reader: import("./readers.js").PhotoReader, model: string}} context.choice  evaluated when the photo is processed
 * @returns {(id: string, options: {signal: AbortSignal, onProgress: (fraction: number) => void}) => Promise<void>} for the queue
 */
export function photoProcessor({ gallery, previewWorker, choice }) {
  return async (id, { signal, onProgress }) => {
    const photo = gallery.photos.get(id);
    const item = gallery.originals.get(id);
    if (!photo || !item) return;
    const { reader, model } = choice();
    let blob;
    try {
      blob = await item.blob();
    } catch (error) {
      return fail(gallery, photo, "unreadable", error instanceof Error ? error.message : translate("The file could not be opened. Add it again."));
    }
    const [read, preview] = await Promise.allSettled([
      reader.read(blob, { name: item.name, model, signal, onProgress }),
      previewWorker.make(blob),
    ]);
    signal.throwIfAborted();
    const { taken = null, previews: local } = preview.status === "fulfilled" ? preview.value : {};
    if (taken !== null) photo.taken = taken;
    if (read.status === "rejected") return fail(gallery, photo, read.reason.code ?? "failed", read.reason.message, local);
    const previews = local ?? (reader.location === "server" ? await serverPreviews(blob, signal) : undefined);
    Object.assign(photo, { state: "read", reading: read.value, readOn: reader.location, problem: undefined });
    await store(gallery, photo, previews ?? null);
  };
}

/**
 * @param {import("./gallery.js").Gallery} gallery  @param {Photo} photo  @param {string} code  @param {string} message
 * @param {import("./previews.js").Previews} [previews]  @returns {Promise<never>}
 */
async function fail(gallery, photo, code, message, previews) {
  Object.assign(photo, { state: "failed", problem: { code, message } });
  await store(gallery, photo, previews ?? null);
  throw new Error(message);
}

/** @param {import("./gallery.js").Gallery} gallery  @param {Photo} photo  @param {import("./previews.js").Previews | null} previews */
async function store(gallery, photo, previews) {
  if (previews) Object.assign(photo, { hash: previews.hash, sharpness: previews.sharpness });
  try {
    await gallery.update(photo, previews && { thumbnail: previews.thumbnail, preview: previews.preview });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "QuotaExceededError") || !previews) throw error;
    await gallery.update(photo, null); // the disk is full: store only the result, which is small
  }
}

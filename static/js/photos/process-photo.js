// One photo from file to gallery: read it, make its small pictures, keep both.

import { serverPictures } from "./previews.js";

/** @typedef {import("./facts.js").Photo} Photo */

/**
 * @param {object} means
 * @param {import("./gallery.js").Gallery} means.gallery
 * @param {import("./previews.js").Previews} means.previews
 * @param {() => {reader: import("./readers.js").PhotoReader, model: string}} means.choice  as it stands when the photo's turn comes
 * @returns {(id: string, options: {signal: AbortSignal, onProgress: (share: number) => void}) => Promise<void>} for the queue
 */
export function photoWork({ gallery, previews, choice }) {
  return async (id, { signal, onProgress }) => {
    const photo = gallery.photos.get(id);
    const item = gallery.originals.get(id);
    if (!photo || !item) return;
    const { reader, model } = choice();
    let blob;
    try {
      blob = await item.blob();
    } catch (error) {
      return fail(gallery, photo, "unreadable", error instanceof Error ? error.message : "The file could not be opened.");
    }
    const [read, preview] = await Promise.allSettled([
      reader.read(blob, { name: item.name, model, signal, onProgress }),
      previews.ask(blob),
    ]);
    signal.throwIfAborted();
    const { taken = null, pictures: made } = preview.status === "fulfilled" ? preview.value : {};
    if (taken !== null) photo.taken = taken;
    if (read.status === "rejected") return fail(gallery, photo, read.reason.code ?? "failed", read.reason.message, made);
    const pictures = made ?? (reader.where === "server" ? await serverPictures(blob, signal) : undefined);
    Object.assign(photo, { state: "read", reading: read.value, readOn: reader.where, problem: undefined });
    await keep(gallery, photo, pictures ?? null);
  };
}

/**
 * @param {import("./gallery.js").Gallery} gallery  @param {Photo} photo  @param {string} code  @param {string} message
 * @param {import("./renditions.js").Pictures} [pictures]  @returns {Promise<never>}
 */
async function fail(gallery, photo, code, message, pictures) {
  Object.assign(photo, { state: "failed", problem: { code, message } });
  await keep(gallery, photo, pictures ?? null);
  throw new Error(message);
}

/** @param {import("./gallery.js").Gallery} gallery  @param {Photo} photo  @param {import("./renditions.js").Pictures | null} pictures */
async function keep(gallery, photo, pictures) {
  try {
    await gallery.settle(photo, pictures && { thumbnail: pictures.thumbnail, preview: pictures.preview });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "QuotaExceededError") || !pictures) throw error;
    await gallery.settle(photo, null); // the disk is full: the reading alone is small
  }
}

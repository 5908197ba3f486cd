// What the visitor changes in the gallery: marks, choices of the best photo, removals. Each can be undone until the page is
// closed.

import { translate, translatePlural } from "../ui/language.js";
import { History } from "./history.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("./photo.js").Mark} Mark */
/**
 * @typedef {object} Parts  of the page
 * @property {import("./gallery.js").Gallery} gallery
 * @property {import("./gallery.js").Selection} selection
 * @property {import("./queue.js").Queue} queue
 * @property {import("./videos.js").Videos} videos
 */

/** The names of the changes, for the visitor. @type {Record<Mark | "none" | "remove", (count: number) => string>} */
const NAMES = {
  keep: (count) => translatePlural("keep {n} photo", "keep {n} photos", count),
  reject: (count) => translatePlural("reject {n} photo", "reject {n} photos", count),
  none: (count) => translatePlural("unmark {n} photo", "unmark {n} photos", count),
  remove: (count) => translatePlural("remove {n} photo", "remove {n} photos", count),
};

export class Edits {
  history = new History();
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /** @param {Photo[]} photos  @param {Mark | undefined} mark  undefined removes the mark */
  async mark(photos, mark) {
    await this.#change(NAMES[mark ?? "none"](photos.length), photos, () => ({ mark }));
  }

  /** Choose the best photo of a stack; a chosen one is no choice any more. @param {Photo} photo  @param {Photo[]} stack */
  async choose(photo, stack) {
    const chosen = !photo.chosen;
    await this.#change(translate("choose the best of a stack"), stack, (other) => ({ chosen: other === photo && chosen }));
  }

  /** @param {string} label  @param {Photo[]} photos  @param {(photo: Photo) => Partial<Photo>} valuesOf */
  #change(label, photos, valuesOf) {
    const { gallery } = this.#parts;
    const after = new Map(photos.map((photo) => [photo, valuesOf(photo)]));
    const before = new Map(photos.map((photo) => [photo, { mark: photo.mark, chosen: photo.chosen }]));
    return this.history.run({ label, redo: () => gallery.change(after), undo: () => gallery.change(before) });
  }

  /** @param {Photo[]} photos */
  async remove(photos) {
    const { gallery, queue, selection } = this.#parts;
    const ids = photos.map(({ id }) => id);
    /** @type {Promise<import("./gallery.js").Removed[]>} */
    let removed;
    await this.history.run({
      label: NAMES.remove(ids.length),
      redo: async () => {
        for (const id of ids) queue.remove(id);
        for (const id of ids) selection.set(id, false);
        removed = gallery.remove(ids);
        await removed;
      },
      undo: async () => this.#restore(await removed),
    });
  }

  /** Remove one video. @param {string} id */
  async removeVideo(id) {
    const { videos } = this.#parts;
    /** @type {Promise<import("./videos.js").RemovedVideo[]>} */
    let removed;
    await this.history.run({
      label: translate("remove a video"),
      redo: async () => void (await (removed = videos.remove([id]))),
      undo: async () => videos.restore(await removed),
    });
  }

  /** Remove every photo and every video. */
  async clear() {
    const { gallery, queue, selection, videos } = this.#parts;
    /** @type {Promise<[import("./gallery.js").Removed[], import("./videos.js").RemovedVideo[]]>} */
    let removed;
    await this.history.run({
      label: translate("clear all"),
      redo: async () => {
        queue.cancel();
        queue.clear();
        selection.clear();
        removed = Promise.all([gallery.clear(), videos.clear()]);
        await removed;
      },
      undo: async () => {
        const [photos, recordings] = await removed;
        await this.#restore(photos);
        await videos.restore(recordings);
      },
    });
  }

  /** @param {import("./gallery.js").Removed[]} removed */
  async #restore(removed) {
    const { gallery, queue } = this.#parts;
    await gallery.restore(removed);
    for (const { photo, item } of removed) if (photo.state === "waiting" && item) queue.add(photo.id, photo.id);
  }
}

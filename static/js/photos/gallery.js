// The gallery: its photos, in memory for the page and in the store for the next visit, and which of them are selected.

import { appearance } from "./previews.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("./intake.js").Item} Item */
/** @typedef {import("./store.js").Store} Store */
/** @typedef {{photo: Photo, item: Item | undefined, previews: import("./store.js").Previews | null}} Removed */

export class Gallery extends EventTarget {
  /** @type {Map<string, Photo>} */
  photos = new Map();
  /** @type {Map<string, Item>} original files, available during this visit */
  originals = new Map();
  #store;
  #order = 0;

  /** @param {Store} store */
  constructor(store) {
    super();
    this.#store = store;
  }

  /** Load the photos from the store. */
  async load() {
    for (const photo of await this.#store.photos()) {
      this.photos.set(photo.id, photo);
      this.#order = Math.max(this.#order, photo.order);
    }
    this.#changed();
  }

  /**
   * @param {Item[]} items
   * @returns {Promise<Photo[]>} the photos to read: new ones, and ones without a result
   */
  async add(items) {
    const added = [];
    for (const item of items) {
      this.originals.set(item.id, item);
      const existing = this.photos.get(item.id);
      if (existing?.state === "read") continue;
      const { id, name, path, size, modified } = item;
      /** @type {Photo} */
      const photo = existing ?? { id, name, path, bytes: size, order: ++this.#order, taken: modified || null, state: "waiting" };
      if (existing) Object.assign(photo, { state: "waiting", problem: undefined });
      this.photos.set(id, photo);
      added.push(photo);
    }
    if (added.length) await this.#store.put(added);
    this.#changed();
    return added;
  }

  /** @param {Photo} photo  @param {import("./store.js").Previews | null} previews  after it was read, or failed */
  async update(photo, previews) {
    if (!this.photos.has(photo.id)) return; // removed in the meantime
    photo.preview = previews !== null;
    this.photos.set(photo.id, photo);
    await this.#store.putRead(photo, previews);
    this.#changed();
  }

  /** @param {Map<Photo, Partial<Photo>>} changes  at once in memory, then in the store */
  async change(changes) {
    for (const [photo, values] of changes) Object.assign(photo, values);
    this.#changed();
    await this.#store.put([...changes.keys()]);
  }

  /** Add the appearance of photos that were stored without it. */
  async addAppearances() {
    for (const photo of [...this.photos.values()].filter(({ preview, hash }) => preview && hash === undefined)) {
      const blob = await this.#store.preview(photo.id);
      const bitmap = blob && (await createImageBitmap(blob).catch(() => null));
      if (!bitmap || !this.photos.has(photo.id)) continue;
      await this.change(new Map([[photo, appearance(bitmap)]]));
      bitmap.close();
    }
  }

  /** @param {string[]} ids  @returns {Promise<Removed[]>} for `restore` */
  async remove(ids) {
    const found = ids.flatMap((id) => this.photos.get(id) ?? []).map((photo) => ({ photo, item: this.originals.get(photo.id) }));
    for (const { photo } of found) {
      this.photos.delete(photo.id);
      this.originals.delete(photo.id);
    }
    this.#changed();
    const previews = await this.#store.remove(found.map(({ photo }) => photo.id));
    return found.map((one, index) => ({ ...one, previews: previews[index] }));
  }

  /** @param {Removed[]} removed */
  async restore(removed) {
    for (const { photo, item } of removed) {
      this.photos.set(photo.id, photo);
      if (item) this.originals.set(photo.id, item);
    }
    await this.#store.restore(removed);
    this.#changed();
  }

  /** Remove everything that this browser stores for the page. @returns {Promise<Removed[]>} for `restore` */
  async clear() {
    const removed = await this.remove([...this.photos.keys()]);
    await this.#store.clear();
    return removed;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

export class Selection {
  /** @type {Set<string>} */
  ids = new Set();
  #anchor = -1;

  /** @param {Photo[]} shown  @param {number} index  @param {boolean} range  from the last selected photo to this one */
  toggle(shown, index, range) {
    const on = !this.ids.has(shown[index].id);
    const [from, to] = range && this.#anchor >= 0 ? [this.#anchor, index].sort((a, b) => a - b) : [index, index];
    for (const { id } of shown.slice(from, to + 1)) this.set(id, range || on);
    this.#anchor = index;
  }

  /** @param {string} id  @param {boolean} on */
  set(id, on) {
    if (on) this.ids.add(id);
    else this.ids.delete(id);
  }

  /** @param {Photo[]} shown */
  all(shown) {
    for (const { id } of shown) this.ids.add(id);
  }

  clear() {
    this.ids.clear();
    this.#anchor = -1;
  }

  /** @param {Photo[]} shown  @returns {Photo[]} the selected photos that are shown, or all shown photos if none is selected */
  of(shown) {
    const chosen = shown.filter(({ id }) => this.ids.has(id));
    return chosen.length ? chosen : shown;
  }
}

// The photos at hand: in memory for the page, in the store for the next visit.

/** @typedef {import("./facts.js").Photo} Photo */
/** @typedef {import("./intake.js").Item} Item */
/** @typedef {import("./store.js").Store} Store */

export class Gallery extends EventTarget {
  /** @type {Map<string, Photo>} */
  photos = new Map();
  /** @type {Map<string, Item>} originals at hand: those of this visit */
  originals = new Map();
  #store;
  #order = 0;

  /** @param {Store} store */
  constructor(store) {
    super();
    this.#store = store;
  }

  /** Bring back what the store has. */
  async load() {
    for (const photo of await this.#store.photos()) {
      this.photos.set(photo.id, photo);
      this.#order = Math.max(this.#order, photo.order);
    }
    this.#changed();
  }

  /**
   * @param {Item[]} items
   * @returns {Promise<Photo[]>} those that must be read: new ones, and ones whose reading did not end
   */
  async add(items) {
    const added = [];
    for (const item of items) {
      this.originals.set(item.id, item);
      const known = this.photos.get(item.id);
      if (known?.state === "read") continue;
      const { id, name, path, size, modified } = item;
      /** @type {Photo} */
      const photo = known ?? { id, name, path, bytes: size, order: ++this.#order, taken: modified || null, state: "waiting" };
      if (known) Object.assign(photo, { state: "waiting", problem: undefined });
      this.photos.set(id, photo);
      added.push(photo);
    }
    if (added.length) await this.#store.put(added);
    this.#changed();
    return added;
  }

  /** @param {Photo} photo  @param {import("./store.js").Pictures | null} pictures  it was read, or failed */
  async settle(photo, pictures) {
    if (!this.photos.has(photo.id)) return; // removed while it was read
    photo.preview = pictures !== null;
    this.photos.set(photo.id, photo);
    await this.#store.putRead(photo, pictures);
    this.#changed();
  }

  /** @param {string[]} ids */
  async remove(ids) {
    for (const id of ids) {
      this.photos.delete(id);
      this.originals.delete(id);
    }
    await this.#store.remove(ids);
    this.#changed();
  }

  async clear() {
    this.photos.clear();
    this.originals.clear();
    await this.#store.clear();
    this.#changed();
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

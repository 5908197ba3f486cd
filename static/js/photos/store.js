// What the browser keeps of the gallery in IndexedDB: records, thumbnails, previews. Nothing of it leaves the browser.

import { openDB } from "idb";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {{thumbnail: Blob, preview: Blob}} Previews */

const NAME = "emoscope-photos"; // the names of the database and of its stores are fixed: returning visitors have them
const VERSION = 1;
const BLOB_STORES = /** @type {const} */ (["thumbnails", "previews"]);

export class Store {
  /** @param {import("idb").IDBPDatabase<any>} database */
  constructor(database) {
    this.database = database;
  }

  /** @param {string} [name]  @returns {Promise<Store>} */
  static async open(name = NAME) {
    const database = await openDB(name, VERSION, {
      upgrade(created) {
        created.createObjectStore("photos", { keyPath: "id" });
        created.createObjectStore("films", { keyPath: "id" });
        for (const name of BLOB_STORES) created.createObjectStore(name);
      },
    });
    return new Store(database);
  }

  /** @returns {Promise<Photo[]>} every record, in the order of addition */
  async photos() {
    const photos = await this.database.getAll("photos");
    return photos.sort((a, b) => a.order - b.order);
  }

  /** @param {Photo[]} photos  written in one transaction */
  async put(photos) {
    const change = this.database.transaction("photos", "readwrite", { durability: "relaxed" });
    await Promise.all([...photos.map((photo) => change.store.put(photo)), change.done]);
  }

  /**
   * Write a record and its previews in one transaction, so that after a crash no photo counts as read without them.
   * @param {Photo} photo  @param {Previews | null} previews
   */
  async putRead(photo, previews) {
    const change = this.database.transaction(["photos", ...BLOB_STORES], "readwrite", { durability: "relaxed" });
    const writes = [change.objectStore("photos").put(photo)];
    if (previews) {
      writes.push(change.objectStore("thumbnails").put(previews.thumbnail, photo.id));
      writes.push(change.objectStore("previews").put(previews.preview, photo.id));
    }
    await Promise.all([...writes, change.done]);
  }

  /** @param {string} id  @returns {Promise<Blob | undefined>} */
  thumbnail(id) {
    return this.database.get("thumbnails", id);
  }

  /** @param {string} id  @returns {Promise<Blob | undefined>} */
  preview(id) {
    return this.database.get("previews", id);
  }

  /** @param {string[]} ids  @returns {Promise<(Previews | null)[]>} the previews of each, so that `restore` can put them back */
  async remove(ids) {
    const stores = /** @type {const} */ (["photos", ...BLOB_STORES]);
    const change = this.database.transaction(stores, "readwrite");
    const removed = ids.map(async (id) => {
      const [thumbnail, preview] = await Promise.all([change.objectStore("thumbnails").get(id), change.objectStore("previews").get(id)]);
      return thumbnail && preview ? { thumbnail, preview } : null;
    });
    const deletions = ids.flatMap((id) => stores.map((name) => change.objectStore(name).delete(id))); // after the reads above
    await Promise.all([...deletions, change.done]);
    return Promise.all(removed);
  }

  /** Put removed photos back. @param {{photo: Photo, previews: Previews | null}[]} removed  in one transaction */
  async restore(removed) {
    const change = this.database.transaction(["photos", ...BLOB_STORES], "readwrite");
    const writes = removed.flatMap(({ photo, previews }) => [
      change.objectStore("photos").put(photo),
      ...(previews ? [change.objectStore("thumbnails").put(previews.thumbnail, photo.id), change.objectStore("previews").put(previews.preview, photo.id)] : []),
    ]);
    await Promise.all([...writes, change.done]);
  }

  /** @returns {Promise<import("./video-record.js").VideoRecord[]>} the results of videos */
  videos() {
    return this.database.getAll("films");
  }

  /** @param {string} id  @returns {Promise<import("./video-record.js").VideoRecord | undefined>} */
  video(id) {
    return this.database.get("films", id);
  }

  /** @param {import("./video-record.js").VideoRecord} video */
  async putVideo(video) {
    await this.database.put("films", video);
  }

  /** @param {string} id */
  async removeVideo(id) {
    await this.database.delete("films", id);
  }

  /** Delete every record, thumbnail and preview. */
  async clear() {
    const stores = /** @type {const} */ (["photos", "films", ...BLOB_STORES]);
    const change = this.database.transaction(stores, "readwrite");
    await Promise.all([...stores.map((name) => change.objectStore(name).clear()), change.done]);
  }

  close() {
    this.database.close();
  }
}

const MAX_URLS = 600; // about 10 MB

/** Object URLs of the thumbnails; a bounded number exists at a time. */
export class Thumbnails {
  /** @type {Map<string, string>} id -> object URL, least recently used first */
  #urls = new Map();
  #store;

  /** @param {Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {string} id  @param {() => boolean} [isNeeded]  checked again before the store is read: a tile that scrolled out of view needs no thumbnail
   * @returns {Promise<string | null>}
   */
  async url(id, isNeeded = () => true) {
    const existing = this.#urls.get(id);
    if (existing) {
      this.#urls.delete(id);
      this.#urls.set(id, existing);
      return existing;
    }
    await new Promise(requestAnimationFrame); // is the tile still in view one frame later?
    if (!isNeeded()) return null;
    const blob = await this.#store.thumbnail(id);
    if (!blob) return null;
    const url = this.#urls.get(id) ?? URL.createObjectURL(blob);
    this.#urls.set(id, url);
    for (const [oldest, oldestUrl] of this.#urls) {
      if (this.#urls.size <= MAX_URLS) break;
      this.#urls.delete(oldest);
      URL.revokeObjectURL(oldestUrl);
    }
    return url;
  }

  clear() {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }
}

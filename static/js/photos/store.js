// What the browser keeps of the gallery: records, thumbnails, previews. Nothing of it leaves the browser.

import { openDB } from "idb";

/** @typedef {import("./facts.js").Photo} Photo */
/** @typedef {{thumbnail: Blob, preview: Blob}} Pictures */

const NAME = "emoscope-photos";
const VERSION = 1;
const PICTURES = /** @type {const} */ (["thumbnails", "previews"]);

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
        for (const pictures of PICTURES) created.createObjectStore(pictures);
      },
    });
    return new Store(database);
  }

  /** @returns {Promise<Photo[]>} every record, in the order they came */
  async photos() {
    const photos = await this.database.getAll("photos");
    return photos.sort((a, b) => a.order - b.order);
  }

  /** @param {Photo[]} photos  write records, in one transaction */
  async put(photos) {
    const change = this.database.transaction("photos", "readwrite", { durability: "relaxed" });
    await Promise.all([...photos.map((photo) => change.store.put(photo)), change.done]);
  }

  /**
   * A record and its pictures, all or nothing: after a crash no photo counts as read without them.
   * @param {Photo} photo  @param {Pictures | null} pictures
   */
  async putRead(photo, pictures) {
    const change = this.database.transaction(["photos", ...PICTURES], "readwrite", { durability: "relaxed" });
    const writes = [change.objectStore("photos").put(photo)];
    if (pictures) {
      writes.push(change.objectStore("thumbnails").put(pictures.thumbnail, photo.id));
      writes.push(change.objectStore("previews").put(pictures.preview, photo.id));
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

  /** @param {string[]} ids */
  async remove(ids) {
    const stores = /** @type {const} */ (["photos", ...PICTURES]);
    const change = this.database.transaction(stores, "readwrite");
    const deletions = ids.flatMap((id) => stores.map((name) => change.objectStore(name).delete(id)));
    await Promise.all([...deletions, change.done]);
  }

  /** @returns {Promise<import("./video-record.js").FilmRecord[]>} what was read of videos */
  films() {
    return this.database.getAll("films");
  }

  /** @param {string} id  @returns {Promise<import("./video-record.js").FilmRecord | undefined>} */
  film(id) {
    return this.database.get("films", id);
  }

  /** @param {import("./video-record.js").FilmRecord} film */
  async putFilm(film) {
    await this.database.put("films", film);
  }

  /** @param {string} id */
  async removeFilm(id) {
    await this.database.delete("films", id);
  }

  /** Everything, really: no record and no picture stays. */
  async clear() {
    const stores = /** @type {const} */ (["photos", "films", ...PICTURES]);
    const change = this.database.transaction(stores, "readwrite");
    await Promise.all([...stores.map((name) => change.objectStore(name).clear()), change.done]);
  }

  close() {
    this.database.close();
  }
}

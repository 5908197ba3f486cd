// Thumbnails from the store as addresses that an <img> can show; a bounded number held at a time.

const HELD = 600; // addresses; about 10 MB

export class Thumbnails {
  /** @type {Map<string, string>} id -> object URL, least lately used first */
  #urls = new Map();
  #store;

  /** @param {import("./store.js").Store} store */
  constructor(store) {
    this.#store = store;
  }

  /**
   * @param {string} id  @param {() => boolean} [wanted]  asked again before the store is: a tile that has scrolled past needs none
   * @returns {Promise<string | null>}
   */
  async url(id, wanted = () => true) {
    const held = this.#urls.get(id);
    if (held) {
      this.#urls.delete(id);
      this.#urls.set(id, held);
      return held;
    }
    await new Promise(requestAnimationFrame); // one frame later, is it still in sight?
    if (!wanted()) return null;
    const blob = await this.#store.thumbnail(id);
    if (!blob) return null;
    const url = this.#urls.get(id) ?? URL.createObjectURL(blob);
    this.#urls.set(id, url);
    for (const [oldest, address] of this.#urls) {
      if (this.#urls.size <= HELD) break;
      this.#urls.delete(oldest);
      URL.revokeObjectURL(address);
    }
    return url;
  }

  clear() {
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }
}

// The files of the networks: fetched once, checked against their hash, kept by the browser for the next visit.

/** @typedef {{url: string, sha256: string, bytes: number}} File */

/** A file cannot be had. `code`: offline, gone (replaced on the server) or broken. */
export class FileError extends Error {
  /** @param {string} code  @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "FileError";
    this.code = code;
  }
}

export const CACHE = "emoscope-networks";

export class Files {
  /** Writing goes on while the first picture is read already. @type {Promise<boolean>[]} */
  #keeping = [];
  /** @type {Promise<Cache | null> | null} */
  #cache = null;

  /** @param {(words: string) => void} onNote  told of what went wrong and was mended */
  constructor(onNote) {
    this.onNote = onNote;
  }

  /**
   * The bytes of a file, whole for certain: a kept or fetched copy with another hash is not used but fetched again.
   * @param {File} file  @param {string} name  for people  @param {(bytes: number) => void} [onBytes]  as they come
   * @returns {Promise<ArrayBuffer>}  @throws {FileError}
   */
  async get(file, name, onBytes = () => {}) {
    const cache = await this.#open();
    const kept = await cache?.match(file.url).catch(() => undefined);
    if (kept) {
      const bytes = await kept.arrayBuffer();
      if (await isWhole(bytes, file)) {
        onBytes(file.bytes);
        return bytes;
      }
      this.onNote(`The copy of ${name} that this browser kept is broken. It is fetched again.`);
      await cache?.delete(file.url);
    }
    const bytes = await this.#fetch(file, name, onBytes);
    this.#keeping.push(keep(cache, file.url, bytes));
    return bytes;
  }

  /** Whether the browser keeps all that was fetched. @returns {Promise<boolean>} */
  async kept() {
    return (await Promise.all(this.#keeping)).every(Boolean);
  }

  /** @param {File} file  @param {string} name  @param {(bytes: number) => void} onBytes */
  async #fetch(file, name, onBytes) {
    for (const cache of /** @type {RequestCache[]} */ (["default", "reload"])) {
      const bytes = await download(file, name, cache, onBytes);
      if (await isWhole(bytes, file)) return bytes;
      onBytes(-bytes.byteLength);
      if (cache === "default") this.onNote(`${capital(name)} came damaged and is not used. It is fetched again.`);
    }
    throw new FileError("broken", `${capital(name)} came damaged twice: its hash is not the one the card states. Try again later.`);
  }

  /** Forget the files of older bundles. @param {string[]} urls  those still wanted */
  async keepOnly(urls) {
    const cache = await this.#open();
    for (const request of (await cache?.keys()) ?? []) {
      const { pathname } = new URL(request.url);
      if (!urls.includes(pathname)) await cache?.delete(request);
    }
  }

  #open() {
    this.#cache ??= (async () => {
      try {
        return await caches.open(CACHE); // forbidden in private windows of some browsers, missing without https
      } catch {
        return null;
      }
    })();
    return this.#cache;
  }
}

/** @param {Cache | null} cache  @param {string} url  @param {ArrayBuffer} bytes  @returns {Promise<boolean>} false: refused, or no room */
async function keep(cache, url, bytes) {
  try {
    await cache?.put(url, new Response(bytes));
    return Boolean(cache);
  } catch {
    return false;
  }
}

/** @param {File} file  @param {string} name  @param {RequestCache} cache  @param {(bytes: number) => void} onBytes */
async function download(file, name, cache, onBytes) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(file.url, { cache });
  } catch {
    throw new FileError("offline", `${capital(name)} could not be fetched: no connection to the server.`);
  }
  if (response.status === 404) throw new FileError("gone", `${capital(name)} was replaced on the server since this page was loaded. Load the page again.`);
  if (!response.ok) throw new FileError("offline", `${capital(name)} could not be fetched: the server answered ${response.status}.`);
  const bytes = new Uint8Array(file.bytes);
  let at = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      if (at + part.value.length <= bytes.length) bytes.set(part.value, at);
      at += part.value.length;
      onBytes(part.value.length);
    }
  } catch {
    // broken off: what is there is too short, and its hash says so
  }
  return at === bytes.length ? bytes.buffer : new ArrayBuffer(at);
}

/** @param {ArrayBuffer} bytes  @param {File} file */
async function isWhole(bytes, { sha256, bytes: length }) {
  if (bytes.byteLength !== length) return false;
  if (!globalThis.crypto?.subtle) return true; // without https a browser computes no hash; the length must do
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** @param {string} words */
const capital = (words) => words[0].toUpperCase() + words.slice(1);

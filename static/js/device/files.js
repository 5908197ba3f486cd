// The network files: downloaded once, verified by hash, and cached by the browser for the next visit.

import { translate } from "../ui/language.js";

/** @typedef {{url: string, sha256: string, bytes: number}} NetworkFile */

/** A file cannot be loaded. `code`: offline, gone (replaced on the server) or broken. */
export class FileError extends Error {
  /** @param {string} code  @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "FileError";
    this.code = code;
  }
}

const CACHE = "emoscope-networks";

export class Files {
  /** Pending writes; the first image is read before they finish. @type {Promise<boolean>[]} */
  #writes = [];
  /** @type {Promise<Cache | null> | null} */
  #cache = null;

  /** @param {(message: string) => void} onNote  called after a problem that was repaired */
  constructor(onNote) {
    this.onNote = onNote;
  }

  /**
   * The verified bytes of a file. A cached or downloaded copy with another hash is discarded and downloaded again.
   * @param {NetworkFile} file  @param {string} name  for messages  @param {(bytes: number) => void} [onBytes]  called as bytes arrive
   * @returns {Promise<ArrayBuffer>}  @throws {FileError}
   */
  async get(file, name, onBytes = () => {}) {
    const cache = await this.#open();
    const cached = await cache?.match(file.url).catch(() => undefined);
    if (cached) {
      const bytes = await cached.arrayBuffer();
      if (await isIntact(bytes, file)) {
        onBytes(file.bytes);
        return bytes;
      }
      this.onNote(translate("The cached copy of {file} is damaged. Downloading it again.", { file: name }));
      await cache?.delete(file.url);
    }
    const bytes = await this.#fetch(file, name, onBytes);
    this.#writes.push(write(cache, file.url, bytes));
    return bytes;
  }

  /** Whether the cache has a copy of the file, of whatever content. @param {NetworkFile} file  @returns {Promise<boolean>} */
  async has(file) {
    const cache = await this.#open();
    return Boolean(await cache?.match(file.url).catch(() => undefined));
  }

  /** Whether the browser cached every downloaded file. @returns {Promise<boolean>} */
  async cached() {
    return (await Promise.all(this.#writes)).every(Boolean);
  }

  /** @param {NetworkFile} file  @param {string} name  @param {(bytes: number) => void} onBytes */
  async #fetch(file, name, onBytes) {
    for (const cache of /** @type {RequestCache[]} */ (["default", "reload"])) {
      const bytes = await download(file, name, cache, onBytes);
      if (await isIntact(bytes, file)) return bytes;
      onBytes(-bytes.byteLength);
      if (cache === "default") this.onNote(sentence(translate("{file} arrived damaged. Downloading it again.", { file: name })));
    }
    throw new FileError("broken", sentence(translate("{file} arrived damaged twice: its hash differs from the model card. Try again later.", { file: name })));
  }

  /** Delete the cached files of older bundles. @param {string[]} urls  of the files to keep */
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
        return await caches.open(CACHE); // blocked in private windows of some browsers, missing without HTTPS
      } catch {
        return null;
      }
    })();
    return this.#cache;
  }
}

/** @param {Cache | null} cache  @param {string} url  @param {ArrayBuffer} bytes  @returns {Promise<boolean>} false if the browser refuses or has no space */
async function write(cache, url, bytes) {
  try {
    await cache?.put(url, new Response(bytes));
    return Boolean(cache);
  } catch {
    return false;
  }
}

/** @param {NetworkFile} file  @param {string} name  @param {RequestCache} cache  @param {(bytes: number) => void} onBytes */
async function download(file, name, cache, onBytes) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(file.url, { cache });
  } catch {
    throw new FileError("offline", sentence(translate("{file} could not be downloaded: no connection to the server.", { file: name })));
  }
  if (response.status === 404) throw new FileError("gone", sentence(translate("{file} was replaced on the server since this page was loaded. Reload the page.", { file: name })));
  if (!response.ok) throw new FileError("offline", sentence(translate("{file} could not be downloaded: the server returned {status}.", { file: name, status: response.status })));
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
    // interrupted: the bytes are incomplete, which the check of length and hash detects
  }
  return at === bytes.length ? bytes.buffer : new ArrayBuffer(at);
}

/** @param {ArrayBuffer} bytes  @param {NetworkFile} file */
async function isIntact(bytes, { sha256, bytes: length }) {
  if (bytes.byteLength !== length) return false;
  if (!globalThis.crypto?.subtle) return true; // browsers offer no hash function without HTTPS; check the length only
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** Capitalized. @param {string} text */
const sentence = (text) => text[0].toUpperCase() + text.slice(1);

// Files that the visitor drops, chooses or pastes, as a stream of items; folders and ZIP archives are expanded.

import { photoId } from "./photo.js";
import { zipItems } from "./zip.js";

/**
 * A file to read. Its bytes are loaded only when it is processed, so thousands of items cost little memory.
 * @typedef {object} Item
 * @property {string} id
 * @property {string} name
 * @property {string} path      folders joined by "/", or ""
 * @property {number} size      bytes
 * @property {number} modified  milliseconds since 1970
 * @property {"image" | "video"} kind
 * @property {() => Promise<Blob>} blob
 */

const IMAGE = /\.(jpe?g|jfif|png|webp|avif|gif|bmp|tiff?|hei[cf]|hif)$/i;
const VIDEO = /\.(mp4|m4v|mov|webm|mkv)$/i;
const ZIP = /\.zip$/i;
const HIDDEN = /^(\.|__MACOSX|Thumbs\.db$|desktop\.ini$)/;

/** @param {string} name  @returns {"image" | "video" | "zip" | "other" | "hidden"} from its name; the reader checks the content */
export function kindOf(name) {
  if (HIDDEN.test(name)) return "hidden";
  if (IMAGE.test(name)) return "image";
  if (VIDEO.test(name)) return "video";
  return ZIP.test(name) ? "zip" : "other";
}

/** @param {File} file  @param {string} path  @param {"image" | "video"} kind  @returns {Item} */
function item(file, path, kind) {
  const properties = { path, name: file.name, size: file.size, modified: file.lastModified };
  return { ...properties, id: photoId(properties), kind, blob: async () => file };
}

/**
 * The items of one file. Of a folder only images, videos and archives are used; a file chosen by itself is always tried.
 * @param {File} file  @param {string} path  @returns {AsyncGenerator<Item>}
 */
async function* itemsOf(file, path) {
  const kind = kindOf(file.name);
  if (kind === "zip") yield* zipItems(file, path ? `${path}/${file.name}` : file.name);
  else if (kind === "image" || kind === "video") yield item(file, path, kind);
  else if (!path && kind === "other") yield item(file, path, file.type.startsWith("video/") ? "video" : "image");
}

/** @param {Iterable<File>} files  from a file input or the clipboard  @returns {AsyncGenerator<Item>} */
export async function* fromFiles(files) {
  for (const file of files) yield* itemsOf(file, file.webkitRelativePath.split("/").slice(0, -1).join("/"));
}

/**
 * The dropped items. Call it during the drop event; afterwards the browser empties the transfer.
 * @param {DataTransfer} transfer  @returns {AsyncGenerator<Item>}
 */
export function fromDrop(transfer) {
  const entries = [...transfer.items].filter(({ kind }) => kind === "file").map((one) => one.webkitGetAsEntry?.() ?? one.getAsFile());
  return fromEntries(entries);
}

/** @param {(FileSystemEntry | File | null)[]} entries  @returns {AsyncGenerator<Item>} */
async function* fromEntries(entries) {
  for (const entry of entries) {
    if (entry instanceof File) yield* itemsOf(entry, "");
    else if (entry) yield* walk(entry, "");
  }
}

/** @param {FileSystemEntry} entry  @param {string} path  @returns {AsyncGenerator<Item>} items of a folder, sorted by name */
async function* walk(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject)).catch(() => null);
    if (file) yield* itemsOf(file, path);
    return;
  }
  const childPath = path ? `${path}/${entry.name}` : entry.name;
  const entries = await list(/** @type {FileSystemDirectoryEntry} */ (entry));
  for (const child of entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))) {
    if (kindOf(child.name) !== "hidden") yield* walk(child, childPath);
  }
}

/** @param {FileSystemDirectoryEntry} folder  @returns {Promise<FileSystemEntry[]>} all entries; browsers return 100 at a time */
async function list(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return all;
    all.push(...batch);
  }
}

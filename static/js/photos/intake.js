// What people drop, pick or paste, as a stream of items: files, whole folders, ZIP archives.

import { photoId } from "./facts.js";
import { zipItems } from "./zip.js";

/**
 * Something to read. Its bytes are asked for when its turn comes, so thousands of items cost nothing.
 * @typedef {object} Item
 * @property {string} id
 * @property {string} name
 * @property {string} path      folders, joined by "/", "" for none
 * @property {number} size      bytes
 * @property {number} modified  milliseconds since 1970
 * @property {"picture" | "video"} kind
 * @property {() => Promise<Blob>} blob
 */

const PICTURE = /\.(jpe?g|jfif|png|webp|avif|gif|bmp|tiff?|hei[cf]|hif)$/i;
const VIDEO = /\.(mp4|m4v|mov|webm|mkv)$/i;
const ZIP = /\.zip$/i;
const HIDDEN = /^(\.|__MACOSX|Thumbs\.db$|desktop\.ini$)/;

/** @param {string} name  @returns {"picture" | "video" | "zip" | "other" | "hidden"} by its name alone: the reader looks inside */
export function kindOf(name) {
  if (HIDDEN.test(name)) return "hidden";
  if (PICTURE.test(name)) return "picture";
  if (VIDEO.test(name)) return "video";
  return ZIP.test(name) ? "zip" : "other";
}

/** @param {File} file  @param {string} path  @param {"picture" | "video"} kind  @returns {Item} */
function item(file, path, kind) {
  const about = { path, name: file.name, size: file.size, modified: file.lastModified };
  return { ...about, id: photoId(about), kind, blob: async () => file };
}

/**
 * One file as items. In a folder only pictures, videos and archives count; a file chosen by itself is always tried.
 * @param {File} file  @param {string} path  @returns {AsyncGenerator<Item>}
 */
async function* itemsOf(file, path) {
  const kind = kindOf(file.name);
  if (kind === "zip") yield* zipItems(file, path ? `${path}/${file.name}` : file.name);
  else if (kind === "picture" || kind === "video") yield item(file, path, kind);
  else if (!path && kind === "other") yield item(file, path, file.type.startsWith("video/") ? "video" : "picture");
}

/** @param {Iterable<File>} files  from a file input or the clipboard  @returns {AsyncGenerator<Item>} */
export async function* fromFiles(files) {
  for (const file of files) yield* itemsOf(file, file.webkitRelativePath.split("/").slice(0, -1).join("/"));
}

/**
 * What was dropped. Call it in the drop event itself: the browser empties the transfer after it.
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

/** @param {FileSystemEntry} entry  @param {string} path  @returns {AsyncGenerator<Item>} a folder's items in the order of their names */
async function* walk(entry, path) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject)).catch(() => null);
    if (file) yield* itemsOf(file, path);
    return;
  }
  const inside = path ? `${path}/${entry.name}` : entry.name;
  const entries = await list(/** @type {FileSystemDirectoryEntry} */ (entry));
  for (const child of entries.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }))) {
    if (kindOf(child.name) !== "hidden") yield* walk(child, inside);
  }
}

/** @param {FileSystemDirectoryEntry} folder  @returns {Promise<FileSystemEntry[]>} all of it: a browser hands out 100 at a time */
async function list(folder) {
  const reader = folder.createReader();
  const all = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return all;
    all.push(...some);
  }
}

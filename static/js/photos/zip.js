// ZIP archives, in and out. Entries are unpacked one by one when their turn comes, never all at once.

import { photoId } from "./facts.js";
import { kindOf } from "./intake.js";

/** @typedef {import("./intake.js").Item} Item */

export const LIMITS = Object.freeze({ entries: 50_000, bytes: 512 * 2 ** 20 }); // bytes: of one unpacked entry

/** The library, loaded when first needed; without its workers, which the page's security policy forbids. */
async function library() {
  const zip = await import("@zip.js/zip.js");
  zip.configure({ useWebWorkers: false });
  return zip;
}

/**
 * @param {Blob} archive  @param {string} path  put before the paths inside  @returns {AsyncGenerator<Item>}
 * @throws {Error} in words for people, where the archive cannot be read
 */
export async function* zipItems(archive, path) {
  const zip = await library();
  const reader = new zip.ZipReader(new zip.BlobReader(archive));
  let count = 0;
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (++count > LIMITS.entries) throw new Error(`${path} holds more than ${LIMITS.entries} files`);
      const parts = entry.filename.split("/").filter((part) => part && part !== "." && part !== "..");
      const name = parts.pop() ?? "";
      const kind = kindOf(name);
      if (entry.directory || parts.some((part) => kindOf(part) === "hidden") || (kind !== "picture" && kind !== "video")) continue;
      const about = { path: [path, ...parts].join("/"), name, size: entry.uncompressedSize, modified: entry.lastModDate?.getTime() ?? 0 };
      yield { ...about, id: photoId(about), kind, blob: () => unpack(zip, /** @type {import("@zip.js/zip.js").FileEntry} */ (entry), name) };
    }
  } catch (error) {
    throw new Error(`${path} could not be read as a ZIP archive: ${error instanceof Error ? error.message : error}`, { cause: error });
  }
}

/**
 * @param {typeof import("@zip.js/zip.js")} zip  @param {import("@zip.js/zip.js").FileEntry} entry  @param {string} name
 * @returns {Promise<Blob>}
 */
async function unpack(zip, entry, name) {
  if (entry.encrypted) throw new Error(`${name} is locked with a password`);
  if (entry.uncompressedSize > LIMITS.bytes) throw new Error(`${name} unpacks to more than ${LIMITS.bytes >> 20} MB`);
  // The size in the directory may lie: stop when more comes out than it says.
  let room = entry.uncompressedSize;
  const bounded = new TransformStream({
    transform(chunk, controller) {
      room -= chunk.length;
      if (room < 0) controller.error(new Error(`${name} unpacks to more than its archive says`));
      else controller.enqueue(chunk);
    },
  });
  const blob = new Response(bounded.readable).blob();
  await Promise.all([entry.getData(bounded.writable), blob]);
  return blob;
}

/**
 * An archive, streamed: one file in memory at a time where the browser can write to disk as it goes.
 * @param {AsyncIterable<{path: string, blob: Blob, modified: number | null}>} files
 * @param {WritableStream<Uint8Array>} out
 */
export async function writeZip(files, out) {
  const zip = await library();
  const writer = new zip.ZipWriter(out, { level: 0, keepOrder: true, bufferedWrite: false }); // pictures do not shrink
  for await (const { path, blob, modified } of files) {
    await writer.add(path, new zip.BlobReader(blob), modified === null ? {} : { lastModDate: new Date(modified) });
  }
  await writer.close();
}

/**
 * Where each original goes: a folder an expression; a photo with several goes under each, one without a face under "no-face".
 * @param {{name: string, groups: string[]}[]} photos  @returns {string[][]} paths for each photo, no two alike
 */
export function folders(photos) {
  const taken = new Set();
  return photos.map(({ name, groups }) => groups.map((group) => {
    const dot = name.lastIndexOf(".");
    const [stem, ending] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let path = `${group}/${name}`;
    for (let n = 2; taken.has(path.toLowerCase()); n++) path = `${group}/${stem} (${n})${ending}`;
    taken.add(path.toLowerCase());
    return path;
  }));
}

// Reading and writing ZIP archives. Each entry is unpacked only when it is processed.

import { formatNumber, translate } from "../ui/language.js";
import { photoId } from "./photo.js";
import { kindOf } from "./intake.js";

/** @typedef {import("./intake.js").Item} Item */

const LIMITS = Object.freeze({ entries: 50_000, bytes: 512 * 2 ** 20 }); // bytes: per unpacked entry

/** zip.js, loaded on first use; without its workers, which the Content-Security-Policy of the page blocks. */
export async function loadZip() {
  const zip = await import("@zip.js/zip.js");
  zip.configure({ useWebWorkers: false });
  return zip;
}

/**
 * @param {Blob} archive  @param {string} path  prefix of the paths inside  @returns {AsyncGenerator<Item>}
 * @throws {Error} with a message for the visitor if the archive cannot be read
 */
export async function* zipItems(archive, path) {
  const zip = await loadZip();
  const reader = new zip.ZipReader(new zip.BlobReader(archive));
  let count = 0;
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (++count > LIMITS.entries) throw new Error(translate("{file} contains more than {n} files", { file: path, n: formatNumber(LIMITS.entries) }));
      const parts = entry.filename.split("/").filter((part) => part && part !== "." && part !== "..");
      const name = parts.pop() ?? "";
      const kind = kindOf(name);
      if (entry.directory || parts.some((part) => kindOf(part) === "hidden") || (kind !== "image" && kind !== "video")) continue;
      const properties = { path: [path, ...parts].join("/"), name, size: entry.uncompressedSize, modified: entry.lastModDate?.getTime() ?? 0 };
      yield { ...properties, id: photoId(properties), kind, blob: () => unpack(zip, /** @type {import("@zip.js/zip.js").FileEntry} */ (entry), name) };
    }
  } catch (error) {
    throw new Error(translate("{file} could not be read as a ZIP archive: {reason}", { file: path, reason: error instanceof Error ? error.message : String(error) }), { cause: error });
  }
}

/**
 * @param {typeof import("@zip.js/zip.js")} zip  @param {import("@zip.js/zip.js").FileEntry} entry  @param {string} name
 * @returns {Promise<Blob>}
 */
async function unpack(zip, entry, name) {
  if (entry.encrypted) throw new Error(translate("{file} is encrypted; unpack the archive first", { file: name }));
  if (entry.uncompressedSize > LIMITS.bytes) throw new Error(translate("{file} unpacks to more than {size} MB", { file: name, size: LIMITS.bytes >> 20 }));
  // The size in the directory can be wrong: stop if more bytes follow.
  let remaining = entry.uncompressedSize;
  const bounded = new TransformStream({
    transform(chunk, controller) {
      remaining -= chunk.length;
      if (remaining < 0) controller.error(new Error(translate("{file} unpacks to more bytes than its archive states", { file: name })));
      else controller.enqueue(chunk);
    },
  });
  const blob = new Response(bounded.readable).blob();
  await Promise.all([entry.getData(bounded.writable), blob]);
  return blob;
}

/**
 * Streams an archive. If the browser can write to disk, only one file is in memory at a time.
 * @param {AsyncIterable<{path: string, blob: Blob, modified: number | null}>} files
 * @param {WritableStream<Uint8Array>} out
 */
export async function writeZip(files, out) {
  const zip = await loadZip();
  const writer = new zip.ZipWriter(out, { level: 0, keepOrder: true, bufferedWrite: false }); // images do not compress further
  for await (const { path, blob, modified } of files) {
    await writer.add(path, new zip.BlobReader(blob), modified === null ? {} : { lastModDate: new Date(modified) });
  }
  await writer.close();
}

/**
 * Paths in the archive: one folder per expression. A photo with several expressions is in each of their folders; one without a face is in "no-face".
 * @param {{name: string, groups: string[]}[]} photos  @returns {string[][]} unique paths for each photo
 */
export function archivePaths(photos) {
  const used = new Set();
  return photos.map(({ name, groups }) => groups.map((group) => {
    const dot = name.lastIndexOf(".");
    const [stem, extension] = dot > 0 ? [name.slice(0, dot), name.slice(dot)] : [name, ""];
    let path = `${group}/${name}`;
    for (let n = 2; used.has(path.toLowerCase()); n++) path = `${group}/${stem} (${n})${extension}`;
    used.add(path.toLowerCase());
    return path;
  }));
}

// What is filtered, saved where the visitor wants it: CSV, JSON, the originals as a ZIP in folders by expression.

import { download, fileName } from "../live/session.js";
import { countsAs, facesOf } from "./facts.js";
import { csv, json } from "./rows.js";
import { folders, writeZip } from "./zip.js";

/** @typedef {import("./facts.js").Photo} Photo */
/** @typedef {import("./intake.js").Item} Item */

/** @param {Photo[]} photos */
export const saveCsv = (photos) => download(new Blob([csv(photos)], { type: "text/csv" }), fileName("photos", "csv"));

/** @param {Photo[]} photos */
export const saveJson = (photos) => download(new Blob([json(photos)], { type: "application/json" }), fileName("photos", "json"));

/** @param {Photo} photo  @returns {string[]} its folders in the archive */
export function groupsOf(photo) {
  const groups = [...new Set(facesOf(photo).map(countsAs))];
  if (groups.length) return groups;
  return [photo.state === "read" ? "no-face" : "not-read"];
}

/**
 * @param {Photo[]} photos  @param {Map<string, Item>} originals  @param {(done: number) => void} onProgress
 * @returns {Promise<number>} how many originals were not at hand, and so are not in the archive
 */
export async function saveZip(photos, originals, onProgress) {
  const there = photos.filter(({ id }) => originals.has(id));
  const paths = folders(there.map((photo) => ({ name: photo.name, groups: groupsOf(photo) })));
  async function* files() {
    for (const [index, photo] of there.entries()) {
      const blob = await /** @type {Item} */ (originals.get(photo.id)).blob();
      for (const path of paths[index]) yield { path, blob, modified: photo.taken };
      onProgress(index + 1);
    }
  }
  const name = fileName("photos", "zip");
  if ("showSaveFilePicker" in window) {
    const handle = await /** @type {any} */ (window).showSaveFilePicker({ suggestedName: name, types: [{ accept: { "application/zip": [".zip"] } }] });
    await writeZip(files(), await handle.createWritable());
  } else {
    const stream = new TransformStream();
    const blob = new Response(stream.readable).blob();
    await writeZip(files(), stream.writable);
    download(await blob, name);
  }
  return photos.length - there.length;
}

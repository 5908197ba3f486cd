// Saving photos and their results: CSV, JSON, a ZIP of the originals in folders by expression, and the contact sheet.

import { csvText, download, fileName } from "../ui/downloads.js";
import { make } from "../ui/dom.js";
import { UNLIKE, UNSURE, styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate } from "../ui/language.js";
import { tally } from "../ui/votes.js";
import { countsAs, facesOf, summary } from "./photo.js";
import { archivePaths, writeZip } from "./zip.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("./intake.js").Item} Item */

/** @param {Photo[]} photos */
export const saveCsv = (photos) => download(new Blob([csv(photos)], { type: "text/csv" }), fileName("photos", "csv"));

/** @param {Photo[]} photos */
export const saveJson = (photos) => download(new Blob([json(photos)], { type: "application/json" }), fileName("photos", "json"));

/** @param {Photo[]} photos  one path per line */
export const saveNames = (photos) => download(new Blob([names(photos)], { type: "text/plain" }), fileName("photos", "txt"));

/** @param {Photo[]} photos  @returns {string} */
export const names = (photos) => photos.map(({ path, name }) => `${path ? `${path}/` : ""}${name}\n`).join("");

/** @param {Photo} photo  @returns {string[]} its folders in the ZIP */
function foldersOf(photo) {
  const groups = [...new Set(facesOf(photo).map(countsAs))];
  if (groups.length) return groups;
  return [photo.state === "read" ? "no-face" : "not-read"];
}

/**
 * @param {Photo[]} photos  @param {Map<string, Item>} originals  @param {(done: number) => void} onProgress
 * @returns {Promise<number>} number of originals that are not available and therefore not in the archive
 */
export async function saveZip(photos, originals, onProgress) {
  const available = photos.filter(({ id }) => originals.has(id));
  const paths = archivePaths(available.map((photo) => ({ name: photo.name, groups: foldersOf(photo) })));
  async function* files() {
    for (const [index, photo] of available.entries()) {
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
  return photos.length - available.length;
}

const BASE = ["path", "name", "taken", "width", "height", "error", "face", "faces", "x", "y", "face_width", "face_height", "score", "model", "expression", "unsure"];

/** @param {number | null} time  @returns {string} ISO 8601, UTC */
const iso = (time) => (time === null ? "" : new Date(time).toISOString());

/** @param {Photo[]} photos  @returns {string} RFC 4180; one row per face; a photo without a face or without a result has one row too */
export function csv(photos) {
  const labels = [...new Set(photos.flatMap((photo) => facesOf(photo).flatMap((face) => Object.keys(face.probabilities))))];
  const columns = (/** @type {string} */ kind) => labels.map((label) => `${kind}_${label}`);
  const header = [...BASE, ...columns("votes"), ...columns("probability"), "mark", ...columns("balanced"), "distance", "unlike"];
  const lines = photos.flatMap((photo) => rowsOf(photo, labels));
  return csvText([header, ...lines]);
}

/** @param {Photo} photo  @param {string[]} labels  @returns {unknown[][]} */
function rowsOf(photo, labels) {
  const { picture: size, model } = photo.reading ?? {};
  const faces = facesOf(photo);
  const properties = [photo.path, photo.name, iso(photo.taken), size?.width ?? "", size?.height ?? "", photo.problem?.message ?? ""];
  if (!faces.length) return [[...properties, "", photo.reading ? 0 : "", ...Array(BASE.length - properties.length - 2 + 2 * labels.length).fill(""), photo.mark ?? "", ...Array(labels.length + 2).fill("")]];
  return faces.map((face, i) => [
    ...properties, i + 1, faces.length, face.box.x, face.box.y, face.box.width, face.box.height, face.score,
    model ? `${model.name} ${model.version}` : "", face.expression, face.unsure,
    ...labels.map((label) => (face.votes && label in face.probabilities ? face.votes[label] ?? 0 : "")),
    ...labels.map((label) => face.probabilities[label] ?? ""), photo.mark ?? "",
    ...labels.map((label) => face.balanced?.[label] ?? ""), face.distance ?? "", face.unlike ?? "",
  ]);
}

/** @param {Photo[]} photos  @returns {string} the results as returned, with name and date of each photo */
export function json(photos) {
  const rows = photos.map(({ path, name, taken, mark, readOn, reading, problem }) => ({
    path, name, taken: iso(taken) || null, mark: mark ?? null, read_on: readOn ?? null, ...(problem ? { error: problem } : { reading: reading ?? null }),
  }));
  return JSON.stringify({ format: "emoscope-photos", schema: 1, photos: rows }, null, 1) + "\n";
}

const MAX_PHOTOS = 1000; // about fifty pages

/** @param {import("../types.js").Face} face */
function faceLine({ votes, expression, unsure, unlike }) {
  if (unlike) return UNLIKE;
  if (!votes) return unsure ? UNSURE : styleOf(expression).name;
  return unsure ? `${UNSURE}: ${tally(votes)}` : tally(votes);
}

/**
 * @param {HTMLElement} sheet  visible only in print
 * @param {Photo[]} photos  @param {string} title
 * @param {(id: string) => Promise<Blob | undefined>} thumbnail
 */
export async function printSheet(sheet, photos, title, thumbnail) {
  /** @type {string[]} */
  const urls = [];
  const figures = await Promise.all(photos.slice(0, MAX_PHOTOS).map(async (photo) => {
    const figure = make("figure", "");
    const blob = await thumbnail(photo.id);
    if (blob) {
      const image = document.createElement("img");
      image.src = URL.createObjectURL(blob);
      urls.push(image.src);
      await image.decode().catch(() => {});
      figure.append(image);
    }
    const caption = make("figcaption", "", make("strong", "", photo.name));
    const faces = facesOf(photo);
    const lines = faces.length ? faces.slice(0, 3).map(faceLine) : [summary(photo)];
    for (const line of lines) caption.append(make("span", "", line));
    figure.append(caption);
    return figure;
  }));
  const values = { title, most: formatNumber(MAX_PHOTOS), all: formatNumber(photos.length) };
  sheet.replaceChildren(make("h2", "", photos.length > MAX_PHOTOS ? translate("{title}, the first {most} of {all}", values) : title), ...figures);
  addEventListener("afterprint", () => {
    sheet.replaceChildren();
    for (const url of urls) URL.revokeObjectURL(url);
  }, { once: true });
  print();
}

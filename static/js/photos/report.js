// A report on photos: one HTML file that contains its style and its images, made in this browser.

import { make } from "../ui/dom.js";
import { balancedText } from "../ui/balanced.js";
import { UNLIKE, styleOf } from "../ui/expression-styles.js";
import { formatNumber, language, translate } from "../ui/language.js";
import { sentence, tally } from "../ui/votes.js";
import { MARKS, facesOf, summary } from "./photo.js";
import { shownPath } from "./sample-album.js";

/** @typedef {import("./photo.js").Photo} Photo */

const STYLE = "/static/report.css"; // also of the report of `python -m webapp report`

/**
 * @param {Photo[]} photos
 * @param {object} options
 * @param {string} options.title
 * @param {string} options.credit  of sample photos, "" if there are none
 * @param {((photo: Photo) => Promise<Blob | undefined>) | null} options.image  null for a report without images
 * @returns {Promise<Blob>}  @throws {Error} with a message for the visitor if the style cannot be loaded
 */
export async function report(photos, { title, credit, image }) {
  const response = await fetch(STYLE).catch(() => null);
  if (!response?.ok) throw new Error(translate("The style of the report could not be loaded. Check the connection and try again."));
  const head = make("head", "");
  head.append(...metadata(), make("title", "", `${title} · Emoscope`), make("style", "", await response.text()));
  const parts = [`<!doctype html>\n<html lang="${language()}">\n${head.outerHTML}\n<body>\n${introduction(photos, title)}<div class="photos">\n`];
  for (const photo of photos) {
    const blob = await image?.(photo);
    parts.push(`${figure(photo, blob ? await dataUrl(blob) : "").outerHTML}\n`);
  }
  parts.push(`</div>\n${credit ? make("p", "quiet credit", credit).outerHTML : ""}</body>\n</html>\n`);
  return new Blob(parts, { type: "text/html" });
}

function metadata() {
  const charset = document.createElement("meta"), viewport = document.createElement("meta");
  charset.setAttribute("charset", "utf-8");
  Object.assign(viewport, { name: "viewport", content: "width=device-width, initial-scale=1" });
  return [charset, viewport];
}

/** @param {Photo[]} photos  @param {string} title  @returns {string} title, models and counts */
function introduction(photos, title) {
  const models = [...new Set(photos.flatMap(({ reading }) => (reading ? `${reading.model.name} ${reading.model.version}` : [])))];
  const hasVotes = photos.some((photo) => facesOf(photo).some(({ votes }) => votes));
  const note = [
    models.length ? translate("Read with {models}.", { models: models.join(", ") }) : "",
    translate("An expression is what people see on a face, not what a person feels."),
    hasVotes ? translate("Votes predict how ten people would name the expression.") : "",
  ].filter(Boolean).join(" ");
  const tables = make("div", "tables", table(photoCounts(photos)));
  tables.append(table(faceCounts(photos)));
  return `${make("h1", "", title).outerHTML}\n${make("p", "quiet", note).outerHTML}\n${tables.outerHTML}\n`;
}

/** @param {Photo[]} photos  @returns {[string, number][]} rows of a table; the first is always shown */
function photoCounts(photos) {
  const count = (/** @type {(photo: Photo) => boolean} */ test) => photos.filter(test).length;
  return [
    [translate("Photos"), photos.length], [translate("with an error"), count(({ state }) => state === "failed")], [translate("not read yet"), count(({ state }) => state === "waiting")],
    [translate("without a face"), count((photo) => photo.state === "read" && !facesOf(photo).length)], [translate("with several faces"), count((photo) => facesOf(photo).length > 1)],
    [translate("kept"), count(({ mark }) => mark === "keep")], [translate("rejected"), count(({ mark }) => mark === "reject")],
  ];
}

/** @param {Photo[]} photos  @returns {[string, number][]} */
function faceCounts(photos) {
  const faces = photos.flatMap(facesOf);
  /** @type {Map<string, number>} */
  const groups = new Map();
  for (const face of faces) {
    const group = face.unlike ? UNLIKE : face.unsure ? translate("unsure (no expression)") : styleOf(face.expression).name;
    groups.set(group, (groups.get(group) ?? 0) + 1);
  }
  return [[translate("Faces"), faces.length], ...[...groups].sort((a, b) => b[1] - a[1])];
}

/** @param {[string, number][]} rows  @returns {HTMLElement} without zeros after the first row */
function table(rows) {
  const element = make("table", "");
  for (const [name, count] of rows.filter(([, count], index) => count || !index)) {
    const row = make("tr", "", make("th", "", name));
    row.append(make("td", "", formatNumber(count)));
    element.append(row);
  }
  return element;
}

/** @param {Photo} photo  @param {string} url  of its image, or ""  @returns {HTMLElement} */
function figure(photo, url) {
  const faces = facesOf(photo);
  const caption = make("figcaption", "", photo.name);
  const facts = [shownPath(photo.path), photo.taken ? new Date(photo.taken).toISOString().slice(0, 16).replace("T", " ") : ""].filter(Boolean).join(" · ");
  if (facts) caption.append(make("div", "", make("small", "", facts)));
  if (photo.mark) caption.append(make("div", "mark", MARKS[photo.mark]));
  if (faces.length) caption.append(list(faces));
  else caption.append(make("div", photo.state === "failed" ? "bad" : "", make("small", "", summary(photo))));
  const element = make("figure", "", caption);
  if (url) element.prepend(imageOf(photo, url, faces));
  return element;
}

/** @param {import("../types.js").Face[]} faces */
function list(faces) {
  const element = make("ol", "");
  for (const [index, face] of faces.entries()) {
    const item = make("li", "", make("b", "", String(index + 1)));
    item.dataset.color = String(index % 6);
    item.append(sentence({ ...face, votes: face.votes ?? null }), " ");
    item.append(make("small", "", face.votes ? tally(face.votes) : formatNumber(face.probabilities[face.expression] ?? 0, 2)));
    if (face.balanced) {
      const text = translate("balanced: {expressions}", { expressions: balancedText(face.balanced) });
      item.append(make("small", "", ` · ${text}`));
    }
    element.append(item);
  }
  return element;
}

/** @param {Photo} photo  @param {string} url  @param {import("../types.js").Face[]} faces  @returns {HTMLElement} the image with boxes */
function imageOf(photo, url, faces) {
  const image = document.createElement("img");
  Object.assign(image, { src: url, alt: `${photo.name}: ${summary(photo)}` });
  const marked = make("div", "marked", image);
  for (const [index, { box }] of faces.entries()) {
    const frame = make("span", "box", make("b", "", String(index + 1)));
    frame.dataset.color = String(index % 6);
    Object.assign(frame.style, { left: `${100 * box.x}%`, top: `${100 * box.y}%`, width: `${100 * box.width}%`, height: `${100 * box.height}%` });
    marked.append(frame);
  }
  return make("div", "photo", marked);
}

/** @param {Blob} blob  @returns {Promise<string>} */
function dataUrl(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(/** @type {string} */ (reader.result));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

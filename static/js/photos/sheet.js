// The contact sheet: what is filtered, with its votes, laid out for paper. The browser prints it, or saves it as PDF.

import { tally } from "../ui/votes.js";
import { make } from "../ui/dom.js";
import { facesOf, summary } from "./facts.js";

/** @typedef {import("./facts.js").Photo} Photo */

export const MOST = 1000; // photos: some fifty pages

/** @param {import("../types.js").Face} face */
const faceLine = ({ votes, expression, unsure }) => (votes ? `${unsure ? "unsure: " : ""}${tally(votes)}` : unsure ? "unsure" : expression);

/**
 * @param {HTMLElement} sheet  shown on paper alone
 * @param {Photo[]} photos  @param {string} title
 * @param {(id: string) => Promise<Blob | undefined>} thumbnail
 */
export async function printSheet(sheet, photos, title, thumbnail) {
  /** @type {string[]} */
  const urls = [];
  const figures = await Promise.all(photos.slice(0, MOST).map(async (photo) => {
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
  const left = photos.length > MOST ? `, the first ${MOST} of ${photos.length}` : "";
  sheet.replaceChildren(make("h2", "", `${title}${left}`), ...figures);
  addEventListener("afterprint", () => {
    sheet.replaceChildren();
    for (const url of urls) URL.revokeObjectURL(url);
  }, { once: true });
  print();
}

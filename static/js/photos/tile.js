// One tile of the grid: thumbnail, expression, votes and flags.

import { UNLIKE, UNSURE, colorVariable, faceIcon, styleOf } from "../ui/expression-styles.js";
import { ranked, tally } from "../ui/votes.js";
import { button, make } from "../ui/dom.js";
import { translate, translatePlural } from "../ui/language.js";
import { MARKS, facesOf, cropPosition, strength, summary } from "./photo.js";
import { shownPath } from "./sample-album.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("./stacks.js").Stack} Stack */
/** @typedef {{stack: Stack, open: boolean} | null} StackState  the stack of a photo, if stacks are shown as such */
/** @typedef {{index: number, count: number, selected: boolean, progress: number | null, current: boolean, stacked: StackState}} TileState */

const NAMED = 3; // faces whose expression is listed under a photo
const STRIPS = 12; // faces with a strip of votes

/** @param {import("../types.js").Face} face  @param {boolean} alone  @returns {HTMLElement} its icon and votes */
function faceLabel(face, alone) {
  const label = make("span", "tile-face");
  if (face.unlike) label.append(UNLIKE);
  else if (face.unsure) label.append(UNSURE);
  else label.append(faceIcon(face.expression), ...labelParts(face, alone));
  return label;
}

/** @param {import("../types.js").Face} face  @param {boolean} alone  @returns {HTMLElement[]} */
function labelParts(face, alone) {
  const { name } = styleOf(face.expression);
  if (!face.votes) return [make("span", alone ? "" : "visually-hidden", name)];
  const votes = strength(face);
  return [make("span", "", alone ? translate("{votes} of 10", { votes }) : String(votes)), make("span", "visually-hidden", name)];
}

export class Tile {
  element = make("li", "tile");
  /** @type {Photo | null} */
  photo = null;
  #link = /** @type {HTMLAnchorElement} */ (make("a", "tile-link"));
  #image = /** @type {HTMLImageElement} */ (make("img", "tile-image"));
  #name = make("span", "tile-name");
  #caption = make("span", "tile-caption");
  #votes = make("span", "tile-votes");
  #mark = make("span", "tile-mark");
  #flag = make("span", "tile-flag");
  #bar = /** @type {HTMLProgressElement} */ (make("progress", "tile-progress"));
  #select = /** @type {HTMLInputElement} */ (make("input", "tile-select"));
  #toggle = button("", () => {}, "tile-stack");
  #choose = button(translate("Make best"), () => {}, "tile-choose");
  #thumbnails;
  #drawn = "";
  /** @type {string | null} the thumbnail shown or requested */
  #thumbnailId = null;

  /** @param {import("./store.js").Thumbnails} thumbnails */
  constructor(thumbnails) {
    this.#thumbnails = thumbnails;
    this.#image.alt = "";
    this.#image.decoding = "async";
    this.#select.type = "checkbox";
    this.#select.tabIndex = -1;
    const frame = make("span", "tile-frame");
    frame.append(this.#image, this.#mark, this.#flag, this.#bar);
    this.#link.append(frame, this.#caption, this.#votes, this.#name);
    this.#toggle.tabIndex = this.#choose.tabIndex = -1; // with the keyboard: S and B
    this.element.append(this.#link, this.#select, this.#toggle, this.#choose);
  }

  /** @param {number} x  @param {number} y  @param {number} side  pixels */
  moveTo(x, y, side) {
    this.element.style.transform = `translate(${x}px, ${y}px)`;
    this.element.style.width = `${side}px`;
  }

  /** @param {Photo} photo  @param {TileState} state  changes the page only if something changed */
  show(photo, { index, count, selected, progress, current, stacked }) {
    const stack = stacked && `${stacked.stack.id}|${stacked.stack.photos.length}|${stacked.stack.best.id}|${stacked.stack.reason}|${stacked.open}`;
    const signature = `${photo.id}|${photo.state}|${photo.preview}|${photo.reading?.model.name}|${index}|${count}|${selected}|${progress}|${current}|${stack}|${photo.mark}`;
    if (signature === this.#drawn) return;
    this.#drawn = signature;
    const { element } = this;
    element.hidden = false;
    element.dataset.index = String(index);
    element.setAttribute("aria-posinset", String(index + 1));
    element.setAttribute("aria-setsize", String(count));
    element.dataset.state = photo.state;
    element.dataset.mark = photo.mark ?? "";
    this.#mark.hidden = !photo.mark;
    this.#mark.textContent = photo.mark ? MARKS[photo.mark] : "";
    element.dataset.selected = String(selected);
    this.#link.tabIndex = current ? 0 : -1;
    this.#link.href = `?photo=${encodeURIComponent(photo.id)}`;
    this.#select.checked = selected;
    this.#select.setAttribute("aria-label", translate("Select {photo}", { photo: photo.name }));
    this.#bar.hidden = progress === null;
    if (progress !== null) this.#bar.value = progress;
    this.#showStack(photo, stacked);
    if (this.photo !== photo || this.#caption.dataset.state !== photo.state) this.#describe(photo);
    this.photo = photo;
    void this.#showThumbnail(photo);
  }

  /** @param {Photo} photo  @param {StackState} stacked */
  #showStack(photo, stacked) {
    const isBest = stacked?.stack.best === photo;
    const size = stacked?.stack.photos.length ?? 0;
    this.element.dataset.stack = stacked ? (stacked.open ? (isBest ? "best" : "other") : "closed") : "";
    this.#toggle.hidden = !isBest;
    this.#choose.hidden = !stacked || isBest;
    if (!stacked) return;
    this.#toggle.textContent = stacked.open ? translate("Best of {n}", { n: size }) : String(size);
    this.#toggle.title = translate("Best: {reason}", { reason: stacked.stack.reason });
    this.#toggle.setAttribute("aria-expanded", String(stacked.open));
    this.#toggle.setAttribute("aria-label", translate("Stack of {n} photos. Best: {reason}", { n: size, reason: stacked.stack.reason }));
    this.#choose.setAttribute("aria-label", translate("Make {photo} the best of its stack", { photo: photo.name }));
  }

  /** @param {Photo} photo */
  #describe(photo) {
    const faces = facesOf(photo);
    const { x, y } = cropPosition(photo);
    this.#image.style.objectPosition = `${100 * x}% ${100 * y}%`;
    this.#caption.dataset.state = photo.state;
    this.#name.textContent = photo.name;
    this.#name.title = photo.path ? `${shownPath(photo.path)}/${photo.name}` : photo.name;
    this.#flag.textContent = faces.length > 1 ? translatePlural("{n} face", "{n} faces", faces.length) : "";
    this.#flag.hidden = faces.length < 2;
    this.#caption.replaceChildren(...(faces.length ? faces.slice(0, NAMED).map((face) => faceLabel(face, faces.length === 1)) : [summary(photo)]));
    this.#caption.title = summary(photo);
    const strips = faces.slice(0, STRIPS).map((one) => {
      const strip = make("span", "strip");
      const parts = one.votes ?? Object.fromEntries(Object.entries(one.probabilities).map(([label, p]) => [label, 10 * p]));
      strip.title = one.votes ? tally(one.votes) : styleOf(one.expression).name;
      for (const [label, size] of ranked(parts)) {
        const part = document.createElement("i");
        part.style.flexGrow = String(size);
        part.style.background = colorVariable(label);
        strip.append(part);
      }
      return strip;
    });
    this.#votes.replaceChildren(...strips);
  }

  /** @param {Photo} photo */
  async #showThumbnail(photo) {
    const id = photo.preview ? photo.id : "";
    if (this.#thumbnailId === id) return;
    this.#thumbnailId = id;
    this.#image.removeAttribute("src");
    this.#image.hidden = true;
    if (!id) return;
    const url = await this.#thumbnails.url(id, () => this.#thumbnailId === id);
    if (!url || this.#thumbnailId !== id) return;
    this.#image.src = url;
    this.#image.hidden = false;
  }

  focus() {
    this.#link.focus({ preventScroll: true });
  }

  hide() {
    this.element.hidden = true;
    this.#drawn = "";
  }
}

// A virtual grid of photos: only tiles in view are in the document, and tiles are reused.

import { MARK_KEYS } from "./photo.js";
import { Tile } from "./tile.js";

/** @typedef {import("./photo.js").Photo} Photo */

const GAP = 12; // pixels
const MIN_TILE = 164; // pixels, minimum width of a tile
const CAPTION = 76; // pixels below the image: name, expression, votes
const OVERSCAN = 2; // rows drawn above and below the view

/**
 * The rows and columns of the grid, and those in view. Pure.
 * @param {{width: number, count: number, top: number, height: number}} viewport  `top`: pixels of the grid above the view
 */
function layout({ width, count, top, height }) {
  const columns = Math.max(2, Math.floor((width + GAP) / (MIN_TILE + GAP)));
  const side = Math.floor((width - GAP * (columns - 1)) / columns);
  const row = side + CAPTION + GAP;
  const rows = Math.ceil(count / columns);
  const first = Math.min(rows, Math.max(0, Math.floor(top / row) - OVERSCAN));
  const last = Math.min(rows, Math.max(0, Math.ceil((top + height) / row) + OVERSCAN));
  return { columns, side, row, first: first * columns, end: Math.min(count, last * columns), height: Math.max(0, rows * row - GAP) };
}

export class Grid {
  #element;
  #thumbnails;
  /** @type {Photo[]} */
  #photos = [];
  /** @type {Map<number, Tile>} index -> tile */
  #tiles = new Map();
  /** @type {Tile[]} unused tiles */
  #unused = [];
  #scheduled = false;
  #current = 0;
  /** @type {(photo: Photo) => boolean} */
  isSelected = () => false;
  /** @type {(photo: Photo) => number | null} progress from 0 to 1 while a photo is processed, else null */
  progressOf = () => null;
  /** @type {(photo: Photo) => import("./tile.js").StackState} */
  stackOf = () => null;
  /** @type {(photo: Photo) => void} */
  onOpen = () => {};
  /** @type {(photo: Photo, index: number, mark: import("./photo.js").Mark | undefined) => void} */
  onMark = () => {};
  /** Compare a photo with another one. @type {(photo: Photo) => void} */
  onCompare = () => {};
  /** Show or hide the other photos of a stack. @type {(photo: Photo) => void} */
  onStack = () => {};
  /** Make a photo the best of its stack. @type {(photo: Photo) => void} */
  onChoose = () => {};
  /** @type {(photo: Photo, index: number, range: boolean) => void} */
  onSelect = () => {};

  /** @param {HTMLElement} element  an empty list  @param {import("./store.js").Thumbnails} thumbnails */
  constructor(element, thumbnails) {
    this.#element = element;
    this.#thumbnails = thumbnails;
    addEventListener("scroll", () => this.#schedule(), { passive: true });
    new ResizeObserver(() => this.#schedule()).observe(element);
    element.addEventListener("click", (event) => this.#click(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("focusin", (event) => {
      const index = this.#indexOf(event.target);
      if (index >= 0) this.#current = index;
    });
  }

  get photos() {
    return this.#photos;
  }

  /** @param {Photo[]} photos  in display order */
  show(photos) {
    this.#photos = photos;
    this.#current = Math.min(this.#current, Math.max(0, photos.length - 1));
    this.#schedule();
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #layout() {
    const top = -this.#element.getBoundingClientRect().top;
    return layout({ width: this.#element.clientWidth, count: this.#photos.length, top, height: innerHeight });
  }

  #draw() {
    const { columns, side, row, first, end, height } = this.#layout();
    if (side <= 0) return;
    this.#element.style.height = `${height}px`;
    for (const [index, tile] of this.#tiles) if (index < first || index >= end || tile.photo !== this.#photos[index]) this.#free(index, tile);
    for (let index = first; index < end; index++) {
      const photo = this.#photos[index];
      let tile = this.#tiles.get(index);
      if (!tile) {
        tile = this.#unused.pop() ?? new Tile(this.#thumbnails);
        if (!tile.element.isConnected) this.#element.append(tile.element);
        this.#tiles.set(index, tile);
      }
      tile.moveTo((index % columns) * (side + GAP), Math.floor(index / columns) * row, side);
      tile.show(photo, { index, count: this.#photos.length, selected: this.isSelected(photo), progress: this.progressOf(photo), current: index === this.#current, stacked: this.stackOf(photo) });
    }
    for (const tile of this.#unused) tile.hide();
  }

  /** @param {number} index  @param {Tile} tile */
  #free(index, tile) {
    this.#tiles.delete(index);
    this.#unused.push(tile);
  }

  /** @param {EventTarget | null} target  @returns {number} index of its tile, -1 if outside */
  #indexOf(target) {
    const element = target instanceof Element ? target.closest("[data-index]") : null;
    return element instanceof HTMLElement ? Number(element.dataset.index) : -1;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const index = this.#indexOf(event.target);
    const photo = this.#photos[index];
    if (!photo) return;
    const part = event.target instanceof Element ? event.target.closest(".tile-select, .tile-stack, .tile-choose") : null;
    if (part?.matches(".tile-select")) return this.onSelect(photo, index, event.shiftKey);
    if (part) return part.matches(".tile-stack") ? this.onStack(photo) : this.onChoose(photo);
    if (event.ctrlKey || event.metaKey || event.shiftKey) {
      event.preventDefault();
      return this.onSelect(photo, index, event.shiftKey);
    }
    event.preventDefault();
    this.onOpen(photo);
  }

  /** @param {KeyboardEvent} event  on a tile, or with the focus on nothing */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const onNothing = event.target === document.body;
    const index = onNothing ? this.#current : this.#indexOf(event.target);
    const photo = this.#photos[index];
    const activates = event.key === " " && event.target instanceof HTMLButtonElement;
    if (photo && !activates && (this.#act(event.key, photo, index) || (!onNothing && this.#move(event.key, index)))) event.preventDefault();
  }

  /** @param {string} key  @param {Photo} photo  @param {number} index  @returns {boolean} whether the key does something with the photo */
  #act(key, photo, index) {
    if (key in MARK_KEYS) this.onMark(photo, index, MARK_KEYS[key]);
    else if (key === "c") this.onCompare(photo);
    else if (key === "s") this.onStack(photo);
    else if (key === "b") this.onChoose(photo);
    else return false;
    return true;
  }

  /** @param {string} key  arrow keys move the focus, space selects  @param {number} index  @returns {boolean} whether it is such a key */
  #move(key, index) {
    const { columns } = this.#layout();
    const last = this.#photos.length - 1;
    /** @type {Record<string, number>} */
    const moves = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - columns, ArrowDown: index + columns, Home: 0, End: last };
    if (key === " ") this.onSelect(this.#photos[index], index, false);
    else if (key in moves) this.focus(Math.max(0, Math.min(last, moves[key])));
    else return false;
    return true;
  }

  /** @param {number} index  scrolls to a photo and focuses it */
  focus(index) {
    const { columns, row } = this.#layout();
    const top = this.#element.getBoundingClientRect().top + Math.floor(index / columns) * row;
    if (top < 0) scrollBy(0, top - GAP);
    else if (top + row > innerHeight) scrollBy(0, top + row - innerHeight);
    this.#current = index;
    this.#draw();
    this.#tiles.get(index)?.focus();
  }
}

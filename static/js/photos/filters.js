// The filter bar: a button a filter with its count, votes, search, order. It shows a view and tells of changes.

import { LOOKS, faceIcon, lookOf } from "../ui/expression-styles.js";
import { DEFAULT_VIEW } from "./filter.js";
import { get, make, partOf } from "../ui/dom.js";

/** @typedef {import("./filter.js").View} View */

/** @type {Record<string, string>} */
const NAMES = { all: "All", unsure: "Unsure", several: "Several faces", none: "No face", waiting: "Waiting", failed: "Not read" };

/** @param {string} show  @returns {string} */
export const nameOf = (show) => NAMES[show] ?? lookOf(show).name;

export class Filters {
  #chips = partOf("chips");
  #votes = get("votes", HTMLInputElement);
  #votesValue = get("votes-value", HTMLOutputElement);
  #search = get("search", HTMLInputElement);
  #sort = get("sort", HTMLSelectElement);
  #descending = get("descending", HTMLButtonElement);
  /** @type {Map<string, {chip: HTMLElement, count: HTMLElement}>} */
  #made = new Map();

  /** @param {(changes: Partial<View>) => void} onChange */
  constructor(onChange) {
    this.#votes.addEventListener("input", () => onChange({ votes: this.#votes.valueAsNumber }));
    this.#search.addEventListener("input", () => onChange({ search: this.#search.value }));
    this.#sort.addEventListener("change", () => onChange({ sort: /** @type {View["sort"]} */ (this.#sort.value) }));
    this.#descending.addEventListener("click", () => onChange({ descending: this.#descending.getAttribute("aria-pressed") !== "true" }));
    for (const show of ["all", ...Object.keys(LOOKS), "unsure", "several", "none", "waiting", "failed"]) {
      const chip = make("button", "chip");
      chip.setAttribute("type", "button");
      chip.dataset.show = show;
      const count = make("span", "chip-count");
      if (show in LOOKS) chip.append(faceIcon(show));
      chip.append(nameOf(show), count);
      chip.addEventListener("click", () => onChange({ show: chip.getAttribute("aria-pressed") === "true" ? DEFAULT_VIEW.show : show }));
      this.#chips.append(chip);
      this.#made.set(show, { chip, count });
    }
  }

  /** @param {View} view  @param {Map<string, {photos: number, faces: number}>} counts */
  show(view, counts) {
    for (const [show, { chip, count }] of this.#made) {
      const { photos = 0, faces = 0 } = counts.get(show) ?? {};
      count.textContent = String(photos);
      chip.title = show === "none" || !faces ? "" : `${photos} ${photos === 1 ? "photo" : "photos"}, ${faces} ${faces === 1 ? "face" : "faces"}`;
      chip.setAttribute("aria-pressed", String(view.show === show));
      chip.hidden = !photos && view.show !== show && ["waiting", "failed"].includes(show);
    }
    this.#votes.value = String(view.votes);
    this.#votesValue.value = view.votes ? `${view.votes} of 10 or more` : "any";
    if (this.#search.value !== view.search) this.#search.value = view.search;
    this.#sort.value = view.sort;
    this.#descending.setAttribute("aria-pressed", String(view.descending));
  }
}

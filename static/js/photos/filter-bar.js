// The filter bar: a button per filter with its count, minimum votes, search and sort order.

import { STYLES, faceIcon, styleOf } from "../ui/expression-styles.js";
import { DEFAULT_VIEW } from "./view.js";
import { get, make, partOf } from "../ui/dom.js";

/** @typedef {import("./view.js").View} View */

/** @type {Record<string, string>} */
const NAMES = { all: "All", unsure: "Unsure", several: "Several faces", none: "No face", waiting: "Waiting", failed: "Failed" };

/** @param {string} show  @returns {string} */
export const filterName = (show) => NAMES[show] ?? styleOf(show).name;

export class FilterBar {
  #chips = partOf("chips");
  #votes = get("votes", HTMLInputElement);
  #votesValue = get("votes-value", HTMLOutputElement);
  #search = get("search", HTMLInputElement);
  #sort = get("sort", HTMLSelectElement);
  #descending = get("descending", HTMLButtonElement);
  /** @type {Map<string, {chip: HTMLElement, count: HTMLElement}>} */
  #chipsByName = new Map();

  /** @param {(changes: Partial<View>) => void} onChange */
  constructor(onChange) {
    this.#votes.addEventListener("input", () => onChange({ votes: this.#votes.valueAsNumber }));
    this.#search.addEventListener("input", () => onChange({ search: this.#search.value }));
    this.#sort.addEventListener("change", () => onChange({ sort: /** @type {View["sort"]} */ (this.#sort.value) }));
    this.#descending.addEventListener("click", () => onChange({ descending: this.#descending.getAttribute("aria-pressed") !== "true" }));
    for (const show of ["all", ...Object.keys(STYLES), "unsure", "several", "none", "waiting", "failed"]) {
      const chip = make("button", "chip");
      chip.setAttribute("type", "button");
      chip.dataset.show = show;
      const count = make("span", "chip-count");
      if (show in STYLES) chip.append(faceIcon(show));
      chip.append(filterName(show), count);
      chip.addEventListener("click", () => onChange({ show: chip.getAttribute("aria-pressed") === "true" ? DEFAULT_VIEW.show : show }));
      this.#chips.append(chip);
      this.#chipsByName.set(show, { chip, count });
    }
  }

  /** @param {View} view  @param {Map<string, {photos: number, faces: number}>} counts */
  show(view, counts) {
    for (const [show, { chip, count }] of this.#chipsByName) {
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

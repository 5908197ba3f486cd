// The filter bar: a button per filter with its count, minimum votes, search, number of faces, folder, dates and sort order.

import { STYLES, faceIcon, styleOf } from "../ui/expression-styles.js";
import { DEFAULT_VIEW, isFiltered, noFilter } from "./view.js";
import { MARKS } from "./photo.js";
import { shownPath } from "./sample-album.js";
import { button, buttonOf, get, make, partOf } from "../ui/dom.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";

/** @typedef {import("./view.js").View} View */

/** @type {Record<string, string>} */
const NAMES = { all: translate("All"), unsure: translate("Unsure"), several: translate("Several faces"), none: translate("No face"), waiting: translate("Waiting"), failed: translate("Failed") };

/** @type {Record<"keep" | "reject" | "none", string>} */
const MARK_NAMES = { ...MARKS, none: translate("Unmarked") };

/** Fields whose value is a part of the view as it is. */
const FIELDS = /** @type {const} */ (["search", "faces", "folder", "from", "to"]);
/** Fields behind the disclosure, which opens if one of them is set. */
const DISCLOSED = /** @type {const} */ (["faces", "folder", "from", "to"]);

/** @param {string} show  @returns {string} */
export const filterName = (show) => NAMES[show] ?? styleOf(show).name;

/** @typedef {{chip: HTMLElement, count: HTMLElement}} Chip */

/** @param {HTMLElement} group  @param {string} name  @param {(pressed: boolean) => void} onToggle  @returns {Chip} */
function addChip(group, name, onToggle) {
  const count = make("span", "chip-count");
  const chip = button(name, () => onToggle(chip.getAttribute("aria-pressed") !== "true"), "chip");
  chip.append(count);
  group.append(chip);
  return { chip, count };
}

export class FilterBar {
  #chips = partOf("chips");
  #votes = get("votes", HTMLInputElement);
  #votesValue = get("votes-value", HTMLOutputElement);
  #fields = FIELDS.map((name) => ({ name, field: /** @type {HTMLInputElement | HTMLSelectElement} */ (partOf(name)) }));
  #folder = get("folder", HTMLSelectElement);
  /** @type {string | null} */
  #offered = null;
  #more = get("more-filters", HTMLDetailsElement);
  #sort = get("sort", HTMLSelectElement);
  #descending = get("descending", HTMLButtonElement);
  /** @type {Map<string, Chip>} */
  #chipsByName = new Map();
  #markChips = partOf("mark-chips");
  /** @type {Map<"keep" | "reject" | "none", Chip>} */
  #chipsByMark = new Map();

  /** @param {(changes: Partial<View>) => void} onChange */
  constructor(onChange) {
    this.#votes.addEventListener("input", () => onChange({ votes: this.#votes.valueAsNumber }));
    for (const { name, field } of this.#fields) field.addEventListener("input", () => onChange({ [name]: field.value }));
    buttonOf("reset").addEventListener("click", () => onChange(noFilter()));
    this.#sort.addEventListener("change", () => onChange({ sort: /** @type {View["sort"]} */ (this.#sort.value) }));
    this.#descending.addEventListener("click", () => onChange({ descending: this.#descending.getAttribute("aria-pressed") !== "true" }));
    for (const show of ["all", ...Object.keys(STYLES), "unsure", "several", "none", "waiting", "failed"]) {
      const entry = addChip(this.#chips, filterName(show), (pressed) => onChange({ show: pressed ? show : DEFAULT_VIEW.show }));
      entry.chip.dataset.show = show;
      if (show in STYLES) entry.chip.prepend(faceIcon(show));
      this.#chipsByName.set(show, entry);
    }
    for (const mark of /** @type {const} */ (["keep", "reject", "none"])) {
      const entry = addChip(this.#markChips, MARK_NAMES[mark], (pressed) => onChange({ mark: pressed ? mark : "" }));
      entry.chip.dataset.mark = mark;
      this.#chipsByMark.set(mark, entry);
    }
  }

  /** @param {View} view  @param {{keep: number, reject: number, none: number}} counts */
  showMarks(view, counts) {
    this.#markChips.hidden = !counts.keep && !counts.reject && !view.mark;
    for (const [mark, { chip, count }] of this.#chipsByMark) {
      count.textContent = formatNumber(counts[mark]);
      chip.setAttribute("aria-pressed", String(view.mark === mark));
    }
  }

  /** @param {View} view  @param {Map<string, {photos: number, faces: number}>} counts  @param {Map<string, number>} folders */
  show(view, counts, folders) {
    for (const [show, { chip, count }] of this.#chipsByName) {
      const { photos = 0, faces = 0 } = counts.get(show) ?? {};
      count.textContent = formatNumber(photos);
      chip.title = show === "none" || !faces ? "" : `${translatePlural("{n} photo", "{n} photos", photos)}, ${translatePlural("{n} face", "{n} faces", faces)}`;
      chip.setAttribute("aria-pressed", String(view.show === show));
      chip.hidden = !photos && view.show !== show && ["waiting", "failed"].includes(show);
    }
    this.#votes.value = String(view.votes);
    this.#votesValue.value = view.votes ? translate("{votes} of 10 or more", { votes: view.votes }) : translate("any");
    this.#offer(folders, view.folder);
    for (const { name, field } of this.#fields) if (field.value !== view[name]) field.value = view[name];
    if (DISCLOSED.some((name) => view[name])) this.#more.open = true;
    buttonOf("reset").hidden = !isFiltered(view);
    this.#sort.value = view.sort;
    this.#descending.setAttribute("aria-pressed", String(view.descending));
  }

  /** @param {Map<string, number>} folders  with their number of photos  @param {string} chosen  is offered even if it is empty */
  #offer(folders, chosen) {
    const names = chosen && !folders.has(chosen) ? [...folders.keys(), chosen] : [...folders.keys()];
    const options = names.map((name) => new Option(`${shownPath(name)} (${folders.get(name) ?? 0})`, name));
    const signature = options.map(({ text }) => text).join("\n");
    if (this.#offered === signature) return; // an open list stays open
    this.#offered = signature;
    this.#folder.replaceChildren(new Option(translate("all"), ""), ...options);
  }
}

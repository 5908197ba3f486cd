// The state of the gallery view: which photos are shown, in what order, with counts per filter, and its form in the
// URL. Pure functions.

import { STYLES } from "../ui/expression-styles.js";
import { countsAs, facesOf, strength } from "./photo.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * The state of the view; the URL contains all of it.
 * @typedef {object} View
 * @property {string} show     "all", an expression, "unsure", "none" (no face), "several", "waiting" or "failed"
 * @property {number} votes    0-10: faces with fewer votes for their expression are ignored
 * @property {string} search   words, each part of the name or the path
 * @property {string} faces    "" for any number of faces, "0", "1", "2", or "3" for three and more
 * @property {string} folder   "", or a folder; its subfolders are included
 * @property {string} from     "", or the first day, such as "2026-05-31"
 * @property {string} to       "", or the last day
 * @property {"" | "keep" | "reject" | "none"} mark  the visitor's decision, "none" for photos without one
 * @property {"order" | "name" | "folder" | "taken" | "expression" | "votes" | "certainty" | "faces"} sort
 * @property {boolean} descending
 * @property {boolean} stacks  whether only the best photo of each stack is shown
 * @property {string} stack    id of the stack whose photos are all shown, "" for none
 * @property {string} photo    id of the open photo, "" for none
 * @property {string} other    id of the photo with which it is compared, "" for none
 */

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze({ show: "all", votes: 0, search: "", faces: "", folder: "", from: "", to: "", mark: "", sort: "order", descending: false, stacks: false, stack: "", photo: "", other: "" });
/** The parts of a view that exclude photos; the others sort them or open one. */
const FILTERS = /** @type {const} */ (["show", "votes", "search", "faces", "folder", "from", "to", "mark"]);
const SORTS = /** @type {const} */ (["order", "name", "folder", "taken", "expression", "votes", "certainty", "faces"]);
const MANY = 3; // faces

/** The default of every filter; sort order and open photo are left out. @returns {Partial<View>} */
export const noFilter = () => Object.fromEntries(FILTERS.map((name) => [name, DEFAULT_VIEW[name]]));

/** @param {View} view */
export const isFiltered = (view) => FILTERS.some((name) => view[name] !== DEFAULT_VIEW[name]);

/** @param {Photo} photo  @param {View} view  @returns {import("./photo.js").Face[]} faces with enough votes */
const counted = (photo, view) => facesOf(photo).filter((face) => strength(face) >= view.votes);

/** @param {Photo} photo  @param {View} view  every filter except `show` */
function passes(photo, view) {
  const text = `${photo.path}/${photo.name}`.toLocaleLowerCase();
  if (!view.search.toLocaleLowerCase().split(/\s+/).every((word) => text.includes(word))) return false;
  if (view.folder && !`${photo.path}/`.startsWith(`${view.folder}/`)) return false;
  if (view.mark && (photo.mark ?? "none") !== view.mark) return false;
  if (view.faces && (photo.state !== "read" || Math.min(MANY, facesOf(photo).length) !== Number(view.faces))) return false;
  if ((view.from || view.to) && !isBetween(dayOf(photo), view.from, view.to)) return false;
  return view.votes === 0 || counted(photo, view).length > 0;
}

/**
 * The number of photos with each mark, and without one, among those that match the other filters.
 * @param {Iterable<Photo>} photos  @param {View} view  @returns {{keep: number, reject: number, none: number}}
 */
export function markCounts(photos, view) {
  const result = { keep: 0, reject: 0, none: 0 };
  for (const photo of photos) if (passes(photo, { ...view, mark: "" }) && groups(photo, view).has(view.show)) result[photo.mark ?? "none"] += 1;
  return result;
}

/** @param {Photo} photo  @returns {string} such as "2026-05-31", by the clock of the camera; "" if unknown */
const dayOf = ({ taken }) => (taken === null ? "" : new Date(taken).toISOString().slice(0, 10));

/** @param {string} day  @param {string} from  @param {string} to */
const isBetween = (day, from, to) => day !== "" && day >= from && (!to || day <= to);

/**
 * Every folder that contains photos, directly or in subfolders, with their number.
 * @param {Iterable<Photo>} photos  @returns {Map<string, number>} sorted by name
 */
export function folders(photos) {
  /** @type {Map<string, number>} */
  const result = new Map();
  for (const { path } of photos) {
    const parts = path.split("/").filter(Boolean);
    for (let depth = 1; depth <= parts.length; depth++) {
      const folder = parts.slice(0, depth).join("/");
      result.set(folder, (result.get(folder) ?? 0) + 1);
    }
  }
  return new Map([...result].sort(([a], [b]) => collator.compare(a, b)));
}

/** @param {Photo} photo  @param {View} view  @returns {Set<string>} the filters that match this photo */
function groups(photo, view) {
  const faces = counted(photo, view);
  const names = new Set(["all", ...faces.map(countsAs)]);
  if (photo.state !== "read") names.add(photo.state);
  else if (!facesOf(photo).length) names.add("none");
  if (facesOf(photo).length > 1) names.add("several");
  return names;
}

/**
 * The number of photos and faces under each filter. Each face counts once, as its expression or as unsure.
 * @param {Iterable<Photo>} photos  @param {View} view
 * @returns {Map<string, {photos: number, faces: number}>}
 */
export function counts(photos, view) {
  /** @type {Map<string, {photos: number, faces: number}>} */
  const result = new Map();
  const entry = (/** @type {string} */ name) => result.get(name) ?? result.set(name, { photos: 0, faces: 0 }).get(name);
  for (const photo of photos) {
    if (!passes(photo, view)) continue;
    const faces = counted(photo, view);
    for (const name of groups(photo, view)) {
      const count = /** @type {{photos: number, faces: number}} */ (entry(name));
      count.photos += 1;
      count.faces += ["all", "several"].includes(name) ? faces.length : faces.filter((face) => countsAs(face) === name).length;
    }
  }
  return result;
}

/** @param {Iterable<Photo>} photos  @param {View} view  @returns {Photo[]} the matching photos, sorted */
export function select(photos, view) {
  const shown = [...photos].filter((photo) => passes(photo, view) && groups(photo, view).has(view.show));
  const sign = view.descending ? -1 : 1;
  const compare = comparison(view);
  return shown.sort((a, b) => sign * compare(a, b) || a.order - b.order);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** @param {View} view  @returns {(a: Photo, b: Photo) => number} */
function comparison(view) {
  const votes = (/** @type {Photo} */ photo) => strongest(photo, view);
  switch (view.sort) {
    case "name": return (a, b) => collator.compare(a.name, b.name) || collator.compare(a.path, b.path);
    case "folder": return (a, b) => collator.compare(a.path, b.path) || collator.compare(a.name, b.name);
    case "expression": return (a, b) => rank(a) - rank(b) || votes(b) - votes(a);
    case "certainty": return (a, b) => certainty(a) - certainty(b) || 0;
    case "taken": return (a, b) => (a.taken ?? Infinity) - (b.taken ?? Infinity) || 0; // Infinity - Infinity is NaN
    case "votes": return (a, b) => votes(a) - votes(b);
    case "faces": return (a, b) => facesOf(a).length - facesOf(b).length;
    default: return (a, b) => a.order - b.order;
  }
}

/** @param {Photo} photo  @param {View} view  @returns {number} most votes of a face that matches the filter, -1 without faces */
function strongest(photo, view) {
  const faces = facesOf(photo).filter((face) => view.show === "all" || countsAs(face) === view.show || ["several", "unsure"].includes(view.show));
  return Math.max(-1, ...faces.map((face) => strength(face)));
}

const RANKS = [...Object.keys(STYLES), "unsure"];

/** @param {Photo} photo  @returns {number} of its largest face's expression in the order of the filters; unsure and no face last */
function rank(photo) {
  const area = (/** @type {import("./photo.js").Face} */ { box }) => box.width * box.height;
  const [face] = [...facesOf(photo)].sort((a, b) => area(b) - area(a));
  return face ? RANKS.indexOf(countsAs(face)) : RANKS.length;
}

/** @param {Photo} photo  @returns {number} the largest probability of its least certain face, Infinity without faces */
const certainty = (photo) => Math.min(Infinity, ...facesOf(photo).map(({ probabilities }) => Math.max(...Object.values(probabilities))));

const DAY = /^\d{4}-\d\d-\d\d$/;
const SHOW = /^[a-z]{1,20}$/;

/** @param {string} query  such as "?show=happiness&votes=7"  @returns {View} */
export function viewFromQuery(query) {
  const parameters = new URLSearchParams(query);
  const text = (/** @type {string} */ name, pattern = /^.{0,500}$/, otherwise = "") => {
    const value = parameters.get(name) ?? "";
    return pattern.test(value) ? value : otherwise;
  };
  const votes = Number(parameters.get("votes"));
  const sort = parameters.get("sort") ?? "";
  return {
    show: text("show", SHOW, DEFAULT_VIEW.show),
    votes: Number.isInteger(votes) && votes >= 0 && votes <= 10 ? votes : 0,
    search: (parameters.get("search") ?? "").slice(0, 200),
    faces: text("faces", /^[0-3]$/),
    folder: text("folder"),
    from: text("from", DAY),
    to: text("to", DAY),
    mark: /** @type {View["mark"]} */ (text("mark", /^(keep|reject|none)$/)),
    sort: /** @type {View["sort"]} */ (SORTS.find((name) => name === sort) ?? DEFAULT_VIEW.sort),
    descending: parameters.get("order") === "descending",
    stacks: parameters.get("stacks") === "on",
    stack: parameters.get("stack") ?? "",
    photo: parameters.get("photo") ?? "",
    other: parameters.get("with") ?? "",
  };
}

const TEXTS = /** @type {const} */ (["search", "faces", "folder", "from", "to", "mark"]);
const PARAMETERS = ["show", "votes", ...TEXTS, "sort", "order", "stacks", "stack", "photo", "with"];

/** @param {View} view  @param {string} [current]  the current query; its other parameters stay  @returns {string} "" for the default view, else "?…" */
export function queryFromView(view, current = "") {
  const query = new URLSearchParams(current);
  for (const name of PARAMETERS) query.delete(name);
  if (view.show !== DEFAULT_VIEW.show) query.set("show", view.show);
  if (view.votes) query.set("votes", String(view.votes));
  for (const name of TEXTS) if (view[name]) query.set(name, view[name]);
  if (view.sort !== DEFAULT_VIEW.sort) query.set("sort", view.sort);
  if (view.descending) query.set("order", "descending");
  if (view.stacks) query.set("stacks", "on");
  if (view.stack) query.set("stack", view.stack);
  if (view.photo) query.set("photo", view.photo);
  if (view.photo && view.other) query.set("with", view.other);
  return query.size ? `?${query}` : "";
}

// The state of the gallery view: which photos are shown, in what order, with counts per filter, and its form in the
// URL. Pure functions.

import { countsAs, facesOf, strength } from "./photo.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * The state of the view; the URL contains all of it.
 * @typedef {object} View
 * @property {string} show     "all", an expression, "unsure", "none" (no face), "several", "waiting" or "failed"
 * @property {number} votes    0-10: faces with fewer votes for their expression are ignored
 * @property {string} search   part of the name or the path
 * @property {"order" | "name" | "taken" | "votes" | "faces"} sort
 * @property {boolean} descending
 * @property {string} photo    id of the photo open in the single view, "" for none
 */

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze({ show: "all", votes: 0, search: "", sort: "order", descending: false, photo: "" });
const SORTS = /** @type {const} */ (["order", "name", "taken", "votes", "faces"]);

/** @param {Photo} photo  @param {View} view  @returns {import("./photo.js").Face[]} faces with enough votes */
const counted = (photo, view) => facesOf(photo).filter((face) => strength(face) >= view.votes);

/** @param {Photo} photo  @param {View} view  every filter except `show` */
function passes(photo, view) {
  const term = view.search.trim().toLocaleLowerCase();
  if (term && !`${photo.path}/${photo.name}`.toLocaleLowerCase().includes(term)) return false;
  return view.votes === 0 || counted(photo, view).length > 0;
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

const SHOW = /^[a-z]{1,20}$/;

/** @param {string} query  such as "?show=happiness&votes=7"  @returns {View} */
export function viewFromQuery(query) {
  const parameters = new URLSearchParams(query);
  const votes = Number(parameters.get("votes"));
  const sort = parameters.get("sort") ?? "";
  return {
    show: SHOW.test(parameters.get("show") ?? "") ? /** @type {string} */ (parameters.get("show")) : DEFAULT_VIEW.show,
    votes: Number.isInteger(votes) && votes >= 0 && votes <= 10 ? votes : 0,
    search: (parameters.get("search") ?? "").slice(0, 200),
    sort: /** @type {View["sort"]} */ (SORTS.find((name) => name === sort) ?? DEFAULT_VIEW.sort),
    descending: parameters.get("order") === "descending",
    photo: parameters.get("photo") ?? "",
  };
}

const PARAMETERS = ["show", "votes", "search", "sort", "order", "photo"];

/** @param {View} view  @param {string} [current]  the current query; its other parameters stay  @returns {string} "" for the default view, else "?…" */
export function queryFromView(view, current = "") {
  const query = new URLSearchParams(current);
  for (const name of PARAMETERS) query.delete(name);
  if (view.show !== DEFAULT_VIEW.show) query.set("show", view.show);
  if (view.votes) query.set("votes", String(view.votes));
  if (view.search) query.set("search", view.search);
  if (view.sort !== DEFAULT_VIEW.sort) query.set("sort", view.sort);
  if (view.descending) query.set("order", "descending");
  if (view.photo) query.set("photo", view.photo);
  return query.size ? `?${query}` : "";
}

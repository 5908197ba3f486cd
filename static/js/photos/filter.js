// Which photos are shown, in what order, and how many each filter holds. Pure.

import { countsAs, facesOf, strength } from "./facts.js";

/** @typedef {import("./facts.js").Photo} Photo */
/**
 * The state of the view; all of it is in the address.
 * @typedef {object} View
 * @property {string} show     "all", an expression, "unsure", "none" (no face), "several", "waiting" or "failed"
 * @property {number} votes    0-10: faces with fewer votes for their expression do not count
 * @property {string} search   part of the name or the path
 * @property {"order" | "name" | "taken" | "votes" | "faces"} sort
 * @property {boolean} descending
 * @property {string} photo    id of the photo open in the single view, "" for none
 */

/** @type {Readonly<View>} */
export const DEFAULT_VIEW = Object.freeze({ show: "all", votes: 0, search: "", sort: "order", descending: false, photo: "" });
export const SORTS = /** @type {const} */ (["order", "name", "taken", "votes", "faces"]);

/** @param {Photo} photo  @param {View} view  @returns {import("./facts.js").Face[]} faces strong enough to count */
const counted = (photo, view) => facesOf(photo).filter((face) => strength(face) >= view.votes);

/** @param {Photo} photo  @param {View} view  every filter but `show` */
function passes(photo, view) {
  const wanted = view.search.trim().toLocaleLowerCase();
  if (wanted && !`${photo.path}/${photo.name}`.toLocaleLowerCase().includes(wanted)) return false;
  return view.votes === 0 || counted(photo, view).length > 0;
}

/** @param {Photo} photo  @param {View} view  @returns {Set<string>} the filters that this photo is under */
function groups(photo, view) {
  const faces = counted(photo, view);
  const names = new Set(["all", ...faces.map(countsAs)]);
  if (photo.state !== "read") names.add(photo.state);
  else if (!facesOf(photo).length) names.add("none");
  if (facesOf(photo).length > 1) names.add("several");
  return names;
}

/**
 * How many photos each filter would show, and how many faces: each face counts once, as its expression or as unsure.
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

/** @param {Iterable<Photo>} photos  @param {View} view  @returns {Photo[]} those to show, in order */
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

/** @param {Photo} photo  @param {View} view  @returns {number} most votes of a face for what is filtered, -1 without faces */
function strongest(photo, view) {
  const faces = facesOf(photo).filter((face) => view.show === "all" || countsAs(face) === view.show || ["several", "unsure"].includes(view.show));
  return Math.max(-1, ...faces.map((face) => strength(face)));
}

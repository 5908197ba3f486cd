// Stacks: groups of near-identical photos, and the best photo of each. Pure functions.

import { translate, translatePlural } from "../ui/language.js";
import { bitsOf, hashDistance } from "./appearance.js";
import { facesOf, strength } from "./photo.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * @typedef {object} Stack
 * @property {string} id        id of its first photo
 * @property {Photo[]} photos   two or more, in order of time
 * @property {Photo} best
 * @property {string} reason    why it is the best, for the visitor
 */

const SERIES = { distance: 10, time: 30_000 }; // different bits of 64; ms from one shot to the next
const COPIES = { distance: 2 }; // the same photo again, such as a smaller or lighter copy; at any time
const LOOK_BACK = 8; // earlier photos each photo is compared with, so that thousands take little time

/** @typedef {{photo: Photo, bits: [number, number], group: Entry[]}} Entry  `group`: the entries of the same stack, itself included */

/** @param {Photo[]} photos  @returns {Map<string, Stack>} by the id of each photo in a stack */
export function stacksOf(photos) {
  const groups = new Set(grouped(photos).map(({ group }) => group));
  return new Map([...groups].filter(({ length }) => length > 1).flatMap((group) => {
    const members = group.map(({ photo }) => photo).sort(byTime);
    const stack = { id: members[0].id, photos: members, ...bestOf(members) };
    return members.map(({ id }) => [id, stack]);
  }));
}

/** @param {Photo} a  @param {Photo} b */
const byTime = (a, b) => (a.taken ?? Infinity) - (b.taken ?? Infinity) || a.order - b.order;

/** @param {Photo[]} photos  @returns {Entry[]} */
function grouped(photos) {
  /** @type {Entry[]} */
  const entries = photos.filter(({ state, hash }) => state === "read" && hash).sort(byTime).map((photo) => ({ photo, bits: bitsOf(photo.hash ?? ""), group: [] }));
  /** @type {Map<string, Entry[]>} entries with the same quarter of the hash: hashes of which two bits differ share a quarter */
  const quarters = new Map();
  for (const [at, entry] of entries.entries()) {
    entry.group.push(entry);
    joinLast(entries.slice(Math.max(0, at - LOOK_BACK), at), entry, (other) => isSeries(other, entry));
    for (let quarter = 0; quarter < 4; quarter++) {
      const key = quarter + (entry.photo.hash ?? "").slice(4 * quarter, 4 * quarter + 4);
      const same = quarters.get(key) ?? [];
      joinLast(same.slice(-LOOK_BACK), entry, (other) => hashDistance(other.bits, entry.bits) <= COPIES.distance);
      quarters.set(key, same);
      same.push(entry);
    }
  }
  return entries;
}

/** @param {Entry} earlier  @param {Entry} later */
function isSeries({ photo: { taken: first }, bits }, { photo: { taken: second }, bits: others }) {
  return first !== null && second !== null && second - first <= SERIES.time && hashDistance(bits, others) <= SERIES.distance;
}

/** Join the groups of an entry and of the last earlier one that is alike. @param {Entry[]} earlier  @param {Entry} entry  @param {(other: Entry) => boolean} isAlike */
function joinLast(earlier, entry, isAlike) {
  const other = earlier.findLast((one) => one.group !== entry.group && isAlike(one));
  if (!other) return;
  const [large, small] = other.group.length < entry.group.length ? [entry.group, other.group] : [other.group, entry.group];
  for (const one of small) {
    large.push(one);
    one.group = large;
  }
}

/** @param {Photo} photo  @returns {number} 0-10: the votes for happiness of the face that has the fewest */
const smile = (photo) => Math.min(...facesOf(photo).map((face) => strength(face, "happiness")));

/** @type {((photo: Photo) => number)[]} the photo with the larger number is better; a later one decides between equals */
const CRITERIA = [
  (photo) => Number(Boolean(photo.chosen)),
  (photo) => facesOf(photo).length,
  (photo) => -facesOf(photo).filter(({ unsure }) => unsure).length,
  (photo) => (facesOf(photo).length ? smile(photo) : 0),
  (photo) => photo.sharpness ?? 0,
];

/**
 * The best photo: the visitor's choice; else the one with the most faces; of these the one with the fewest unsure faces, then
 * the one whose least happy face has the most votes for happiness, then the sharpest. Nothing tells open eyes from closed ones:
 * the detector gives one point per eye.
 * @param {Photo[]} photos  @returns {{best: Photo, reason: string}}
 */
export function bestOf(photos) {
  const best = photos.reduce((one, other) => (compare(other, one) > 0 ? other : one));
  return { best, reason: reasonOf(best, photos) };
}

/** @param {Photo} one  @param {Photo} other  @param {typeof CRITERIA} [criteria]  @returns {number} positive if `one` is better */
const compare = (one, other, criteria = CRITERIA) => criteria.map((criterion) => criterion(one) - criterion(other)).find((difference) => difference !== 0) ?? 0;

/** @param {Photo} best  @param {Photo[]} photos  @returns {string} */
function reasonOf(best, photos) {
  if (best.chosen) return translate("your choice");
  const { length } = facesOf(best);
  const votes = length ? Math.floor(smile(best)) : 0;
  const smiles = length > 1 ? translate("each with {votes} of 10 votes or more for happiness", { votes }) : translate("{votes} of 10 votes for happiness", { votes });
  const faces = [length > 1 ? translatePlural("{n} face", "{n} faces", length) : "", votes ? smiles : ""].filter(Boolean).join(", ");
  const equals = photos.filter((photo) => compare(photo, best, CRITERIA.slice(0, -1)) === 0);
  return [faces, equals.length > 1 ? translate("the sharpest") : ""].filter(Boolean).join("; ") || translate("the fewest unsure faces");
}

/**
 * Collapse stacks: of each, only the best photo stays, at its own place; the photos of the open stack follow it.
 * @param {Photo[]} photos  in display order  @param {Map<string, Stack>} stacks  of these photos  @param {string} open  id of the open stack, or ""
 * @returns {Photo[]}
 */
export function collapse(photos, stacks, open) {
  return photos.flatMap((photo) => {
    const stack = stacks.get(photo.id);
    if (!stack) return [photo];
    if (stack.best !== photo) return [];
    return stack.id === open ? [photo, ...stack.photos.filter((other) => other !== photo)] : [photo];
  });
}

// Announcements for screen readers: a change of the expressions once, although results arrive many times per second.

import { translate } from "../ui/language.js";
import { sentence } from "../ui/votes.js";

/** @typedef {import("../vision/tracking.js").Track} Track */

const HOLD = 1000; // ms a change must last; shorter ones are flicker
const EVERY = 6000; // ms at least between two announcements

export class Announcer {
  #announced = "";
  #announcedAt = -Infinity;
  #current = "";
  #since = -Infinity;

  /** @param {{textContent: string | null}} element  with aria-live */
  constructor(element) {
    this.element = element;
  }

  /** @param {Track[]} tracks  the present faces  @param {number} time  of the result, ms */
  update(tracks, time) {
    const sorted = [...tracks].sort((a, b) => a.id - b.id);
    const current = sorted.map((track) => `${track.id} ${track.unlike ? "unlike" : track.unsure ? "unsure" : track.expression}`).join(", ") || "none";
    if (current !== this.#current) {
      this.#current = current;
      this.#since = time;
    }
    if (current === this.#announced || time - this.#since < HOLD || time - this.#announcedAt < EVERY) return;
    this.#announced = current;
    this.#announcedAt = time;
    this.element.textContent = sorted.map((track) => translate("Face {face}: {sentence}.", { face: track.id, sentence: sentence(track) })).join(" ") || translate("No face in view.");
  }
}

// Faces from frame to frame: those known are looked for where they were, the whole picture is searched now and then.
// A frame so costs a third of a search, and a new face is seen within SEARCH_EVERY, on a slow device within
// FOLLOWED frames: where a search takes longer than SEARCH_EVERY, every frame would be one. Single pictures do without.
// A camera's very first frame is looked at coarsely alone, so that the first reading comes soon; the second is searched.

import { LIVE } from "./faces.js";

/** @typedef {import("./images.js").Pixels} Pixels */
/** @typedef {import("./faces.js").Face} Face */

const SEARCH_EVERY = 300; // milliseconds
const FOLLOWED = 3; // frames at least between two searches
const MOST = 3; // faces: to look at more, one by one, costs as much as a search

/** A FaceDetector for the frames of one camera. */
export class Follower {
  /** @type {Face[]} */
  #faces = [];
  #shape = "";
  #searched = -Infinity;
  #since = 0; // frames since the search

  /** @param {import("./faces.js").FaceDetector} detector */
  constructor(detector) {
    this.detector = detector;
  }

  /**
   * @param {Pixels} pixels  @param {{threshold?: number, now?: number}} [options]  `now`: milliseconds
   * @returns {Promise<Face[]>} the highest score first
   */
  async detect(pixels, { threshold = 0.5, now = performance.now() } = {}) {
    const shape = `${pixels.width} ${pixels.height}`;
    const known = shape === this.#shape && this.#faces.length > 0 && this.#faces.length <= MOST;
    const due = now - this.#searched >= SEARCH_EVERY && this.#since >= FOLLOWED;
    const followed = known && !due ? await this.detector.follow(pixels, this.#faces, threshold) : null;
    const first = !this.#shape;
    if (followed) this.#since++;
    else [this.#shape, this.#searched, this.#since] = first ? [shape, -Infinity, FOLLOWED] : [shape, now, 0];
    this.#faces = followed ?? (await this.detector.detect(pixels, { threshold, longSides: first ? LIVE.slice(0, 1) : LIVE }));
    return [...this.#faces].sort((one, other) => other.score - one.score);
  }
}

// The faces in view side by side: each cut out of the video, with its votes.

import { make } from "../ui/dom.js";
import { translate } from "../ui/language.js";
import { probabilityBars, sentence, tally, tenMarks } from "../ui/votes.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Box} Box */
/** @typedef {import("../types.js").Frame} Frame */

const SIZE = 224; // pixels of a cut-out
const MARGIN = 0.3; // around the box, as a fraction of its longer side

/**
 * The square around a face. Pure.
 * @param {Box} box  fractions of the frame  @param {{width: number, height: number}} frame  pixels
 * @returns {{x: number, y: number, side: number}} pixels; it may go beyond the frame
 */
export function squareAround(box, { width, height }) {
  const side = (1 + 2 * MARGIN) * Math.max(box.width * width, box.height * height);
  return { x: (box.x + box.width / 2) * width - side / 2, y: (box.y + box.height / 2) * height - side / 2, side };
}

export class FaceTiles {
  /** @type {Map<number, Tile>} */
  #tiles = new Map();
  #none = make("li", "large-none", translate("No face in view"));

  /** @param {HTMLElement} list  an <ol> */
  constructor(list) {
    this.list = list;
  }

  /** @param {Track[]} tracks  the faces in view */
  update(tracks) {
    for (const [id, { element }] of this.#tiles) {
      if (tracks.some((track) => track.id === id)) continue;
      element.remove();
      this.#tiles.delete(id);
    }
    for (const track of tracks) {
      const tile = this.#tiles.get(track.id) ?? new Tile(track);
      if (!this.#tiles.has(track.id)) this.list.append(tile.element);
      this.#tiles.set(track.id, tile);
      tile.update(track);
    }
    if (tracks.length) this.#none.remove();
    else this.list.append(this.#none);
    this.list.dataset.count = String(tracks.length);
  }

  /** A face that is no longer detected keeps its last image. @param {{track: Track, box: Box}[]} boxes  @param {Frame} frame  @param {boolean} mirror */
  draw(boxes, frame, mirror) {
    for (const { track, box } of boxes) if (frame.time <= track.seen) this.#tiles.get(track.id)?.draw(box, frame, mirror);
  }
}

class Tile {
  element = make("li", "face-tile");
  #canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  #sentence = make("p", "face-sentence");
  #marks = make("div", "face-marks");
  #drawn = "";

  /** @param {Track} track */
  constructor(track) {
    const number = make("span", "face-number", String(track.id));
    number.dataset.color = String(track.color);
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", translate("Face {face}", { face: track.id }));
    this.element.append(this.#canvas, number, this.#sentence, this.#marks);
    this.element.dataset.tile = String(track.id);
  }

  /** @param {Track} track */
  update(track) {
    const text = sentence(track);
    const state = text + (track.votes ? tally(track.votes) : JSON.stringify(track.probabilities));
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.#sentence.textContent = text;
    this.#marks.replaceChildren(track.votes ? tenMarks(track.votes) : probabilityBars(track.probabilities));
  }

  /** @param {Box} box  @param {Frame} frame  @param {boolean} mirror */
  draw(box, frame, mirror) {
    const context = this.#canvas.getContext("2d");
    if (!context) return;
    const { x, y, side } = squareAround(box, frame);
    context.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? SIZE : 0, 0);
    context.fillStyle = "#12110f";
    context.fillRect(0, 0, SIZE, SIZE);
    context.drawImage(frame.canvas, x, y, side, side, 0, 0, SIZE, SIZE);
  }
}

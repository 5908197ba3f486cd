// The panel beside the video: a card per face, the measurements, and announcements for screen readers.

import { formatNumber } from "../ui/language.js";
import { FaceCard } from "../ui/votes.js";
import { Announcer } from "./announcer.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Box} Box */

const CARDS_EVERY = 120; // ms; faster updates are unreadable
const REMOVE_AFTER = 1500; // ms a card stays after its face has disappeared

/** @param {number[]} values  @returns {number} */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

export class Panel {
  /** @type {Map<number, FaceCard>} */
  #cards = new Map();
  #updated = -Infinity;
  /** @type {{time: number, total: number, server: number | null}[]} */
  #timings = [];

  /** @param {{list: HTMLElement, noFaces: HTMLElement, figures: HTMLElement, announcements: HTMLElement}} elements */
  constructor(elements) {
    this.elements = elements;
    this.announcer = new Announcer(elements.announcements);
  }

  /**
   * @param {Track[]} tracks  all current tracks  @param {number} time  of the result
   * @returns {Track[] | null} the faces in view; null if it is too early for an update
   */
  update(tracks, time) {
    if (time - this.#updated < CARDS_EVERY) return null;
    this.#updated = time;
    const present = tracks.filter((track) => time - track.seen <= REMOVE_AFTER);
    for (const [id, card] of this.#cards) {
      if (present.some((track) => track.id === id)) continue;
      card.element.remove();
      this.#cards.delete(id);
    }
    for (const track of present) {
      const card = this.#cards.get(track.id) ?? this.#add(track);
      card.update(track);
      if (track.seen === time) card.timeline.add(time, track);
    }
    this.elements.noFaces.hidden = present.length > 0;
    this.announcer.update(present, time);
    return present;
  }

  /** @param {Track} track */
  #add(track) {
    const card = new FaceCard(track);
    this.#cards.set(track.id, card);
    this.elements.list.append(card.element);
    return card;
  }

  /** Writes the box of each face in the displayed frame to its card, for tests and extensions. @param {{track: Track, box: Box}[]} boxes */
  markBoxes(boxes) {
    for (const [id, card] of this.#cards) {
      const box = boxes.find(({ track }) => track.id === id)?.box;
      if (box) card.element.dataset.box = [box.x, box.y, box.width, box.height].map((value) => value.toFixed(4)).join(",");
      else delete card.element.dataset.box;
    }
  }

  clear() {
    for (const card of this.#cards.values()) card.element.remove();
    this.#cards.clear();
    this.elements.noFaces.hidden = true;
    this.#timings = [];
  }

  /** @param {import("../types.js").Timing} timing  @param {number} time  @param {number} delay  display delay, ms */
  showTiming(timing, time, delay) {
    this.#timings = [...this.#timings.filter((one) => time - one.time < 2000), { ...timing, time }];
    const span = time - this.#timings[0].time;
    const servers = this.#timings.flatMap((one) => (one.server === null ? [] : [one.server]));
    this.#showFigure("rate", span > 0 ? ((this.#timings.length - 1) * 1000) / span : NaN);
    this.#showFigure("round-trip", median(this.#timings.map((one) => one.total)));
    this.#showFigure("server", median(servers));
    this.#showFigure("delay", delay);
  }

  /** @param {string} name  @param {number} value */
  #showFigure(name, value) {
    const element = this.elements.figures.querySelector(`[data-figure="${name}"]`);
    const text = Number.isFinite(value) ? formatNumber(value, value < 9.95 ? 1 : 0) : "–";
    if (element && element.textContent !== text) element.textContent = text;
  }
}

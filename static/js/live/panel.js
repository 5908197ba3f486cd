// Beside the picture: a card a face, the figures, and what a screen reader is told.

import { FaceCard, sentence } from "../ui/votes.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("../types.js").Box} Box */

const CARDS_EVERY = 120; // milliseconds; faster is not readable
const SPEAK_EVERY = 6000; // milliseconds at least between two spoken lines
const LEAVE = 1500; // milliseconds a card stays after its face has gone

/** @param {number[]} values  @returns {number} */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;

export class Panel {
  /** @type {Map<number, FaceCard>} */
  #cards = new Map();
  #updated = -Infinity;
  #spoken = { words: "", time: -Infinity };
  /** @type {{time: number, total: number, server: number | null}[]} */
  #timings = [];

  /** @param {{list: HTMLElement, nobody: HTMLElement, figures: HTMLElement, spoken: HTMLElement}} places */
  constructor(places) {
    this.places = places;
  }

  /** @param {Track[]} tracks  all that are followed  @param {number} time  of the reading */
  update(tracks, time) {
    if (time - this.#updated < CARDS_EVERY) return;
    this.#updated = time;
    const present = tracks.filter((track) => time - track.seen <= LEAVE);
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
    this.places.nobody.hidden = present.length > 0;
    this.#speak(present, time);
  }

  /** @param {Track} track */
  #add(track) {
    const card = new FaceCard(track);
    this.#cards.set(track.id, card);
    this.places.list.append(card.element);
    return card;
  }

  /** Where each box stands in the shown frame, for tests and extensions. @param {{track: Track, box: Box}[]} boxes */
  mark(boxes) {
    for (const [id, card] of this.#cards) {
      const box = boxes.find(({ track }) => track.id === id)?.box;
      if (box) card.element.dataset.box = [box.x, box.y, box.width, box.height].map((value) => value.toFixed(4)).join(",");
      else delete card.element.dataset.box;
    }
  }

  clear() {
    for (const card of this.#cards.values()) card.element.remove();
    this.#cards.clear();
    this.places.nobody.hidden = true;
    this.#timings = [];
  }

  /** A calm voice: only what changed, and not often. @param {Track[]} tracks  @param {number} time */
  #speak(tracks, time) {
    const gist = tracks.map((track) => `Face ${track.id}: ${track.unsure ? "unsure" : track.expression}.`).join(" ") || "No face.";
    if (gist === this.#spoken.words || time - this.#spoken.time < SPEAK_EVERY) return;
    this.#spoken = { words: gist, time };
    this.places.spoken.textContent = tracks.map((track) => `Face ${track.id}: ${sentence(track)}.`).join(" ") || "No face in the picture.";
  }

  /** @param {import("../types.js").Timing} timing  @param {number} time  @param {number} delay  milliseconds the picture is late */
  time(timing, time, delay) {
    this.#timings = [...this.#timings.filter((one) => time - one.time < 2000), { ...timing, time }];
    const span = time - this.#timings[0].time;
    const servers = this.#timings.flatMap((one) => (one.server === null ? [] : [one.server]));
    this.#figure("rate", span > 0 ? ((this.#timings.length - 1) * 1000) / span : NaN);
    this.#figure("round-trip", median(this.#timings.map((one) => one.total)));
    this.#figure("server", median(servers));
    this.#figure("delay", delay);
  }

  /** @param {string} name  @param {number} value */
  #figure(name, value) {
    const place = this.places.figures.querySelector(`[data-figure="${name}"]`);
    const words = Number.isFinite(value) ? value.toFixed(value < 9.95 ? 1 : 0) : "–";
    if (place && place.textContent !== words) place.textContent = words;
  }
}

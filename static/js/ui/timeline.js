// The votes for one face over the last minute as stacked bands, newest at the right. Pointing at it shows one moment.

import { STYLES, currentColors, drawIcon, styleOf } from "./expression-styles.js";
import { translate } from "./language.js";

export const SPAN = 60_000; // ms shown
const STEP = 250; // ms between samples
const GAP = 1000; // ms without a sample before a gap is drawn

/** @typedef {{time: number, counts: Record<string, number>}} Sample  counts: votes, or ten times the probabilities */

/**
 * Runs of samples with the same largest count; each gets one icon. Pure.
 * @param {Sample[]} samples
 * @returns {{label: string, from: number, to: number}[]} times of the first and the last sample
 */
export function runs(samples) {
  /** @type {{label: string, from: number, to: number}[]} */
  const found = [];
  for (const { time, counts } of samples) {
    const [[label]] = Object.entries(counts).sort((a, b) => b[1] - a[1]);
    const last = found.at(-1);
    if (last?.label === label && time - last.to <= GAP) last.to = time;
    else found.push({ label, from: time, to: time });
  }
  return found;
}

/** The samples of the last minute, at most one per STEP. Pure. */
export class History {
  /** @type {Sample[]} */
  samples = [];

  /** @param {number} time  @param {Record<string, number>} counts  @returns {boolean} whether the sample was added */
  add(time, counts) {
    if (time - (this.samples.at(-1)?.time ?? -Infinity) < STEP) return false;
    this.samples = [...this.samples.filter((sample) => time - sample.time <= SPAN), { time, counts }];
    return true;
  }

  /** @param {number} time  @returns {Sample | undefined} the sample valid at a time */
  at(time) {
    const sample = this.samples.findLast((one) => one.time <= time);
    return sample && time - sample.time <= GAP ? sample : undefined;
  }
}

export class Timeline {
  element = document.createElement("figure");
  #canvas = document.createElement("canvas");
  #caption = document.createElement("figcaption");
  #history = new History();
  /** @type {number | null} pointer position as a fraction of the width */
  #pointed = null;
  #now = 0;

  /** @param {number} face  number of the face */
  constructor(face) {
    this.element.className = "timeline";
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", translate("Votes for face {face} over the last minute", { face }));
    this.element.append(this.#canvas, this.#caption);
    this.#canvas.addEventListener("pointermove", (event) => {
      this.#pointed = event.offsetX / this.#canvas.clientWidth;
      this.#describe();
    });
    this.#canvas.addEventListener("pointerleave", () => {
      this.#pointed = null;
      this.#describe();
    });
    this.#describe();
  }

  /** @param {number} time  @param {import("../vision/tracking.js").Track} track */
  add(time, track) {
    const counts = track.votes ?? Object.fromEntries(Object.entries(track.probabilities).map(([label, p]) => [label, 10 * p]));
    this.#now = time;
    if (this.#history.add(time, counts)) this.draw();
  }

  #describe() {
    if (this.#pointed === null) {
      this.#caption.textContent = translate("last minute");
      return;
    }
    const sample = this.#history.at(this.#now - SPAN * (1 - this.#pointed));
    const ago = Math.round((SPAN / 1000) * (1 - this.#pointed));
    const parts = Object.entries(sample?.counts ?? {}).filter(([, count]) => count >= 0.5).sort((a, b) => b[1] - a[1]);
    const votes = parts.map(([label, count]) => `${styleOf(label).name} ${Math.round(count)}`).join(" · ") || translate("not in view");
    this.#caption.textContent = translate("{seconds} s ago: {votes}", { seconds: ago, votes });
  }

  draw() {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * ratio);
    const height = Math.round(this.#canvas.clientHeight * ratio);
    const context = this.#canvas.getContext("2d");
    if (!context || !width) return;
    Object.assign(this.#canvas, { width, height });
    const colors = currentColors();
    const samples = this.#history.samples;
    const toX = (/** @type {number} */ time) => Math.round(width * (1 - (this.#now - time) / SPAN));
    samples.forEach((sample, i) => {
      const end = Math.min(samples[i + 1]?.time ?? this.#now, sample.time + GAP);
      const left = toX(sample.time);
      const right = toX(end);
      let top = height;
      for (const label of Object.keys(STYLES)) {
        const bandHeight = ((sample.counts[label] ?? 0) / 10) * height;
        if (!bandHeight) continue;
        top -= bandHeight;
        context.fillStyle = colors[label];
        context.fillRect(left, top, right - left, bandHeight);
      }
    });
    const size = Math.min(height * 0.8, 20 * ratio);
    for (const { label, from, to } of runs(samples)) {
      const space = toX(to) - toX(from);
      if (space > 1.6 * size) drawIcon(context, label, toX(from) + (space - size) / 2, (height - size) / 2, size);
    }
  }
}

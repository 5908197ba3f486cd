// The timeline of one face through a film: bands of ten; point, drag or use the arrow keys to go to a moment.

import { LOOKS, currentColours, lookOf } from "../ui/expression-styles.js";
import { make } from "../ui/dom.js";
import { sampleAt } from "./video-record.js";

/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */
/** @typedef {import("./video-record.js").Sample} Sample */

export class Strip {
  element = make("div", "film-strip");
  #canvas = document.createElement("canvas");
  #head = make("span", "film-head");
  #words = make("span", "film-strip-words small");

  /** @param {number} face  @param {(time: number) => void} onSeek  @param {number} duration */
  constructor(face, onSeek, duration) {
    const name = make("span", "film-strip-name small", `Face ${face}`);
    const track = make("div", "film-track", this.#canvas);
    track.append(this.#head);
    Object.assign(track, { tabIndex: 0 });
    for (const [key, value] of Object.entries({ role: "slider", "aria-label": `Time in the film; votes of face ${face}`, "aria-valuemin": "0", "aria-valuemax": duration.toFixed(1) })) track.setAttribute(key, value);
    this.track = track;
    this.element.append(name, track, this.#words);
    const seek = (/** @type {PointerEvent} */ event) => onSeek(duration * Math.min(1, Math.max(0, (event.clientX - track.getBoundingClientRect().left) / track.clientWidth)));
    track.addEventListener("pointerdown", (event) => (track.setPointerCapture(event.pointerId), seek(event)));
    track.addEventListener("pointermove", (event) => event.buttons && seek(event));
    track.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
      if (!by) return;
      event.preventDefault();
      onSeek(Math.min(duration, Math.max(0, Number(track.getAttribute("aria-valuenow")) + by)));
    });
  }

  /** One column a pixel: the sample in force there. @param {FilmRecord} record  @param {Sample[]} samples */
  draw(record, samples) {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * ratio);
    const height = Math.round(this.#canvas.clientHeight * ratio);
    const context = this.#canvas.getContext("2d");
    if (!width || !context) return;
    Object.assign(this.#canvas, { width, height });
    const colours = currentColours();
    const order = Object.keys(LOOKS).map((label) => record.labels.indexOf(label)).filter((column) => column >= 0);
    for (let x = 0; x < width; x++) {
      const sample = sampleAt(samples, (record.duration * (x + 0.5)) / width, record.step);
      let top = height;
      for (const column of sample ? order : []) {
        const tall = ((sample?.shares[column] ?? 0) / 10) * height;
        if (!tall) continue;
        top -= tall;
        context.fillStyle = colours[record.labels[column]];
        context.fillRect(x, top, 1, tall);
      }
    }
  }

  /** @param {FilmRecord} record  @param {Sample[]} samples  @param {number} time */
  point(record, samples, time) {
    this.#head.style.left = `${(100 * time) / record.duration}%`;
    const sample = sampleAt(samples, time, record.step);
    const parts = (sample?.shares ?? []).map((share, i) => ({ share, name: lookOf(record.labels[i]).name })).filter(({ share }) => share >= 0.5);
    this.#words.textContent = sample ? parts.sort((a, b) => b.share - a.share).map(({ share, name }) => `${name} ${Math.round(share)}`).join(" · ") : "not in the picture";
    this.track.setAttribute("aria-valuenow", time.toFixed(1));
    this.track.setAttribute("aria-valuetext", `${time.toFixed(1)} seconds: ${this.#words.textContent}`);
  }
}

// One film on the page: its picture with boxes, a timeline a face, its moments, and what can be saved of it.

import { lookOf } from "../ui/expression-styles.js";
import { download } from "../live/session.js";
import { button, make } from "../ui/dom.js";
import { faces, largest, sampleAt } from "./video-record.js";
import { clock, csv, json, vtt } from "./video-rows.js";
import { Strip } from "./video-timeline.js";
import { describe, moments } from "./moments.js";

/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */

const SHOWN = 200; // moments listed
const STRIPS = 24; // faces with a timeline: those seen longest

export class FilmView {
  element = make("article", "film panel");
  #title = make("h2", "film-title");
  #progress = document.createElement("progress");
  #words = make("span", "small quiet");
  #cancel;
  #resume = button("Go on", () => this.#onResume());
  #onResume = () => {};
  #stage = make("div", "film-stage");
  #video = document.createElement("video");
  #boxes = make("div", "film-boxes");
  #strips = make("div", "film-strips");
  #moments = make("ol", "film-moments");
  #saves = make("div", "film-saves");
  /** @type {Map<number, Strip>} */
  #drawn = new Map();
  /** @type {FilmRecord | null} */
  #record = null;
  /** @type {ReturnType<typeof faces>} */
  #faces = new Map();
  #url = "";

  /** @param {string} name  @param {{onCancel: () => void, onRemove: () => void}} means */
  constructor(name, { onCancel, onRemove }) {
    this.#title.textContent = name;
    this.#cancel = button("Cancel", onCancel);
    Object.assign(this.#video, { controls: true, muted: true, playsInline: true });
    this.#progress.setAttribute("aria-label", `Reading ${name}`);
    const line = make("div", "progress-line", this.#progress);
    line.append(this.#words, this.#cancel, this.#resume);
    this.#stage.append(this.#video, this.#boxes);
    this.#saves.append(button("CSV", () => this.#save("csv")), button("JSON", () => this.#save("json")), button("WebVTT", () => this.#save("vtt")), button("Remove", () => (this.close(), onRemove())));
    const beside = make("div", "film-beside", make("h3", "", "Moments"));
    beside.append(this.#moments);
    const body = make("div", "film-body", this.#stage);
    body.append(beside);
    this.element.append(this.#title, line, body, this.#strips, this.#saves);
    const follow = () => {
      this.#point();
      if (!this.#video.paused) requestAnimationFrame(follow);
    };
    for (const event of ["play", "seeked", "timeupdate"]) this.#video.addEventListener(event, follow);
    new ResizeObserver(() => this.#draw()).observe(this.#strips);
  }

  /** @param {Blob} blob  its file, when it is at hand  @param {() => void} onResume  read on where it was broken off */
  play(blob, onResume) {
    this.#onResume = onResume;
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(blob);
    this.#video.src = this.#url;
  }

  /** @param {FilmRecord} record  as far as it is read  @param {"reading" | "done" | "stopped"} state  @param {string} [problem] */
  show(record, state, problem = "") {
    this.#record = record;
    this.#faces = faces(record);
    this.#progress.value = record.duration ? record.read / record.duration : 0;
    this.#progress.hidden = this.#cancel.hidden = state !== "reading";
    const people = `${this.#faces.size} ${this.#faces.size === 1 ? "face" : "faces"}`;
    const part = state === "done" ? clock(record.duration).slice(0, 8) : `${clock(record.read).slice(0, 8)} of ${clock(record.duration).slice(0, 8)}`;
    const stopped = state === "stopped";
    this.#resume.hidden = !stopped || !this.#url;
    const rest = stopped && !this.#url ? ". Drop the file again to read on from there" : "";
    this.#words.textContent = problem || `${part}, ${people}, a reading each ${record.step} s${record.model ? `, ${record.model}` : ""}${rest}`;
    this.element.dataset.state = state;
    this.#stage.hidden = !this.#url;
    this.#draw();
    this.#list(moments(record, this.#faces));
    this.#point();
  }

  #draw() {
    const record = this.#record;
    if (!record) return;
    const longest = new Map([...this.#faces].sort(([, a], [, b]) => b.length - a.length).slice(0, STRIPS));
    for (const [face, strip] of this.#drawn) if (!longest.has(face)) (strip.element.remove(), this.#drawn.delete(face));
    for (const [face, samples] of longest) {
      if (!this.#drawn.has(face)) {
        const strip = new Strip(face, (time) => this.#seek(time), record.duration);
        strip.element.style.order = String(face);
        this.#drawn.set(face, strip);
        this.#strips.append(strip.element);
      }
      this.#drawn.get(face)?.draw(record, samples);
    }
  }

  /** @param {import("./moments.js").Moment[]} found */
  #list(found) {
    this.#moments.replaceChildren(...found.slice(0, SHOWN).map((moment) => {
      const item = make("li", "");
      item.append(button(`${clock(moment.time).slice(3, 10)}  ${describe(moment)}`, () => this.#seek(moment.time), "plain"));
      return item;
    }));
    if (found.length > SHOWN) this.#moments.append(make("li", "quiet small", `and ${found.length - SHOWN} more, all in the JSON`));
  }

  /** @param {number} time */
  #seek(time) {
    if (this.#url) this.#video.currentTime = time;
    this.#point(time);
  }

  /** @param {number} [time]  seconds */
  #point(time = this.#video.currentTime) {
    const record = this.#record;
    if (!record) return;
    /** @type {HTMLElement[]} */
    const boxes = [];
    for (const [face, samples] of this.#faces) {
      this.#drawn.get(face)?.point(record, samples, time);
      const sample = sampleAt(samples, time, record.step);
      if (!sample || time - sample.time > 2 * record.step) continue;
      const top = largest(sample.shares);
      const words = sample.unsure ? "unsure" : record.votes ? `${Math.round(sample.shares[top])} of 10 ${lookOf(record.labels[top]).name}` : lookOf(record.labels[top]).name;
      const box = make("div", "face-box");
      const label = make("span", "face-label", make("b", "", String(face)));
      label.append(make("span", "", words));
      box.append(label);
      box.dataset.colour = String((face - 1) % 6);
      const { x, y, width, height } = sample.box;
      box.dataset.right = String(x + width / 2 > 0.6);
      Object.assign(box.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * width}%`, height: `${100 * height}%` });
      boxes.push(box);
    }
    this.#boxes.dataset.several = String(boxes.length > 1);
    this.#boxes.replaceChildren(...boxes);
  }

  /** @param {"csv" | "json" | "vtt"} kind */
  #save(kind) {
    const record = this.#record;
    if (!record) return;
    const text = kind === "csv" ? csv(record, this.#faces) : kind === "vtt" ? vtt(record, this.#faces) : json(record, this.#faces, moments(record, this.#faces));
    const type = { csv: "text/csv", json: "application/json", vtt: "text/vtt" }[kind];
    download(new Blob([text], { type }), `${record.name.replace(/\.[^.]+$/, "")}.${kind}`);
  }

  close() {
    this.#video.removeAttribute("src");
    URL.revokeObjectURL(this.#url);
    this.element.remove();
  }
}

// One video on the page: player with boxes, a timeline per face, moments and downloads.

import { STYLES, currentColors, styleOf } from "../ui/expression-styles.js";
import { button, make } from "../ui/dom.js";
import { download } from "../ui/downloads.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";
import { shortLabel } from "../ui/votes.js";
import { describe, moments } from "./video-moments.js";
import { clock, csv, faces, json, sampleAt, shownOf, vtt } from "./video-record.js";

/** @typedef {import("./video-record.js").VideoRecord} VideoRecord */

const MAX_MOMENTS = 200; // listed
const MAX_TIMELINES = 24; // for the faces that are visible longest

export class VideoView {
  element = make("article", "video-card panel");
  #title = make("h2", "video-title");
  #progress = document.createElement("progress");
  #status = make("span", "small quiet");
  #cancel;
  #resume = button(translate("Resume"), () => this.#onResume());
  #onResume = () => {};
  #stage = make("div", "video-stage");
  #video = document.createElement("video");
  #boxes = make("div", "video-boxes");
  #timelineList = make("div", "video-timelines");
  #moments = make("ol", "video-moments");
  #downloads = make("div", "video-downloads");
  /** @type {Map<number, Timeline>} */
  #timelines = new Map();
  /** @type {VideoRecord | null} */
  #record = null;
  /** @type {ReturnType<typeof faces>} */
  #faces = new Map();
  #url = "";

  /** @param {string} name  @param {{onCancel: () => void, onRemove: () => void}} events */
  constructor(name, { onCancel, onRemove }) {
    this.#title.textContent = name;
    this.#cancel = button(translate("Cancel"), onCancel);
    Object.assign(this.#video, { controls: true, muted: true, playsInline: true });
    this.#progress.setAttribute("aria-label", translate("Reading {file}", { file: name }));
    const line = make("div", "progress-line", this.#progress);
    line.append(this.#status, this.#cancel, this.#resume);
    this.#stage.append(this.#video, this.#boxes);
    this.#downloads.append(button("CSV", () => this.#save("csv")), button("JSON", () => this.#save("json")), button("WebVTT", () => this.#save("vtt")), button(translate("Remove"), onRemove));
    const side = make("div", "video-side", make("h3", "", translate("Moments")));
    side.append(this.#moments);
    const body = make("div", "video-body", this.#stage);
    body.append(side);
    this.element.append(this.#title, line, body, this.#timelineList, this.#downloads);
    const follow = () => {
      this.#point();
      if (!this.#video.paused) requestAnimationFrame(follow);
    };
    for (const event of ["play", "seeked", "timeupdate"]) this.#video.addEventListener(event, follow);
    new ResizeObserver(() => this.#draw()).observe(this.#timelineList);
  }

  /** @param {Blob} blob  the file  @param {() => void} onResume  continues an interrupted run */
  play(blob, onResume) {
    this.#onResume = onResume;
    URL.revokeObjectURL(this.#url);
    this.#url = URL.createObjectURL(blob);
    this.#video.src = this.#url;
  }

  /** @param {VideoRecord} record  read so far  @param {"reading" | "done" | "stopped"} state  @param {string} [problem] */
  show(record, state, problem = "") {
    this.#record = record;
    this.#faces = faces(record);
    this.#progress.value = record.duration ? record.read / record.duration : 0;
    this.#progress.hidden = this.#cancel.hidden = state !== "reading";
    const stopped = state === "stopped";
    this.#resume.hidden = !stopped || !this.#url;
    this.#status.textContent = problem || statusOf(record, this.#faces.size, state === "done", stopped && !this.#url);
    this.element.dataset.state = state;
    this.#stage.hidden = !this.#url;
    this.#draw();
    this.#list(moments(record, this.#faces));
    this.#point();
  }

  #draw() {
    const record = this.#record;
    if (!record) return;
    const longest = new Map([...this.#faces].sort(([, a], [, b]) => b.length - a.length).slice(0, MAX_TIMELINES));
    for (const [face, timeline] of this.#timelines) if (!longest.has(face)) (timeline.element.remove(), this.#timelines.delete(face));
    for (const [face, samples] of longest) {
      if (!this.#timelines.has(face)) {
        const timeline = new Timeline(face, (time) => this.#seek(time), record.duration);
        timeline.element.style.order = String(face);
        this.#timelines.set(face, timeline);
        this.#timelineList.append(timeline.element);
      }
      this.#timelines.get(face)?.draw(record, samples);
    }
  }

  /** @param {import("./video-moments.js").Moment[]} found */
  #list(found) {
    this.#moments.replaceChildren(...found.slice(0, MAX_MOMENTS).map((moment) => {
      const item = make("li", "");
      item.append(button(`${clock(moment.time).slice(3, 10)}  ${describe(moment)}`, () => this.#seek(moment.time), "plain"));
      return item;
    }));
    if (found.length > MAX_MOMENTS) this.#moments.append(make("li", "quiet small", translatePlural("and {n} more, all in the JSON", "and {n} more, all in the JSON", found.length - MAX_MOMENTS)));
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
      this.#timelines.get(face)?.point(record, samples, time);
      const sample = sampleAt(samples, time, record.step);
      if (!sample || time - sample.time > 2 * record.step) continue;
      const text = shortLabel({ ...shownOf(record, sample.strengths), unsure: sample.unsure, unlike: sample.unlike });
      const box = make("div", "face-box");
      const label = make("span", "face-label", make("b", "", String(face)));
      label.append(make("span", "", text));
      box.append(label);
      box.dataset.color = String((face - 1) % 6);
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

/** @param {VideoRecord} record  @param {number} faceCount  @param {boolean} done  @param {boolean} lost  stopped, and its file is no longer here */
function statusOf(record, faceCount, done, lost) {
  const [read, duration] = [record.read, record.duration].map((time) => clock(time).slice(0, 8));
  const facts = [
    done ? duration : translate("{time} of {duration}", { time: read, duration }),
    translatePlural("{n} face", "{n} faces", faceCount),
    translate("a frame every {seconds} s", { seconds: formatNumber(record.step) }),
    record.model,
  ].filter(Boolean).join(", ");
  return lost ? `${facts}. ${translate("Add the file again to continue from there")}` : facts;
}

/** @typedef {import("./video-record.js").Sample} Sample */

/** The timeline of one face: stacked bands of ten votes. Clicking, dragging or arrow keys move to a time. */
class Timeline {
  element = make("div", "video-timeline");
  #canvas = document.createElement("canvas");
  #playhead = make("span", "playhead");
  #text = make("span", "video-timeline-text small");

  /** @param {number} face  @param {(time: number) => void} onSeek  @param {number} duration */
  constructor(face, onSeek, duration) {
    const name = make("span", "video-timeline-name small", translate("Face {face}", { face }));
    const track = make("div", "video-track", this.#canvas);
    track.append(this.#playhead);
    Object.assign(track, { tabIndex: 0 });
    for (const [key, value] of Object.entries({ role: "slider", "aria-label": translate("Time in the video; votes for face {face}", { face }), "aria-valuemin": "0", "aria-valuemax": duration.toFixed(1) })) track.setAttribute(key, value);
    this.track = track;
    this.element.append(name, track, this.#text);
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

  /** One column per pixel: the sample valid at that time. @param {VideoRecord} record  @param {Sample[]} samples */
  draw(record, samples) {
    const ratio = devicePixelRatio || 1;
    const width = Math.round(this.#canvas.clientWidth * ratio);
    const height = Math.round(this.#canvas.clientHeight * ratio);
    const context = this.#canvas.getContext("2d");
    if (!width || !context) return;
    Object.assign(this.#canvas, { width, height });
    const colors = currentColors();
    const order = Object.keys(STYLES).map((label) => record.labels.indexOf(label)).filter((column) => column >= 0);
    for (let x = 0; x < width; x++) {
      const sample = sampleAt(samples, (record.duration * (x + 0.5)) / width, record.step);
      let top = height;
      for (const column of sample ? order : []) {
        const bandHeight = ((sample?.strengths[column] ?? 0) / 10) * height;
        if (!bandHeight) continue;
        top -= bandHeight;
        context.fillStyle = colors[record.labels[column]];
        context.fillRect(x, top, 1, bandHeight);
      }
    }
  }

  /** @param {VideoRecord} record  @param {Sample[]} samples  @param {number} time */
  point(record, samples, time) {
    this.#playhead.style.left = `${(100 * time) / record.duration}%`;
    const sample = sampleAt(samples, time, record.step);
    const parts = (sample?.strengths ?? []).map((strength, i) => ({ strength, name: styleOf(record.labels[i]).name })).filter(({ strength }) => strength >= 0.5);
    this.#text.textContent = sample ? parts.sort((a, b) => b.strength - a.strength).map(({ strength, name }) => `${name} ${Math.round(strength)}`).join(" · ") : translate("not in view");
    this.track.setAttribute("aria-valuenow", time.toFixed(1));
    this.track.setAttribute("aria-valuetext", translate("{seconds} seconds: {votes}", { seconds: formatNumber(time, 1), votes: this.#text.textContent ?? "" }));
  }
}

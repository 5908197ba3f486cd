// The timeline of the session under the video: the curves of each face, the votes at a moment, marks, and files.

import { button, buttonOf, get, make, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { colorVariable, styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";
import { tally } from "../ui/votes.js";
import { LANES, chartHeight, clock, currentTheme, drawChart, scaleOf } from "./session-chart.js";
import { csv, json, labelsOf, png } from "./session-files.js";
import { MAX_MARKS, SessionHistory } from "./session-history.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {import("./session-files.js").About} About */

const KEY_STEPS = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowRight: 1, ArrowDown: -1, ArrowUp: 1, PageUp: -10, PageDown: 10 }); // s
const MIN_SPAN = 10; // s shown at the beginning of a session

export class SessionTimeline {
  history = new SessionHistory();
  /** @type {About} */
  #about = { started: null, source: "" };
  #duration = 0; // of a video file, s; 0 for a live source
  #position = 0; // in the video file, s
  /** @type {number | null} where the pointer is, s */
  #pointed = null;
  /** @type {number | null} the moment the visitor chose, s */
  #selected = null;
  #drawing = false;
  #labels = "";
  #canvas = document.createElement("canvas");
  #chart = partOf("timeline-chart");
  #span = get("timeline-span", HTMLSelectElement);

  /** @param {(time: number) => void} onSeek  the visitor chose a moment of a video file, s */
  constructor(onSeek) {
    this.onSeek = onSeek;
    this.#chart.append(this.#canvas);
    this.#bindPointer();
    this.#chart.addEventListener("keydown", (event) => this.#onKey(event));
    this.#span.addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe(this.#chart);
    new MutationObserver(() => this.#draw()).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    buttonOf("timeline-now").addEventListener("click", () => this.#select(null));
    buttonOf("mark").addEventListener("click", () => this.mark());
    buttonOf("timeline-clear").addEventListener("click", () => this.begin(this.#about.source, this.#duration));
    buttonOf("timeline-csv").addEventListener("click", () => download(new Blob([csv(this.history, this.#about)], { type: "text/csv" }), fileName("timeline", "csv")));
    buttonOf("timeline-json").addEventListener("click", () => download(new Blob([json(this.history, this.#about)], { type: "application/json" }), fileName("timeline", "json")));
    buttonOf("timeline-png").addEventListener("click", async () => {
      const image = await png(this.history, this.#shown(), this.#about);
      if (image) download(image, fileName("timeline", "png"));
    });
  }

  /** Begin a session; the previous one is discarded. @param {string} source  for the files  @param {number} duration  of a video file, s; 0 otherwise */
  begin(source, duration) {
    this.history = new SessionHistory();
    this.#about = { started: duration ? null : Date.now(), source };
    this.#duration = duration;
    this.#position = 0;
    this.#selected = this.#pointed = null;
    this.#start = performance.now();
    this.#listMarks();
    this.#draw();
  }

  #start = 0; // of the session, ms, page clock

  /** The source of the present session. */
  get source() {
    return this.#about.source;
  }

  /** @param {import("../types.js").Frame} frame  @returns {number} its time in the session, s */
  timeOf(frame) {
    return this.#duration ? frame.position ?? 0 : Math.max(0, (frame.time - this.#start) / 1000);
  }

  /** @param {import("../types.js").Frame} frame  @param {Track[]} tracks  the faces in it  @param {string} model  name and version */
  add(frame, tracks, model) {
    this.history.add(this.timeOf(frame), tracks, model);
    partOf("timeline").hidden = false;
    this.#draw();
  }

  /** The video file is at this moment. @param {number} time  s */
  moveTo(time) {
    this.#position = time;
    this.#draw();
  }

  /** Mark the chosen moment, or the present. */
  mark() {
    if (!this.history.faces.size && !this.history.end) return;
    const time = this.#selected ?? (this.#duration ? this.#position : this.history.end);
    const mark = this.history.mark(time);
    partOf("timeline-status").textContent = mark ? translate("Marked {time}", { time: clock(time) }) : translate("There are {n} marks, the most that are kept. Remove some.", { n: MAX_MARKS });
    this.#listMarks();
    this.#draw();
  }

  /** @returns {{from: number, to: number}} the part shown, s */
  #shown() {
    const end = this.#duration || Math.max(MIN_SPAN, this.history.end);
    const length = Number(this.#span.value);
    if (!length || length >= end) return { from: 0, to: end };
    const center = this.#duration ? Math.min(end, this.#position + length / 2) : end;
    const to = Math.max(length, center);
    return { from: to - length, to };
  }

  /** @returns {number | null} the moment whose votes are shown, s; null: the present */
  get #moment() {
    return this.#pointed ?? this.#selected ?? (this.#duration ? this.#position : null);
  }

  #bindPointer() {
    const timeAt = (/** @type {PointerEvent} */ event) => scaleOf(this.#shown(), this.#chart.clientWidth).time(event.clientX - this.#chart.getBoundingClientRect().x);
    this.#chart.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.#chart.setPointerCapture(event.pointerId);
      this.#select(timeAt(event));
    });
    this.#chart.addEventListener("pointermove", (event) => {
      if (this.#chart.hasPointerCapture(event.pointerId)) this.#select(timeAt(event));
      else if (event.pointerType === "mouse") this.#point(timeAt(event));
    });
    this.#chart.addEventListener("pointerleave", () => this.#point(null));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const end = this.#duration || this.history.end;
    const from = this.#selected ?? (this.#duration ? this.#position : end);
    const target = event.key === "Home" ? 0 : event.key === "End" ? end : event.key in KEY_STEPS ? from + KEY_STEPS[event.key] : null;
    if (event.key === "Escape" && this.#selected !== null) this.#select(null);
    if (target === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#select(Math.min(end, Math.max(0, target)));
  }

  /** @param {number | null} time  s */
  #point(time) {
    this.#pointed = time;
    this.#draw();
  }

  /** @param {number | null} time  s; null: back to the present */
  #select(time) {
    this.#pointed = null;
    this.#selected = this.#duration ? null : time;
    if (this.#duration && time !== null) {
      this.#position = time;
      this.onSeek(time);
    }
    this.#draw();
  }

  #draw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    const width = this.#chart.clientWidth;
    const context = this.#canvas.getContext("2d");
    if (!width || !context) return;
    const faces = this.history.longest(LANES);
    const ratio = devicePixelRatio || 1;
    const height = chartHeight(faces.length);
    this.#canvas.style.height = `${height}px`;
    Object.assign(this.#canvas, { width: Math.round(width * ratio), height: Math.round(height * ratio) });
    context.scale(ratio, ratio);
    drawChart(context, this.history, { faces, span: this.#shown(), width, moment: this.#moment, theme: currentTheme() });
    this.#describe();
    this.#listLabels();
  }

  /** The votes at the moment, as text and for screen readers. */
  #describe() {
    const time = this.#moment ?? this.history.end;
    const found = this.history.at(time);
    const text = found.map(({ face, sample }) => describe(face.id, sample)).join("; ") || translate("no face in view");
    partOf("timeline-moment").textContent = `${clock(time)} · ${text}`;
    const hidden = this.history.faces.size - Math.min(LANES, this.history.faces.size) + this.history.dropped;
    partOf("timeline-more").textContent = hidden ? translatePlural("The {lanes} faces seen longest are drawn; {n} more is left out.", "The {lanes} faces seen longest are drawn; {n} more are left out.", hidden, { lanes: LANES }) : "";
    buttonOf("timeline-now").hidden = this.#selected === null;
    const slider = { "aria-valuemin": 0, "aria-valuemax": (this.#duration || this.history.end).toFixed(1), "aria-valuenow": time.toFixed(1), "aria-valuetext": `${clock(time)}: ${text}` };
    if (document.activeElement === this.#chart && this.#selected === null && !this.#duration) return; // do not announce each result
    for (const [name, value] of Object.entries(slider)) this.#chart.setAttribute(name, String(value));
  }

  #listLabels() {
    const labels = labelsOf(this.history);
    if (this.#labels === labels.join()) return;
    this.#labels = labels.join();
    partOf("timeline-legend").replaceChildren(...labels.map((label) => {
      const swatch = make("i", "");
      swatch.style.background = colorVariable(label);
      const item = make("li", "", styleOf(label).name);
      item.prepend(swatch);
      return item;
    }));
  }

  #listMarks() {
    partOf("timeline-marks").replaceChildren(...this.history.marks.map((mark) => {
      const item = make("li", "");
      const note = Object.assign(document.createElement("input"), { type: "text", value: mark.note, maxLength: 200, placeholder: translate("Note") });
      note.setAttribute("aria-label", translate("Note on the mark at {time}", { time: clock(mark.time) }));
      note.addEventListener("input", () => (mark.note = note.value));
      const remove = button(translate("Remove"), () => {
        this.history.unmark(mark);
        this.#listMarks();
        this.#draw();
        this.#chart.focus();
      }, "plain");
      remove.setAttribute("aria-label", translate("Remove the mark at {time}", { time: clock(mark.time) }));
      const go = button(clock(mark.time), () => this.#select(mark.time));
      go.setAttribute("aria-label", translate("Go to {time}", { time: clock(mark.time) }));
      item.append(go, note, remove);
      return item;
    }));
  }
}

/** @param {number} face  @param {import("./session-history.js").Sample} sample */
function describe(face, { unsure, unlike, votes, probabilities }) {
  const values = { face, votes: votes ? tally(votes) : strongest(probabilities) };
  if (unlike) return translate("face {face}: unlike the training data, {votes}", values);
  return unsure ? translate("face {face}: unsure, {votes}", values) : translate("face {face}: {votes}", values);
}

/** @param {Record<string, number>} probabilities  @returns {string} those of at least .1 */
const strongest = (probabilities) => Object.entries(probabilities).filter(([, p]) => p >= 0.1).sort((a, b) => b[1] - a[1])
  .map(([label, p]) => `${styleOf(label).name} ${formatNumber(p, 2)}`).join(" · ");

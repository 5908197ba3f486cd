// The loop between camera, reader and canvas. One frame is with the reader at a time; the next is taken only when
// the answer is in, and it is then the newest one: delay cannot grow.

import { Clock, Film } from "./frame-buffer.js";
import { drawScene } from "./overlay.js";
import { Tracker, boxAt } from "../vision/tracking.js";
import { ReaderError } from "../types.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Timing} Timing */
/** @typedef {import("../vision/tracking.js").Track} Track */

const BACK_OFF = 400; // milliseconds after a trouble of the reader's
const MAX_PIXELS = 1920; // of the drawn canvas's width

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Let go of one frame and hold another. @param {Frame | null} old  @param {Frame} frame  @returns {Frame} */
function swap(old, frame) {
  frame.holds += 1;
  if (old) old.holds -= 1;
  return frame;
}

export class Player {
  /** @type {import("../types.js").Reader | null} */
  reader = null;
  /** @type {import("../types.js").Model | null} */
  model = null;
  mirror = true;
  tracker = new Tracker();
  clock = new Clock();
  #film = new Film();
  #paused = false;
  #running = false;
  #run = 0; // counts the starts, so that the loops of an earlier one end
  #drawn = ""; // what the canvas shows, so that nothing is drawn twice
  /** @type {Frame | null} the frame of the newest reading, kept while it may be shown */
  #read = null;
  /** @type {Frame | null} */
  #shown = null;
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {HTMLVideoElement} video  @param {HTMLCanvasElement} canvas
   * @param {{onReading: (reading: Reading, tracks: Track[], frame: Frame, timing: Timing) => void,
   *          onTrouble: (error: ReaderError) => void, onDraw: (boxes: {track: Track, box: import("../types.js").Box}[], frame: Frame) => void}} events
   */
  constructor(video, canvas, events) {
    this.video = video;
    this.canvas = canvas;
    this.events = events;
  }

  get paused() {
    return this.#paused;
  }

  set paused(value) {
    this.#paused = value;
    this.#wake();
  }

  /** The camera is open: take frames, read, draw, until `stop`. */
  start() {
    this.#film.clear();
    this.tracker.reset();
    if (this.#running) return;
    this.#running = true;
    const run = ++this.#run;
    const going = () => this.#running && run === this.#run;
    this.#takeFrames(going);
    void this.#readFrames(going);
    const draw = () => {
      if (!going()) return;
      this.#draw();
      requestAnimationFrame(draw);
    };
    requestAnimationFrame(draw);
  }

  stop() {
    this.#running = false;
    this.#wake();
  }

  /** A frame kept for every frame the camera delivers. @param {() => boolean} going */
  #takeFrames(going) {
    const take = () => {
      if (!going()) return;
      if (!this.#paused && this.#film.push(this.video, performance.now())) this.#wake();
      next();
    };
    const next = () => ("requestVideoFrameCallback" in this.video ? this.video.requestVideoFrameCallback(take) : requestAnimationFrame(take));
    next();
  }

  /** @param {() => boolean} going */
  async #readFrames(going) {
    /** @type {Frame | undefined} */
    let last;
    let asked = -Infinity;
    while (going()) {
      const frame = this.#film.newest;
      if (!frame || frame === last || this.#paused || document.hidden || !this.reader || !this.model) {
        await Promise.race([new Promise((resolve) => (this.#wake = () => resolve(null))), pause(250)]);
        continue;
      }
      const early = asked + (this.reader.interval ?? 0) - performance.now();
      if (early > 0) {
        await pause(early);
        continue;
      }
      asked = performance.now();
      last = frame;
      await this.#readFrame(frame, this.reader, this.model);
    }
  }

  /** @param {Frame} frame  @param {import("../types.js").Reader} reader  @param {import("../types.js").Model} model */
  async #readFrame(frame, reader, model) {
    frame.holds += 1;
    try {
      const { reading, timing } = await reader.read(frame, { model: model.name });
      if (this.#paused || reading.model.name !== this.model?.name) return;
      this.clock.answered(frame.time, performance.now());
      this.#film.reach = 1.3 * this.clock.delay + 200;
      this.tracker.setModel(model);
      const tracks = this.tracker.update(reading.faces, frame.time);
      this.#read = swap(this.#read, frame);
      this.events.onReading(reading, tracks, frame, timing);
    } catch (error) {
      this.events.onTrouble(error instanceof ReaderError ? error : new ReaderError("failed", String(error)));
      await pause(BACK_OFF);
    } finally {
      frame.holds -= 1;
    }
  }

  #draw() {
    const now = performance.now();
    const moment = this.clock.moment(now);
    const shown = this.#paused ? this.#read ?? this.#shown : this.#film.at(moment) ?? this.#shown ?? this.#film.newest;
    if (!shown) return;
    this.#fit(shown);
    const fresh = this.#paused || this.clock.fresh(now);
    this.#shown = swap(this.#shown, shown);
    const { width, height } = this.canvas;
    const drawn = [shown.time, fresh && this.#read?.time, this.mirror, width, height, document.documentElement.dataset.theme].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const boxes = fresh ? this.boxesAt(shown.time) : [];
    const context = this.canvas.getContext("2d");
    if (context) drawScene(context, shown, boxes, { mirror: this.mirror, scale: width / this.canvas.clientWidth || 1 });
    this.events.onDraw(boxes, shown);
  }

  /** @param {number} time  @returns {{track: Track, box: import("../types.js").Box}[]} */
  boxesAt(time) {
    return this.tracker.tracks.flatMap((track) => {
      const box = boxAt(track, time);
      return box ? [{ track, box }] : [];
    });
  }

  /** As many canvas pixels as the screen shows, in the frame's proportions. @param {Frame} frame */
  #fit(frame) {
    const width = Math.min(MAX_PIXELS, Math.round((this.canvas.clientWidth || frame.width) * (devicePixelRatio || 1)));
    const height = Math.round((width * frame.height) / frame.width);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  /** @returns {Promise<Blob | null>} PNG of what is shown, overlay included */
  snapshot() {
    const frame = this.#shown;
    if (!frame) return Promise.resolve(null);
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width: frame.width, height: frame.height });
    const context = canvas.getContext("2d");
    if (context) drawScene(context, frame, this.boxesAt(frame.time), { mirror: this.mirror, scale: Math.max(1, frame.width / 800) });
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
  }
}

// The loop between video, reader and canvas. One frame is in flight at a time. When its result arrives, the newest
// frame is sent next, so the delay cannot grow.

import { Clock, FrameBuffer } from "./frame-buffer.js";
import { drawScene } from "./overlay.js";
import { Tracker, boxAt } from "../vision/tracking.js";
import { ReaderError } from "../types.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("../types.js").Timing} Timing */
/** @typedef {import("../vision/tracking.js").Track} Track */

const BACK_OFF = 400; // ms to wait after a reader error
const HIDDEN_EVERY = 200; // ms between frames of a hidden page; browsers allow one a second at most after a while
const MAX_PIXELS = 1920; // of the canvas width
const MIN_LABELED = 240; // CSS pixels; a narrower canvas has no room for labels

/** Release one frame and hold another. @param {Frame | null} old  @param {Frame} frame  @returns {Frame} */
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
  /** Whether to go on, slowly, while the page is hidden. */
  background = false;
  /** Whether the video is a paused file: each of its frames is read and shown until the next. */
  still = false;
  tracker = new Tracker();
  clock = new Clock();
  #buffer = new FrameBuffer();
  #paused = false;
  #running = false;
  #run = 0; // number of loops started; earlier loops end
  /** @type {Promise<void>} the frame in flight */
  #inFlight = Promise.resolve();
  #drawn = ""; // what the canvas shows, to skip identical draws
  /** @type {Frame | null} the frame of the newest result, held while it may be displayed */
  #read = null;
  /** @type {Frame | null} */
  #shown = null;
  /** @type {() => void} */
  #wake = () => {};

  /**
   * @param {HTMLVideoElement} video  @param {HTMLCanvasElement} canvas
   * @param {{onReading: (reading: Reading, tracks: Track[], frame: Frame, timing: Timing) => void,
   *          onError: (error: ReaderError) => void, onDraw: (boxes: {track: Track, box: import("../types.js").Box}[], frame: Frame) => void}} events
   */
  constructor(video, canvas, events) {
    this.video = video;
    this.canvas = canvas;
    this.events = events;
  }

  /** The displayed frame. @returns {Frame | null} */
  get shown() {
    return this.#shown;
  }

  get paused() {
    return this.#paused;
  }

  set paused(value) {
    this.#paused = value;
    this.#wake();
  }

  /** Capture, read and draw frames until `stop`. The camera must be open. */
  start() {
    this.#buffer.clear();
    this.tracker.reset();
    if (this.#running) return;
    this.#running = true;
    this.#startLoops();
  }

  /** The canvas was moved to another window, or the page was hidden or shown: continue with the timers that run now. */
  moved() {
    if (!this.#running) return;
    this.#wake();
    this.#startLoops();
  }

  #startLoops() {
    const run = ++this.#run;
    const isRunning = () => this.#running && run === this.#run;
    this.#captureFrames(isRunning);
    void this.#readFrames(isRunning);
    const draw = () => {
      if (!isRunning()) return;
      this.#draw();
      this.#nextFrame(draw);
    };
    this.#nextFrame(draw);
  }

  /** The window that shows the canvas; a page that is hidden has slow timers and no animation frames. */
  get #window() {
    return this.canvas.ownerDocument.defaultView ?? window;
  }

  get #hidden() {
    return this.canvas.ownerDocument.hidden;
  }

  /** @param {() => void} callback */
  #nextFrame(callback) {
    if (this.background && this.#hidden) this.#window.setTimeout(callback, HIDDEN_EVERY);
    else this.#window.requestAnimationFrame(callback);
  }

  /** @param {number} milliseconds */
  #sleep(milliseconds) {
    const view = this.#window;
    return new Promise((resolve) => view.setTimeout(resolve, milliseconds));
  }

  stop() {
    this.#running = false;
    this.#wake();
  }

  /** Buffers every frame that the camera delivers. @param {() => boolean} isRunning */
  #captureFrames(isRunning) {
    const capture = (/** @type {number} */ _now = 0, /** @type {{mediaTime: number} | undefined} */ metadata = undefined) => {
      if (!isRunning()) return;
      if (!this.#paused && this.#buffer.push(this.video, performance.now(), metadata?.mediaTime ?? this.video.currentTime)) this.#wake();
      next();
    };
    const next = () => {
      const byFrame = "requestVideoFrameCallback" in this.video && !(this.background && this.#hidden);
      if (byFrame) this.video.requestVideoFrameCallback(capture);
      else this.#nextFrame(() => capture());
    };
    next();
  }

  /** @param {() => boolean} isRunning */
  async #readFrames(isRunning) {
    /** @type {Frame | undefined} */
    let last;
    let requested = -Infinity;
    await this.#inFlight;
    while (isRunning()) {
      const frame = this.#buffer.newest;
      if (!frame || frame === last || this.#paused || (this.#hidden && !this.background) || !this.reader || !this.model) {
        await Promise.race([new Promise((resolve) => (this.#wake = () => resolve(null))), this.#sleep(250)]);
        continue;
      }
      const waitTime = requested + (this.reader.interval ?? 0) - performance.now();
      if (waitTime > 0) {
        await this.#sleep(waitTime);
        continue;
      }
      requested = performance.now();
      last = frame;
      const read = this.#readFrame(frame, this.reader, this.model);
      this.#inFlight = read.then(() => {});
      if (!(await read)) await this.#sleep(BACK_OFF);
    }
  }

  /**
   * @param {Frame} frame  @param {import("../types.js").Reader} reader  @param {import("../types.js").Model} model
   * @returns {Promise<boolean>} false after a reader error
   */
  async #readFrame(frame, reader, model) {
    frame.holds += 1;
    try {
      const { reading, timing } = await reader.read(frame, { model: model.name });
      if (!this.#running || this.#paused || model.name !== this.model?.name) return true; // an interim network's reading names that one
      this.clock.resultArrived(frame.time, performance.now());
      this.#buffer.maxAge = 1.3 * this.clock.delay + 200;
      this.tracker.setModel(model);
      const tracks = this.tracker.update(reading.faces, frame.time);
      this.#read = swap(this.#read, frame);
      this.events.onReading(reading, tracks, frame, timing);
      return true;
    } catch (error) {
      this.events.onError(error instanceof ReaderError ? error : new ReaderError("failed", String(error)));
      return false;
    } finally {
      frame.holds -= 1;
    }
  }

  #draw() {
    const now = performance.now();
    const shown = this.#frameToShow(now);
    if (!shown) return;
    this.#fit(shown);
    const fresh = this.#paused || (this.still ? shown === this.#read : this.clock.fresh(now));
    this.#shown = swap(this.#shown, shown);
    const { width, height } = this.canvas;
    const drawn = [shown.time, fresh && this.#read?.time, this.mirror, width, height, document.documentElement.dataset.theme].join();
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const current = fresh ? this.boxesAt(shown.time) : [];
    const boxes = this.still ? current.filter(({ track }) => track.seen >= shown.time) : current; // the frame before may be any
    const context = this.canvas.getContext("2d");
    if (context) drawScene(context, shown, boxes, { mirror: this.mirror, scale: width / this.canvas.clientWidth || 1, labels: this.canvas.clientWidth >= MIN_LABELED });
    this.events.onDraw(boxes, shown);
  }

  /** @param {number} now */
  #frameToShow(now) {
    if (this.#paused) return this.#read ?? this.#shown;
    if (this.still) return this.#buffer.newest ?? this.#shown;
    return this.#buffer.at(this.clock.moment(now)) ?? this.#shown ?? this.#buffer.newest;
  }

  /** Draw the frame again although nothing changed. */
  redraw() {
    this.#drawn = "";
  }

  /** The video continues at another moment: the next votes owe nothing to the previous ones. */
  jump() {
    for (const track of this.tracker.tracks) track.probabilities = {};
  }

  /** @param {number} time  @returns {{track: Track, box: import("../types.js").Box}[]} */
  boxesAt(time) {
    return this.tracker.tracks.flatMap((track) => {
      const box = boxAt(track, time);
      return box ? [{ track, box }] : [];
    });
  }

  /** Gives the canvas the pixels that the screen shows, in the aspect ratio of the frame. @param {Frame} frame */
  #fit(frame) {
    const width = Math.min(MAX_PIXELS, Math.round((this.canvas.clientWidth || frame.width) * (devicePixelRatio || 1)));
    const height = Math.round((width * frame.height) / frame.width);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
  }

  /** @returns {Promise<Blob | null>} PNG of the displayed frame with its overlay */
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

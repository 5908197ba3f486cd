// A buffer of recent camera frames, and the clock that displays them with a delay. The delay is long enough that each
// displayed frame has results before and after it, so boxes match the frame they are drawn on.

/** @typedef {import("../types.js").Frame} Frame */

const CAPACITY = 40; // frames; more than one second at 30 frames/s
const LONG_SIDE = 960; // pixels of a buffered frame
const STALE = 1500; // ms without a result, at least, after which frames are shown without boxes
const MAX_DELAY = 2000; // ms
const SHRINK = 1200; // ms, time constant with which the delay shrinks

export class FrameBuffer {
  /** @type {Frame[]} oldest first */
  frames = [];
  /** @type {HTMLCanvasElement[]} for reuse */
  #free = [];
  maxAge = 500; // ms for which frames stay available

  /**
   * @param {HTMLVideoElement} video  @param {number} time  @param {number} [position]  in a video file, s
   * @returns {Frame | null} null while the video shows nothing yet
   */
  push(video, time, position = 0) {
    if (!video.videoWidth) return null;
    this.#release(time);
    const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
    const canvas = this.#free.pop() ?? document.createElement("canvas");
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.drawImage(video, 0, 0, width, height);
    const frame = { canvas, width, height, time, position, holds: 0 };
    this.frames.push(frame);
    return frame;
  }

  /** Drop the frames that are too old and that nobody holds. @param {number} now */
  #release(now) {
    const old = this.frames.filter((frame, i) => frame.holds === 0 && (now - frame.time > this.maxAge || this.frames.length - i > CAPACITY));
    this.frames = this.frames.filter((frame) => !old.includes(frame));
    this.#free = [...this.#free, ...old.map((frame) => frame.canvas)].slice(0, 4);
  }

  /** @returns {Frame | undefined} */
  get newest() {
    return this.frames.at(-1);
  }

  /** @param {number} time  @returns {Frame | undefined} the newest frame at or before `time` */
  at(time) {
    return this.frames.findLast((frame) => frame.time <= time);
  }

  clear() {
    this.frames = [];
  }
}

/** Computes which moment to display. Pure. */
export class Clock {
  delay = 150; // ms between capture and display
  #lastFrame = -Infinity; // capture time of the newest frame with a result
  #lastResult = -Infinity;

  /** @param {number} frameTime  @param {number} now  the result for the frame of `frameTime` arrived */
  resultArrived(frameTime, now) {
    const since = frameTime - this.#lastFrame;
    const gap = since < MAX_DELAY ? since : 0; // after a pause this is a new start, not a gap
    const target = Math.min(MAX_DELAY, now - frameTime + gap);
    const weight = target > this.delay ? 0.3 : 1 - Math.exp(-gap / SHRINK); // grows quickly and shrinks slowly, to avoid stutter
    this.delay += weight * (target - this.delay);
    this.#lastFrame = frameTime;
    this.#lastResult = now;
  }

  /** @param {number} now  @returns {boolean} whether results are recent enough to show boxes */
  fresh(now) {
    return now - this.#lastResult <= Math.max(STALE, 2.5 * this.delay);
  }

  /** @param {number} now  @returns {number} the moment to display; never after the newest result while results are fresh */
  moment(now) {
    return this.fresh(now) ? Math.min(now - this.delay, this.#lastFrame) : now;
  }
}

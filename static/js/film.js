// The last moments of the camera, frame by frame, and the clock that shows them a little late: late enough
// that each shown frame lies between two readings, so boxes fit the very picture they are drawn on.

/** @typedef {import("./types.js").Frame} Frame */

const CAPACITY = 20; // frames kept
const LONG_SIDE = 960; // pixels of a kept frame
const STALE = 1000; // milliseconds without a reading after which the picture goes on without boxes
const MAX_DELAY = 900;

export class Film {
  /** @type {Frame[]} oldest first */
  frames = [];
  #spacing = 0;

  /** @param {number} delay  milliseconds the frames must reach back; slow readers get fewer frames a second */
  setReach(delay) {
    this.#spacing = (delay * 1.3) / CAPACITY;
  }

  /** @param {HTMLVideoElement} video  @param {number} time  @returns {Frame | null} null: nothing to see, or too soon */
  push(video, time) {
    if (!video.videoWidth || time - (this.newest?.time ?? -Infinity) < this.#spacing) return null;
    const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
    const frame = this.#blank(Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale));
    frame.canvas.getContext("2d")?.drawImage(video, 0, 0, frame.width, frame.height);
    frame.time = time;
    this.frames.push(frame);
    return frame;
  }

  /** @param {number} width  @param {number} height  @returns {Frame} the oldest one nobody holds, or a new one */
  #blank(width, height) {
    const index = this.frames.length >= CAPACITY ? this.frames.findIndex((frame) => !frame.held) : -1;
    const [old] = index >= 0 ? this.frames.splice(index, 1) : [];
    const canvas = old?.canvas ?? document.createElement("canvas");
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    return { canvas, width, height, time: 0, held: false };
  }

  /** @returns {Frame | undefined} */
  get newest() {
    return this.frames.at(-1);
  }

  /** @param {number} time  @returns {Frame | undefined} the newest frame not after `time` */
  at(time) {
    return this.frames.findLast((frame) => frame.time <= time);
  }

  clear() {
    this.frames = [];
  }
}

/** Says which moment to show. Pure. */
export class Clock {
  delay = 150; // milliseconds the picture is shown late
  #lastFrame = -Infinity; // time of the newest frame read
  #lastAnswer = -Infinity;

  /** @param {number} frameTime  @param {number} now  a reading of the frame of `frameTime` came in */
  answered(frameTime, now) {
    const gap = Math.min(MAX_DELAY, frameTime - this.#lastFrame);
    const wanted = Math.min(MAX_DELAY, now - frameTime + (Number.isFinite(gap) ? gap : 0));
    const weight = wanted > this.delay ? 0.3 : 0.05; // grows quickly, shrinks slowly: no stutter
    this.delay += weight * (wanted - this.delay);
    this.#lastFrame = frameTime;
    this.#lastAnswer = now;
  }

  /** @param {number} now  @returns {boolean} whether readings come in, so that boxes can be shown */
  fresh(now) {
    return now - this.#lastAnswer <= STALE;
  }

  /** @param {number} now  @returns {number} the moment to show: never past the newest reading while they come */
  moment(now) {
    return this.fresh(now) ? Math.min(now - this.delay, this.#lastFrame) : now;
  }
}

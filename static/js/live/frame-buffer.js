// The last moments of the camera, frame by frame, and the clock that shows them a little late: late enough
// that each shown frame lies between two readings, so boxes fit the very picture they are drawn on.

/** @typedef {import("../types.js").Frame} Frame */

const CAPACITY = 40; // frames kept at most: more than a second at 30 frames a second
const LONG_SIDE = 960; // pixels of a kept frame
const STALE = 1500; // milliseconds without a reading, at least, after which the picture goes on without boxes
const MAX_DELAY = 2000;
const SHRINK = 1200; // milliseconds, time constant with which the delay shrinks again

export class Film {
  /** @type {Frame[]} oldest first */
  frames = [];
  /** @type {HTMLCanvasElement[]} to be used again */
  #free = [];
  reach = 500; // milliseconds the frames must reach back

  /** @param {HTMLVideoElement} video  @param {number} time  @returns {Frame | null} null: nothing to see yet */
  push(video, time) {
    if (!video.videoWidth) return null;
    this.#let(time);
    const scale = Math.min(1, LONG_SIDE / Math.max(video.videoWidth, video.videoHeight));
    const [width, height] = [video.videoWidth, video.videoHeight].map((side) => Math.round(side * scale));
    const canvas = this.#free.pop() ?? document.createElement("canvas");
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    canvas.getContext("2d")?.drawImage(video, 0, 0, width, height);
    const frame = { canvas, width, height, time, holds: 0 };
    this.frames.push(frame);
    return frame;
  }

  /** Let go of the frames nobody will show or hold any more. @param {number} now */
  #let(now) {
    const old = this.frames.filter((frame, i) => frame.holds === 0 && (now - frame.time > this.reach || this.frames.length - i > CAPACITY));
    this.frames = this.frames.filter((frame) => !old.includes(frame));
    this.#free = [...this.#free, ...old.map((frame) => frame.canvas)].slice(0, 4);
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
    const since = frameTime - this.#lastFrame;
    const gap = since < MAX_DELAY ? since : 0; // after a pause it is a beginning, not a gap
    const wanted = Math.min(MAX_DELAY, now - frameTime + gap);
    const weight = wanted > this.delay ? 0.3 : 1 - Math.exp(-gap / SHRINK); // grows quickly, shrinks slowly: no stutter
    this.delay += weight * (wanted - this.delay);
    this.#lastFrame = frameTime;
    this.#lastAnswer = now;
  }

  /** @param {number} now  @returns {boolean} whether readings come in, so that boxes can be shown */
  fresh(now) {
    return now - this.#lastAnswer <= Math.max(STALE, 2.5 * this.delay);
  }

  /** @param {number} now  @returns {number} the moment to show: never past the newest reading while they come */
  moment(now) {
    return this.fresh(now) ? Math.min(now - this.delay, this.#lastFrame) : now;
  }
}

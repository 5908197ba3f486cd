// How large and how well compressed frames are sent, adapted to the connection.

/** @typedef {{side: number, quality: number}} Level  side: pixels of the long side at most; quality: of the JPEG, 0 to 1 */

/** @type {readonly Level[]} about 50, 34, 20 and 10 kB at 4:3; more than 640 px take time and show no further faces in live video */
export const LEVELS = [{ side: 640, quality: 0.8 }, { side: 640, quality: 0.6 }, { side: 480, quality: 0.5 }, { side: 320, quality: 0.4 }];
const SLOW = 150; // ms that a frame and its response may spend on the way
const FAST = 60;
const SLOW_FRAMES = 3; // in a row, before a smaller level
const FAST_FRAMES = 30; // in a row, before a better one
const MOST_PATIENT = 480;

/** Steps down after a few slow frames, and up after many fast ones, later each time that the better level proved too slow. */
export class FrameQuality {
  #index = 0;
  #slow = 0;
  #fast = 0;
  #patience = FAST_FRAMES;
  #trying = false; // whether the last step was up

  get level() {
    return LEVELS[this.#index];
  }

  /** @param {number} milliseconds  that the frame was on the way: from sending to the response, without the server's work */
  observe(milliseconds) {
    this.#slow = milliseconds > SLOW ? this.#slow + 1 : 0;
    this.#fast = milliseconds < FAST ? this.#fast + 1 : 0;
    if (this.#slow === SLOW_FRAMES) this.#smaller();
    else if (this.#fast === this.#patience) this.#better();
  }

  #smaller() {
    if (this.#trying) this.#patience = Math.min(MOST_PATIENT, 2 * this.#patience);
    this.#step(1);
  }

  #better() {
    this.#step(-1);
  }

  /** @param {1 | -1} by */
  #step(by) {
    this.#index = Math.min(LEVELS.length - 1, Math.max(0, this.#index + by));
    this.#trying = by < 0;
    [this.#slow, this.#fast] = [0, 0];
  }
}

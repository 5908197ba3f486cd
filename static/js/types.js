// Types that the modules share, and the error of a reader.

/**
 * The result for one image, as published in docs/api.md. Coordinates are fractions of the upright image.
 * @typedef {object} Reading
 * @property {{width: number, height: number}} picture
 * @property {{name: string, version: string, label_set: string}} model
 * @property {Face[]} faces
 * @property {Record<string, number>} milliseconds  time per step
 * @property {boolean} [followed]  of a frame sent with faces to follow: whether they were followed, or the whole frame was searched
 */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {Record<string, [number, number]>} Landmarks */
/**
 * @typedef {object} Face
 * @property {Box} box
 * @property {Landmarks} landmarks
 * @property {number} score
 * @property {Record<string, number>} probabilities
 * @property {Record<string, number>} [votes]  ten; only from models trained on the votes of raters
 * @property {Record<string, number>} [balanced]  probabilities with part of the training data's prior removed; only from models whose card has offsets
 * @property {string} expression
 * @property {boolean} unsure
 * @property {number} [distance]  from the training data; only from models that output it
 * @property {boolean} [unlike]   the distance is above the model's threshold
 */
/**
 * A model the visitor can choose.
 * @typedef {object} Model
 * @property {string} name
 * @property {string} title
 * @property {string} label_set
 * @property {string[]} labels
 * @property {number | null} raters
 * @property {boolean} [default]
 * @property {number | null} [unsure_threshold]  the model is unsure if its largest probability is below this
 */
/**
 * One frame of the camera.
 * @typedef {object} Frame
 * @property {HTMLCanvasElement} canvas
 * @property {number} width
 * @property {number} height
 * @property {number} time   capture time in ms, page clock
 * @property {number} [position]  of the frame in a video file, s
 * @property {number} holds  number of holders; at 0 its canvas can be reused
 */
/** @typedef {{total: number, server: number | null}} Timing  ms: from request to result; of that, the time in the reader */
/**
 * Reads frames: on the server (live/server-reader.js) or on this device (device/reader.js).
 * `start` resolves when frames can be sent; `onState` is called at every later change.
 * `read` takes one frame at a time and rejects with a ReaderError; `time`: of a frame in a video file, ms.
 * @typedef {object} Reader
 * @property {"server" | "device"} location  where inference runs
 * @property {number} [interval]  minimum time between two frames, ms
 * @property {Model[]} models
 * @property {(options: {onState: (state: ReaderState, message: string) => void}) => Promise<void>} start
 * @property {(frame: Frame, options: {model: string, time?: number}) => Promise<{reading: Reading, timing: Timing}>} read
 * @property {() => void} stop
 */
/** @typedef {"connecting" | "ready" | "lost"} ReaderState */

/** A reader could not read an image. `code` is for programs, `message` for the visitor. */
export class ReaderError extends Error {
  /** @param {string} code  @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "ReaderError";
    this.code = code;
  }
}

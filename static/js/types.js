// The shapes that pass between the modules; types alone, no code.

/**
 * Contract 1: what a model read in one picture. Coordinates are fractions of the upright picture.
 * @typedef {object} Reading
 * @property {{width: number, height: number}} picture
 * @property {{name: string, version: string, label_set: string}} model
 * @property {Face[]} faces
 * @property {Record<string, number>} milliseconds  server time by step
 */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */
/** @typedef {Record<string, [number, number]>} Landmarks */
/**
 * @typedef {object} Face
 * @property {Box} box
 * @property {Landmarks} landmarks
 * @property {number} score
 * @property {Record<string, number>} probabilities
 * @property {Record<string, number>} [votes]  ten, only from models judged by raters
 * @property {string} expression
 * @property {boolean} unsure
 */
/**
 * A model on offer.
 * @typedef {object} Model
 * @property {string} name
 * @property {string} title
 * @property {string} label_set
 * @property {string[]} labels
 * @property {number | null} raters
 * @property {boolean} [default]
 * @property {number | null} [unsure_threshold]  below this largest probability the model is unsure
 */
/**
 * One frame of the camera.
 * @typedef {object} Frame
 * @property {HTMLCanvasElement} canvas
 * @property {number} width
 * @property {number} height
 * @property {number} time   milliseconds on the page's clock
 * @property {number} holds  how many still need it; at 0 it may be drawn over
 */
/** @typedef {{total: number, server: number | null}} Timing  milliseconds: asked to answered; the reader's own work */
/**
 * Whatever turns frames into readings: the server (server.js) or this device.
 * `start` resolves when frames may be sent; `onState` tells of every change after that.
 * `read` is given one frame at a time and rejects with a ReaderError.
 * @typedef {object} Reader
 * @property {string} [place]    where the work is done, in a word or two
 * @property {number} [interval]  milliseconds at least from one frame to the next
 * @property {Model[]} models
 * @property {(options: {onState: (state: ReaderState, words: string) => void}) => Promise<void>} start
 * @property {(frame: Frame, options: {model: string}) => Promise<{reading: Reading, timing: Timing}>} read
 * @property {() => void} stop
 */
/** @typedef {"connecting" | "ready" | "lost"} ReaderState */

/** A reader could not read a frame. `code` is for the program, `message` for people. */
export class ReaderError extends Error {
  /** @param {string} code  @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "ReaderError";
    this.code = code;
  }
}

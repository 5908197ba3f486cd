// The reader that asks nobody: detector and network run here, in a worker; no picture leaves the page.

import { readOffer } from "./offer.js";
import { ReaderError } from "../types.js";
import { PHOTO } from "../vision/faces.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reading} Reading */
/** @typedef {import("./backends.js").Backend} Backend */
/** @typedef {import("./backends.js").Refusal} Refusal */
/** @typedef {{backend: Backend, details: string, refused: Refusal[], warmed?: number}} Running */

/** @typedef {import("../types.js").Reader} Reader */

const PREPARING = "Preparing this device …";

/** @implements {Reader} */
export class DeviceReader {
  /** @type {import("../types.js").Model[]} */
  models = [];
  /** What computes, in words for people. */
  engine = "";
  place = "device";
  interval = 0;
  /** @type {Running | null} */
  running = null;

  /** @type {Worker | null} */
  #worker = null;
  #count = 0;
  /** @type {Map<number, {resolve: (answer: any) => void, reject: (error: Error) => void}>} */
  #asked = new Map();
  /** Told of what went wrong on the way and was mended. @type {(words: string) => void} */
  onNote = () => {};
  /** Told which way to compute was taken, and why no other. @type {(running: Running) => void} */
  onRunning = () => {};
  /** Told how far networks are fetched, at the start and for another model later; "" when all is there. @type {(words: string) => void} */
  onFetching = () => {};

  /** @param {{model?: string, backend?: Backend | "auto"}} [options]  what to begin with */
  constructor({ model = "", backend = "auto" } = {}) {
    this.model = model;
    this.backend = backend;
    this.offer = readOffer();
    this.models = (this.offer?.models ?? []).map(({ card, ...model }) => ({
      name: model.name, title: model.title, label_set: card.label_set, labels: card.labels, raters: card.raters, default: model.default, unsure_threshold: card.unsure.threshold,
    }));
  }

  /**
   * Fetch the networks and run them once on a drawn face. Resolves when pictures may be given.
   * @param {{onState: (state: import("../types.js").ReaderState, words: string) => void}} options
   * @throws {ReaderError} `no_backend`, `offline`, `gone`, `broken`, `no_offer`
   */
  async start({ onState }) {
    const { offer } = this;
    if (!offer) throw new ReaderError("no_offer", "This server offers no networks for reading on this device.");
    onState("connecting", PREPARING);
    this.#open(offer.worker);
    try {
      this.#settle(await this.#ask("start", { offer, model: this.model, backend: this.backend }));
    } catch (error) {
      this.stop(); // one network failed; the other may still be on its way
      throw error;
    }
    onState("ready", this.engine);
  }

  /** @param {Running} running */
  #settle(running) {
    this.running = running;
    this.engine = running.details;
    this.onRunning(running);
  }

  /** @param {string} url */
  #open(url) {
    this.stop();
    this.#worker = new Worker(url, { type: "module", name: "device" });
    this.#worker.addEventListener("message", ({ data }) => this.#hear(data));
    this.#worker.addEventListener("error", (event) => {
      const error = new ReaderError("failed", `The worker stopped: ${event.message || "its script could not be loaded"}.`);
      for (const { reject } of this.#asked.values()) reject(error);
      this.#asked.clear();
    });
  }

  /** @param {any} data */
  #hear({ id, answer, error, note, fetching, running }) {
    if (note) this.onNote(note);
    if (fetching) this.onFetching(fetching.total ? progress(fetching) : this.running ? "" : PREPARING);
    if (running) this.#settle(running);
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    if (error) asked.reject(new ReaderError(error.code, error.message));
    else asked.resolve(answer);
  }

  /** @param {string} what  @param {object} [given]  @param {Transferable[]} [moved]  @returns {Promise<any>} */
  #ask(what, given = {}, moved = []) {
    const worker = this.#worker;
    if (!worker) return Promise.reject(new ReaderError("disconnected", "This device is not prepared."));
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      worker.postMessage({ id, what, ...given }, moved);
    });
  }

  /**
   * @param {Frame} frame  @param {{model: string}} options
   * @returns {Promise<{reading: Reading, timing: import("../types.js").Timing}>}
   * @throws {ReaderError}
   */
  async read(frame, { model }) {
    const begun = performance.now();
    const bitmap = await createImageBitmap(frame.canvas);
    const reading = await this.#ask("frame", { bitmap, model }, [bitmap]);
    const spent = Object.values(reading.milliseconds).reduce((sum, value) => sum + Number(value), 0);
    return { reading, timing: { total: performance.now() - begun, server: spent } };
  }

  /** @param {Blob} blob  of a photo  @param {{model: string}} options  @returns {Promise<Reading>}  @throws {ReaderError} */
  readPhoto(blob, { model }) {
    return this.#ask("photo", { blob, model, longSides: PHOTO });
  }

  /** Whether the browser keeps the networks for the next visit. @returns {Promise<boolean>} */
  kept() {
    return this.#ask("kept");
  }

  /** The worker's resources under /static/: addresses. @returns {Promise<string[]>} */
  resources() {
    return this.#ask("resources");
  }

  /** Forget what older bundles left in this browser. @returns {Promise<void>} */
  prune() {
    return this.#ask("prune");
  }

  /** What TF.js holds: constant from the first reading on. @returns {Promise<{tensors: number, bytes: number}>} */
  memory() {
    return this.#ask("memory");
  }

  stop() {
    this.#worker?.terminate();
    this.#worker = null;
    for (const { reject } of this.#asked.values()) reject(new ReaderError("disconnected", "Reading on this device was stopped."));
    this.#asked.clear();
  }
}

/** @param {{loaded: number, total: number}} fetching  in bytes */
function progress({ loaded, total }) {
  return `Fetching the networks: ${Math.min(100, Math.round((100 * loaded) / total))} % of ${(total / 1e6).toFixed(1)} MB`;
}

// The reader that asks the server: Socket.IO, namespace /live, one frame in flight.

import { io } from "socket.io-client";
import { ReaderError } from "../types.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reader} Reader */

const LONG_SIDE = 640; // pixels; more would cost time and find no further faces in live pictures
const QUALITY = 0.8;
const AGAIN = 5000; // milliseconds after which a server that refused is asked again
const TIMEOUT = 5000; // milliseconds without an answer before a frame is given up

/** @implements {Reader} */
export class ServerReader {
  /** @type {import("../types.js").Model[]} */
  models = [];
  /** @type {{frame_bytes?: number, frames_per_second?: number}} */
  limits = {};
  engine = "";
  place = "server";
  interval = 0;

  #canvas = document.createElement("canvas");
  #count = 0;
  /** @type {import("socket.io-client").Socket | null} */
  #socket = null;

  /**
   * Connect, and learn what models there are. After a lost connection it connects again by itself and says so.
   * @param {{onState: (state: import("../types.js").ReaderState, words: string) => void}} options
   * @returns {Promise<void>} resolves at the first greeting
   */
  start({ onState }) {
    onState("connecting", "Connecting to the server …");
    const socket = io("/live", { transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelay: 500, reconnectionDelayMax: 3000 });
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.on("connect", async () => {
        try {
          this.#greet(await socket.timeout(TIMEOUT).emitWithAck("hello"));
          onState("ready", "Connected.");
          resolve();
        } catch {
          socket.disconnect().connect(); // a server that does not greet: begin anew
        }
      });
      socket.on("connect_error", (error) => {
        onState("lost", socket.active ? "The server does not answer. Trying again …" : error.message);
        if (!socket.active) setTimeout(() => socket.connect(), AGAIN); // refused in words; the library gives up there
      });
      socket.on("disconnect", (reason) => {
        if (reason === "io client disconnect") return;
        onState("lost", "The connection to the server was lost. Connecting again …");
        if (reason === "io server disconnect") socket.connect(); // the one case the library leaves to us
      });
    });
  }

  /** @param {any} hello */
  #greet(hello) {
    this.models = hello.models;
    this.limits = hello.limits ?? {};
    this.engine = hello.engine ?? "";
    // A little slower than the limit, so that a late frame and an early one together stay below it.
    this.interval = this.limits.frames_per_second ? 1100 / this.limits.frames_per_second : 0;
  }

  /**
   * @param {Frame} frame
   * @param {{model: string}} options
   * @returns {Promise<{reading: import("../types.js").Reading, timing: import("../types.js").Timing}>}
   * @throws {ReaderError} `disconnected`, `timeout`, or a code of the server's
   */
  async read(frame, { model }) {
    const begun = performance.now();
    const bytes = await this.#encode(frame);
    if (this.limits.frame_bytes && bytes.byteLength > this.limits.frame_bytes) {
      throw new ReaderError("too_large", `The frame is larger than this server reads (${this.limits.frame_bytes} bytes).`);
    }
    const socket = this.#socket;
    if (!socket?.connected) throw new ReaderError("disconnected", "The server is not connected.");
    const { width, height } = this.#canvas;
    const about = { id: ++this.#count, width, height, sent: Date.now(), model };
    const answer = await socket.timeout(TIMEOUT).emitWithAck("frame", about, bytes).catch(() => {
      const code = socket.connected ? "timeout" : "disconnected";
      throw new ReaderError(code, "The server did not answer in time.");
    });
    if (answer.error) throw new ReaderError(answer.error.code, answer.error.message);
    const spent = Object.values(answer.reading.milliseconds ?? {});
    const server = spent.length ? spent.reduce((sum, value) => sum + value, 0) : null;
    return { reading: answer.reading, timing: { total: performance.now() - begun, server } };
  }

  /** @param {Frame} frame  @returns {Promise<ArrayBuffer>} JPEG, long side at most LONG_SIDE */
  async #encode(frame) {
    const scale = Math.min(1, LONG_SIDE / Math.max(frame.width, frame.height));
    const canvas = this.#canvas;
    canvas.width = Math.round(frame.width * scale);
    canvas.height = Math.round(frame.height * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context?.drawImage(frame.canvas, 0, 0, canvas.width, canvas.height);
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
    if (!blob) throw new ReaderError("encode", "The browser could not make a JPEG of the frame.");
    return blob.arrayBuffer();
  }

  stop() {
    this.#socket?.disconnect();
    this.#socket = null;
  }
}

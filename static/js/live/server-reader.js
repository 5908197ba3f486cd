// The reader on the server: Socket.IO, namespace /live, one frame in flight.

import { io } from "socket.io-client";
import { ReaderError } from "../types.js";
import { errorText } from "../ui/errors.js";
import { translate } from "../ui/language.js";
import { Following } from "../vision/following.js";
import { FrameQuality } from "./frame-quality.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {import("../types.js").Reader} Reader */
/** @typedef {import("../types.js").Face} Face */

const RETRY_AFTER = 5000; // ms before reconnecting to a server that refused
const TIMEOUT = 5000; // ms without a response before a frame is abandoned

/** @implements {Reader} */
export class ServerReader {
  /** @type {import("../types.js").Model[]} */
  models = [];
  /** @type {{frame_bytes?: number, frames_per_second?: number, followed_faces?: number}} */
  limits = {};
  location = /** @type {const} */ ("server");
  interval = 0;

  #canvas = document.createElement("canvas");
  #count = 0;
  #quality = new FrameQuality();
  /** @type {Following<Face>} */
  #following = new Following();
  /** @type {import("socket.io-client").Socket | null} */
  #socket = null;

  /**
   * Connect and load the list of models. After a lost connection it reconnects and reports the state.
   * @param {{onState: (state: import("../types.js").ReaderState, message: string) => void}} options
   * @returns {Promise<void>} resolves after the first hello
   */
  start({ onState }) {
    onState("connecting", translate("Connecting to the server …"));
    const socket = io("/live", { transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelay: 500, reconnectionDelayMax: 3000 });
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.on("connect", async () => {
        try {
          this.#applyHello(await socket.timeout(TIMEOUT).emitWithAck("hello"));
          onState("ready", translate("Connected."));
          resolve();
        } catch {
          socket.disconnect().connect(); // no hello from the server: reconnect
        }
      });
      socket.on("connect_error", (error) => {
        onState("lost", socket.active ? translate("The server does not respond. Trying again …") : errorText({ code: "refused", message: error.message }));
        if (!socket.active) setTimeout(() => socket.connect(), RETRY_AFTER); // refused with a message; Socket.IO does not retry then
      });
      socket.on("disconnect", (reason) => {
        if (reason === "io client disconnect") return;
        onState("lost", translate("The connection to the server was lost. Trying again …"));
        if (reason === "io server disconnect") socket.connect(); // Socket.IO does not reconnect in this case
      });
    });
  }

  /** @param {any} hello */
  #applyHello(hello) {
    this.models = hello.models;
    this.limits = hello.limits ?? {};
    // Slightly below the limit, so that a delayed frame followed by an early one does not exceed it.
    this.interval = this.limits.frames_per_second ? 1100 / this.limits.frames_per_second : 0;
  }

  /**
   * @param {Frame} frame
   * @param {{model: string, time?: number}} options  `time`: of the frame in a video file, ms
   * @returns {Promise<{reading: import("../types.js").Reading, timing: import("../types.js").Timing}>}
   * @throws {ReaderError} `disconnected`, `timeout`, or an error code of the server
   */
  async read(frame, { model, time }) {
    const startTime = performance.now();
    const bytes = await this.#encode(frame);
    if (this.limits.frame_bytes && bytes.byteLength > this.limits.frame_bytes) {
      throw new ReaderError("too_large", translate("The frame is larger than the limit of this server ({bytes} bytes).", { bytes: this.limits.frame_bytes }));
    }
    const socket = this.#socket;
    if (!socket?.connected) throw new ReaderError("disconnected", translate("The server is not connected."));
    const { width, height } = this.#canvas;
    const sentTime = performance.now();
    const metadata = { id: ++this.#count, width, height, sent: Date.now(), model, ...this.#toFollow(time) };
    const response = await socket.timeout(TIMEOUT).emitWithAck("frame", metadata, bytes).catch(() => {
      const code = socket.connected ? "timeout" : "disconnected";
      throw new ReaderError(code, translate("The server did not respond in time."));
    });
    if (response.error) throw new ReaderError(response.error.code, errorText(response.error));
    const { faces, followed = false } = response.reading;
    this.#following.update(faces, faces.map((/** @type {Face} */ { score }) => score), followed);
    const durations = Object.values(response.reading.milliseconds ?? {});
    const server = durations.length ? durations.reduce((sum, value) => sum + value, 0) : null;
    const endTime = performance.now();
    this.#quality.observe(endTime - sentTime - (server ?? 0));
    return { reading: response.reading, timing: { total: endTime - startTime, server } };
  }

  /** The faces that the server may follow. @param {number} [time]  @returns {{follow?: {box: Face["box"], landmarks: Face["landmarks"]}[]}} */
  #toFollow(time) {
    const faces = this.#following.next(this.#canvas, time ?? performance.now(), time === undefined ? 1 : 0);
    if (!faces.length || faces.length > (this.limits.followed_faces ?? 0)) return {};
    return { follow: faces.map(({ box, landmarks }) => ({ box, landmarks })) };
  }

  /** @param {Frame} frame  @returns {Promise<ArrayBuffer>} JPEG of the size and quality that suit the connection */
  async #encode(frame) {
    const { side, quality } = this.#quality.level;
    const scale = Math.min(1, side / Math.max(frame.width, frame.height));
    const canvas = this.#canvas;
    canvas.width = Math.round(frame.width * scale);
    canvas.height = Math.round(frame.height * scale);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context?.drawImage(frame.canvas, 0, 0, canvas.width, canvas.height);
    /** @type {Blob | null} */
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
    if (!blob) throw new ReaderError("encode", translate("The browser could not encode the frame as JPEG."));
    return blob.arrayBuffer();
  }

  stop() {
    this.#socket?.disconnect();
    this.#socket = null;
  }
}

// Records the video with its overlay, in this page, until the visitor saves it.

import { drawScene } from "./overlay.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {{track: import("../vision/tracking.js").Track, box: import("../types.js").Box}[]} Boxes */

const TYPES = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm", "video/mp4"];
const BITS_PER_SECOND = 2_500_000;
export const MAX_BYTES = 500_000_000; // about 27 minutes

/** The format this browser records, or undefined. @returns {string | undefined} */
export const recordingType = () => (typeof MediaRecorder === "undefined" ? undefined : TYPES.find((type) => MediaRecorder.isTypeSupported(type)));

export class VideoRecorder {
  /** The finished video, for saving. @type {Blob | null} */
  video = null;
  #canvas = document.createElement("canvas");
  /** @type {MediaRecorder | null} */
  #recorder = null;

  /** @param {() => void} onFull  MAX_BYTES are recorded */
  constructor(onFull) {
    this.onFull = onFull;
  }

  /** Start a recording with the size of this frame; the previous recording is discarded. @param {Frame} frame */
  start({ width, height }) {
    const type = recordingType();
    this.video = null;
    if (!type) return;
    Object.assign(this.#canvas, { width: width - (width % 2), height: height - (height % 2) }); // encoders require even numbers
    this.#canvas.getContext("2d")?.fillRect(0, 0, width, height);
    const recorder = new MediaRecorder(this.#canvas.captureStream(30), { mimeType: type, videoBitsPerSecond: BITS_PER_SECOND });
    /** @type {Blob[]} */
    const parts = [];
    let bytes = 0;
    recorder.addEventListener("dataavailable", ({ data }) => {
      parts.push(data);
      bytes += data.size;
      if (bytes >= MAX_BYTES && recorder.state === "recording") this.onFull();
    });
    recorder.addEventListener("stop", () => {
      if (this.#recorder === recorder || !this.#recorder) this.video = new Blob(parts, { type: type.split(";")[0] });
    });
    recorder.start(1000);
    this.#recorder = recorder;
  }

  /** Add a displayed frame. @param {Frame} frame  @param {Boxes} boxes  @param {boolean} mirror */
  draw(frame, boxes, mirror) {
    if (this.#recorder?.state !== "recording") return;
    const context = this.#canvas.getContext("2d");
    if (context) drawScene(context, frame, boxes, { mirror, scale: Math.max(1, frame.width / 800) });
  }

  /** @returns {Promise<void>} resolves when `video` is complete */
  stop() {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (!recorder || recorder.state === "inactive") return Promise.resolve();
    return new Promise((resolve) => {
      recorder.addEventListener("stop", () => resolve(), { once: true });
      recorder.stop();
      for (const track of recorder.stream.getTracks()) track.stop();
    });
  }
}

/**
 * The recording with its length and an index, so that players can seek in it; MediaRecorder writes neither.
 * @param {Blob} video  @returns {Promise<Blob>} the recording unchanged if that fails
 */
export async function seekable(video) {
  try {
    const { ALL_FORMATS, BlobSource, BufferTarget, Conversion, Input, Mp4OutputFormat, Output, WebMOutputFormat } = await import("mediabunny");
    const input = new Input({ source: new BlobSource(video), formats: ALL_FORMATS });
    const target = new BufferTarget();
    const format = video.type === "video/mp4" ? new Mp4OutputFormat() : new WebMOutputFormat();
    const conversion = await Conversion.init({ input, output: new Output({ format, target }) });
    await conversion.execute(); // copies the encoded frames
    return target.buffer ? new Blob([target.buffer], { type: video.type }) : video;
  } catch {
    return video;
  }
}

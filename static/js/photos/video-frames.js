// The frames of a video file at regular steps, decoded on demand.

import { translate } from "../ui/language.js";

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {{duration: number, width: number, height: number, frames: (from: number, step: number) => AsyncGenerator<Frame>, close: () => void}} Video */

const LONG_SIDE = 960; // pixels of a frame
const SEEK_TIMEOUT = 10_000; // ms

/** mediabunny, loaded on first use. */
export const loadDecoder = () => import("mediabunny");

/** @param {Blob} blob  @returns {Promise<Video>}  @throws {Error} with a message for the visitor if the browser cannot read it */
export async function openVideo(blob) {
  return (await openWithDecoder(blob).catch(() => null)) ?? openWithPlayer(blob);
}

/** With WebCodecs: reads only the required parts of the file. @param {Blob} blob  @returns {Promise<Video | null>} */
async function openWithDecoder(blob) {
  const { ALL_FORMATS, BlobSource, CanvasSink, Input } = await loadDecoder();
  const input = new Input({ source: new BlobSource(blob), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (!track || !(await track.canDecode())) return null;
  const [duration, size] = [await track.computeDuration(), fit(await track.getDisplayWidth(), await track.getDisplayHeight())];
  const sink = new CanvasSink(track, { ...size, fit: "fill", poolSize: 2 });
  return {
    duration, ...size, close: () => input.dispose(),
    async *frames(from, step) {
      const timestamps = times(from, step, duration);
      for await (const frame of sink.canvasesAtTimestamps(times(from, step, duration))) {
        const time = /** @type {number} */ (timestamps.next().value); // at a low frame rate several times share one frame
        if (frame) yield { canvas: /** @type {HTMLCanvasElement} */ (frame.canvas), ...size, time, holds: 0 };
      }
    },
  };
}

/** @param {number} from  @param {number} step  @param {number} duration */
function* times(from, step, duration) {
  for (let i = Math.round(from / step); i * step < duration; i++) yield i * step;
}

/** @param {number} width  @param {number} height */
function fit(width, height) {
  const scale = Math.min(1, LONG_SIDE / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** With a video element that seeks to each frame: slower, for formats that WebCodecs cannot decode. @param {Blob} blob  @returns {Promise<Video>} */
async function openWithPlayer(blob) {
  const video = document.createElement("video");
  const url = URL.createObjectURL(blob);
  Object.assign(video, { muted: true, preload: "auto", src: url });
  await eventOf(video, "loadeddata").catch(() => {
    URL.revokeObjectURL(url);
    throw new Error(translate("This browser cannot read this video. Every browser reads MP4 with H.264 and WebM."));
  });
  const size = fit(video.videoWidth, video.videoHeight);
  const canvas = Object.assign(document.createElement("canvas"), size);
  return {
    duration: video.duration, ...size,
    close() {
      video.removeAttribute("src");
      URL.revokeObjectURL(url);
    },
    async *frames(from, step) {
      for (const time of times(from, step, video.duration)) {
        video.currentTime = time;
        await eventOf(video, "seeked");
        canvas.getContext("2d")?.drawImage(video, 0, 0, size.width, size.height);
        yield { canvas, ...size, time, holds: 0 };
      }
    },
  };
}

/** @param {HTMLVideoElement} video  @param {string} event  @returns {Promise<void>} */
function eventOf(video, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(translate("The browser did not decode the frame in time."))), SEEK_TIMEOUT);
    video.addEventListener(event, () => (clearTimeout(timer), resolve()), { once: true });
    video.addEventListener("error", () => (clearTimeout(timer), reject(new Error(translate("The browser cannot read this video.")))), { once: true });
  });
}

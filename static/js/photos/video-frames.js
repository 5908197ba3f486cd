// The frames of a video file, one by one, a step apart: decoded as they are asked for, never all at once.

/** @typedef {import("../types.js").Frame} Frame */
/** @typedef {{duration: number, width: number, height: number, frames: (from: number, step: number) => AsyncGenerator<Frame>, close: () => void}} Film */

const LONG_SIDE = 960; // pixels of a frame
const SEEK = 10_000; // milliseconds a browser may take to find a frame

/** @param {Blob} blob  @returns {Promise<Film>}  @throws {Error} in words, where the browser cannot read it */
export async function openFilm(blob) {
  return (await openDecoded(blob).catch(() => null)) ?? openPlayed(blob);
}

/** By the browser's decoder, fed from the file: reads only what it needs. @param {Blob} blob  @returns {Promise<Film | null>} */
async function openDecoded(blob) {
  const { ALL_FORMATS, BlobSource, CanvasSink, Input } = await import("mediabunny");
  const input = new Input({ source: new BlobSource(blob), formats: ALL_FORMATS });
  const track = await input.getPrimaryVideoTrack();
  if (!track || !(await track.canDecode())) return null;
  const [duration, size] = [await track.computeDuration(), fit(await track.getDisplayWidth(), await track.getDisplayHeight())];
  const sink = new CanvasSink(track, { ...size, fit: "fill", poolSize: 2 });
  return {
    duration, ...size, close: () => input.dispose(),
    async *frames(from, step) {
      const moments = times(from, step, duration);
      for await (const frame of sink.canvasesAtTimestamps(times(from, step, duration))) {
        const time = /** @type {number} */ (moments.next().value); // a slow film shows one frame at several
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

/** By a player that jumps from frame to frame: slower, for what the decoder cannot be fed. @param {Blob} blob  @returns {Promise<Film>} */
async function openPlayed(blob) {
  const video = document.createElement("video");
  const url = URL.createObjectURL(blob);
  Object.assign(video, { muted: true, preload: "auto", src: url });
  await happens(video, "loadeddata").catch(() => {
    URL.revokeObjectURL(url);
    throw new Error("This browser cannot read this video. MP4 with H.264 and WebM are read everywhere.");
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
        await happens(video, "seeked");
        canvas.getContext("2d")?.drawImage(video, 0, 0, size.width, size.height);
        yield { canvas, ...size, time, holds: 0 };
      }
    },
  };
}

/** @param {HTMLVideoElement} video  @param {string} event  @returns {Promise<void>} */
function happens(video, event) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("The browser did not find the frame in time.")), SEEK);
    video.addEventListener(event, () => (clearTimeout(timer), resolve()), { once: true });
    video.addEventListener("error", () => (clearTimeout(timer), reject(new Error("The browser cannot read this video."))), { once: true });
  });
}

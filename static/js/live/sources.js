// The sources of the video: camera, sample video, a shared screen, a video file. Each plays on the page's video element.

import { closeCamera, openCamera } from "./camera.js";
import { SAMPLE_CREDIT, openSample } from "./sample-video.js";

/** @typedef {"camera" | "sample" | "screen" | "file"} SourceName */
/**
 * @typedef {object} Source
 * @property {string} start     label of the button that starts it
 * @property {string} badge     shown while it plays
 * @property {{title: string, text: string}} starting
 * @property {string} failed    title of the message if it does not start
 * @property {string} off       title of the message after it was stopped
 */

/** @type {Record<SourceName, Source>} */
export const SOURCES = {
  camera: {
    start: "Start the camera", badge: "Live", failed: "The camera did not start", off: "The camera is off",
    starting: { title: "Starting the camera …", text: "Allow the camera if the browser asks." },
  },
  sample: {
    start: "Use a sample video", badge: "Sample video", failed: "No sample video", off: "The sample video is off",
    starting: { title: "Starting the sample video …", text: SAMPLE_CREDIT },
  },
  file: {
    start: "Open a video file", badge: "Video file", failed: "This video cannot be played", off: "The video file is closed",
    starting: { title: "Opening the video …", text: "The file itself stays on this device." },
  },
  screen: {
    start: "Share a screen or tab", badge: "Shared screen", failed: "Nothing is shared", off: "Sharing has ended",
    starting: { title: "Waiting for your choice …", text: "The browser asks which screen, window or tab to share." },
  },
};

/** A source did not start. The message says what to do. */
export class SourceError extends Error {}

/** Whether this browser can share a screen. */
export const canShareScreen = () => window.isSecureContext && Boolean(navigator.mediaDevices?.getDisplayMedia);

/**
 * Play a source on the video element. The previous one must be closed.
 * @param {SourceName} name  @param {HTMLVideoElement} video
 * @param {{deviceId?: string, file?: File, onEnded: () => void}} options  `onEnded`: the camera was disconnected, or sharing stopped
 * @returns {Promise<{mirror: boolean, deviceId?: string}>} whether to mirror the video at first
 * @throws {import("./camera.js").CameraError | SourceError}
 */
export async function openSource(name, video, { deviceId, file, onEnded }) {
  switch (name) {
    case "camera": {
      const camera = await openCamera(video, { deviceId, onEnded });
      return { mirror: camera.facing !== "environment", deviceId: camera.deviceId };
    }
    case "sample":
      await openSample(video).catch((error) => {
        throw new SourceError(`The sample video did not start: ${error instanceof Error ? error.message : error}.`);
      });
      return { mirror: false };
    case "screen":
      await openScreen(video, onEnded);
      return { mirror: false };
    case "file":
      await openFile(video, file);
      return { mirror: false };
  }
}

/** @param {HTMLVideoElement} video  @param {() => void} onEnded */
async function openScreen(video, onEnded) {
  try {
    const stream = await navigator.mediaDevices.getDisplayMedia({ audio: false, video: { frameRate: { ideal: 30 } } });
    video.srcObject = stream;
    await video.play();
    stream.getVideoTracks()[0].addEventListener("ended", onEnded, { once: true });
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    throw new SourceError(name === "NotAllowedError" ? "The browser was not allowed to share. Try again and choose a screen, a window or a tab."
      : "This browser or system cannot share a screen now. Use another source.");
  }
}

/** @param {HTMLVideoElement} video  @param {File} [file] */
async function openFile(video, file) {
  if (!file) throw new SourceError("No file was chosen.");
  video.src = URL.createObjectURL(file);
  try {
    await video.play();
    if (!video.videoWidth) throw new Error("no video track");
    if (video.duration === Infinity) await findDuration(video);
  } catch {
    throw new SourceError(`This browser cannot play ${file.name}. Every browser plays MP4 with H.264 and WebM.`);
  }
}

/** A browser's own recordings do not state their length; seeking far beyond the end finds it. @param {HTMLVideoElement} video */
async function findDuration(video) {
  video.currentTime = 1e9;
  await new Promise((resolve) => video.addEventListener("durationchange", resolve, { once: true }));
  video.currentTime = 0;
  await video.play();
}

/** Close whatever plays. @param {HTMLVideoElement} video */
export function closeSource(video) {
  closeCamera(video);
  if (!video.src) return;
  video.pause();
  URL.revokeObjectURL(video.src);
  video.removeAttribute("src");
  video.load();
}

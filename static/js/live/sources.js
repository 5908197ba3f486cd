// The sources of the video: camera, sample video, a shared screen, a video file. Each plays on the page's video element.

import { translate } from "../ui/language.js";
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
    start: translate("Start the camera"), badge: translate("Live"), failed: translate("The camera did not start"), off: translate("The camera is off"),
    starting: { title: translate("Starting the camera …"), text: translate("Allow the camera if the browser asks.") },
  },
  sample: {
    start: translate("Use a sample video"), badge: translate("Sample video"), failed: translate("No sample video"), off: translate("The sample video is off"),
    starting: { title: translate("Starting the sample video …"), text: SAMPLE_CREDIT },
  },
  file: {
    start: translate("Open a video file"), badge: translate("Video file"), failed: translate("This video cannot be played"), off: translate("The video file is closed"),
    starting: { title: translate("Opening the video …"), text: translate("The file itself stays on this device.") },
  },
  screen: {
    start: translate("Share a screen or tab"), badge: translate("Shared screen"), failed: translate("Nothing is shared"), off: translate("Sharing has ended"),
    starting: { title: translate("Waiting for your choice …"), text: translate("The browser asks which screen, window or tab to share.") },
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
        throw new SourceError(translate("The sample video did not start: {reason}.", { reason: error instanceof Error ? error.message : String(error) }));
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
    throw new SourceError(name === "NotAllowedError" ? translate("The browser was not allowed to share. Try again and choose a screen, a window or a tab.")
      : translate("This browser or system cannot share a screen now. Use another source."));
  }
}

/** @param {HTMLVideoElement} video  @param {File} [file] */
async function openFile(video, file) {
  if (!file) throw new SourceError(translate("No file was chosen."));
  video.src = URL.createObjectURL(file);
  try {
    await video.play();
    if (!video.videoWidth) throw new Error("no video track");
    if (video.duration === Infinity) await findDuration(video);
  } catch {
    throw new SourceError(translate("This browser cannot play {file}. Every browser plays MP4 with H.264 and WebM.", { file: file.name }));
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

// The webcam: list, open and close cameras, with an error code for each way this can fail (camera-help.js).

import { translate } from "../ui/language.js";

/** @typedef {import("./camera-help.js").CameraCode} CameraCode */

/** The camera is not available. */
export class CameraError extends Error {
  /** @param {CameraCode} code */
  constructor(code) {
    super(`The camera is not available: ${code}`);
    this.name = "CameraError";
    this.code = code;
  }
}

/** @type {Record<string, CameraCode>} DOMException names of getUserMedia */
const CODES = {
  NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none",
  NotReadableError: "taken", AbortError: "taken",
};

/**
 * Open a camera and play it on a video element.
 * @param {HTMLVideoElement} video
 * @param {{deviceId?: string, onEnded: () => void}} options  `onEnded`: the camera was disconnected
 * @returns {Promise<{deviceId: string, facing: string}>}
 * @throws {CameraError}
 */
export async function openCamera(video, { deviceId, onEnded }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("insecure");
  closeCamera(video);
  const selector = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false, video: { ...selector, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
    });
    video.srcObject = stream;
    await video.play();
    const [track] = stream.getVideoTracks();
    track.addEventListener("ended", onEnded, { once: true });
    const settings = track.getSettings();
    return { deviceId: settings.deviceId ?? "", facing: settings.facingMode ?? "user" };
  } catch (error) {
    closeCamera(video);
    throw new CameraError(CODES[error instanceof Error ? error.name : ""] ?? "failed");
  }
}

/** Stop the camera. @param {HTMLVideoElement} video */
export function closeCamera(video) {
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** @returns {Promise<{id: string, name: string}[]>} with real names only after permission is granted */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput")
    .map((device, i) => ({ id: device.deviceId, name: device.label || translate("Camera {n}", { n: i + 1 }) }));
}

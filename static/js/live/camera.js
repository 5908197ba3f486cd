// The webcam: list, open and close cameras, with a message for each way this can fail.

/** The camera is not available. `code`: insecure, refused, none, taken, unplugged or failed. */
export class CameraError extends Error {
  /** @param {keyof typeof MESSAGES} code */
  constructor(code) {
    super(MESSAGES[code].title);
    this.name = "CameraError";
    this.code = code;
  }
}

/** Title and advice for each error code. */
export const MESSAGES = {
  insecure: {
    title: "This address cannot use a camera",
    text: "Browsers allow the camera only over HTTPS or on localhost. Open the site with https:// or at http://localhost. Photos work without a camera.",
  },
  refused: {
    title: "The camera is blocked",
    text: "The browser denied access to the camera. Allow it in the address bar (the camera or lock icon), then try again. Photos work without a camera.",
  },
  none: {
    title: "No camera was found",
    text: "Connect a camera or switch it on, then try again. Photos work without a camera.",
  },
  taken: {
    title: "The camera is in use",
    text: "Another program or tab is using it. Close that one, then try again.",
  },
  unplugged: {
    title: "The camera stopped",
    text: "It was unplugged, switched off, or its permission was revoked. Reconnect it, then try again.",
  },
  failed: {
    title: "The camera did not start",
    text: "The browser reported no reason. Try again, or choose another camera.",
  },
};

/** @type {Record<string, keyof typeof MESSAGES>} DOMException names of getUserMedia */
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
    .map((device, i) => ({ id: device.deviceId, name: device.label || `Camera ${i + 1}` }));
}

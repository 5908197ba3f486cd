// The webcam: list, open, close, and what to say when that does not work.

/** Why there is no picture. `code`: insecure, refused, none, taken, unplugged or failed. */
export class CameraError extends Error {
  /** @param {keyof typeof WORDS} code */
  constructor(code) {
    super(WORDS[code].title);
    this.name = "CameraError";
    this.code = code;
  }
}

/** What each trouble is called, and the way on. */
export const WORDS = {
  insecure: {
    title: "This address cannot use a camera",
    text: "Browsers allow cameras only over https, or on this same computer. Open the site with https://, or at http://localhost. Photos work without a camera.",
  },
  refused: {
    title: "The camera was not allowed",
    text: "The browser, or you, said no to the camera. Allow it in the browser’s address bar (the camera or lock sign), then try again. Photos work without a camera.",
  },
  none: {
    title: "No camera was found",
    text: "Plug one in or switch it on, then try again. Photos work without a camera.",
  },
  taken: {
    title: "The camera is in use",
    text: "Another program or tab holds it. Close that one, then try again.",
  },
  unplugged: {
    title: "The camera stopped",
    text: "It was unplugged, switched off, or its permission was withdrawn. Bring it back, then try again.",
  },
  failed: {
    title: "The camera did not start",
    text: "The browser gave no reason. Try again, or choose another camera.",
  },
};

/** @type {Record<string, keyof typeof WORDS>} DOMException names of getUserMedia */
const CODES = {
  NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none",
  NotReadableError: "taken", AbortError: "taken",
};

/**
 * Open a camera on a video element.
 * @param {HTMLVideoElement} video
 * @param {{deviceId?: string, onEnded: () => void}} options  `onEnded`: the camera went away by itself
 * @returns {Promise<{deviceId: string, facing: string}>}
 * @throws {CameraError}
 */
export async function openCamera(video, { deviceId, onEnded }) {
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError("insecure");
  closeCamera(video);
  const which = deviceId ? { deviceId: { exact: deviceId } } : { facingMode: "user" };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: false, video: { ...which, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
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

/** @param {HTMLVideoElement} video  the camera's light goes out */
export function closeCamera(video) {
  const stream = /** @type {MediaStream | null} */ (video.srcObject);
  for (const track of stream?.getTracks() ?? []) track.stop();
  video.srcObject = null;
}

/** @returns {Promise<{id: string, name: string}[]>} named only after permission was given */
export async function listCameras() {
  const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return devices.filter((device) => device.kind === "videoinput")
    .map((device, i) => ({ id: device.deviceId, name: device.label || `Camera ${i + 1}` }));
}

// The live page: connects camera, reader, player, panel and buttons.

import { browserOf, cameraHelp } from "../live/camera-help.js";
import { CameraError, closeCamera, listCameras, openCamera } from "../live/camera.js";
import { DeviceReader } from "../device/reader.js";
import { OFFLINE_MESSAGES, keepForOffline } from "../device/offline.js";
import { bindShortcuts } from "../ui/keyboard-shortcuts.js";
import { Panel } from "../live/panel.js";
import { Player } from "../live/player.js";
import { ServerReader } from "../live/server-reader.js";
import { SAMPLE_CREDIT, openSample } from "../live/sample-video.js";
import { Session } from "../live/session.js";
import { Stage } from "../live/stage.js";
import { buttonOf, get, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { LocationSwitch, addressWith, backendChoice, inferenceLocation } from "../ui/inference-location.js";

const stage = new Stage(partOf("stage"));
const panel = new Panel({ list: partOf("faces"), noFaces: partOf("no-faces"), figures: partOf("figures"), announcements: partOf("announcements") });
const session = new Session();
const video = get("video", HTMLVideoElement);
const cameras = get("camera", HTMLSelectElement);
const models = get("model", HTMLSelectElement);
const smoothing = get("smoothing", HTMLInputElement);
const locationSwitch = new LocationSwitch(partOf("location-switch"));
const VIDEO_BUTTONS = ["pause", "mirror", "snapshot", "record", "full", "stop"].map(buttonOf);
// The reader itself reports a lost connection; the next frame resolves the other errors.
const IGNORED = new Set(["disconnected", "replaced", "too_fast"]);
/** @type {import("../live/stage.js").Action} */
const START_CAMERA = { label: "Start the camera", primary: true, onClick: () => void startCamera() };
/** @type {import("../live/stage.js").Action} */
const SAMPLE = { label: "Use a sample video", onClick: () => void startSample() };
const PHOTOS = { label: "Use photos instead", href: "/photos" };
/** @type {"camera" | "sample"} what the video shows */
let source = "camera";

const player = new Player(video, get("canvas", HTMLCanvasElement), {
  onReading(reading, tracks, frame, timing) {
    stage.showStatus("");
    session.add(reading, tracks, Date.now() - (performance.now() - frame.time));
    panel.update(player.tracker.tracks, frame.time);
    panel.showTiming(timing, performance.now(), player.clock.delay);
    if (session.recording) showSession();
  },
  onError(error) {
    if (IGNORED.has(error.code)) return;
    stage.showStatus(error.message);
  },
  onDraw: (boxes) => panel.markBoxes(boxes),
});

/** @param {"live" | "paused" | "off"} state  @param {string} text */
function showBadge(state, text) {
  const element = partOf("badge-state");
  element.dataset.state = state;
  element.textContent = text;
}

/** Switch to this reader. @param {import("../types.js").Reader} reader */
async function useReader(reader) {
  player.reader?.stop();
  player.reader = null;
  partOf("timing-location").textContent = reader.location;
  await reader.start({
    onState(state, message) {
      partOf("live").dataset.reader = state;
      stage.showStatus(state === "ready" ? "" : message);
      if (state === "ready") offerModels(reader.models);
    },
  });
  player.reader = reader;
}

/** Prepare this device before the camera starts, so that its first frame does not wait. */
async function useDevice() {
  const reader = new DeviceReader({ model: new URLSearchParams(location.search).get("model") ?? "", backend: backendChoice() });
  reader.onRunning = (running) => locationSwitch.showBackend(running);
  reader.onNote = (message) => locationSwitch.setStatus("note", message);
  reader.onDownload = (message) => stage.showStatus(message);
  try {
    await useReader(reader);
    locationSwitch.setStatus("offline", OFFLINE_MESSAGES[await keepForOffline(reader)]);
  } catch (error) {
    partOf("live").dataset.reader = "lost";
    const message = error instanceof Error ? error.message : String(error);
    stage.showStatus("");
    locationSwitch.setStatus("note", message);
    stage.showMessage("device-failed", { title: "Inference on this device failed", text: message }, [
      { label: "Try again", primary: true, onClick: () => location.reload() }, { label: "Switch to the server", href: addressWith({ on: null, backend: null }) }]);
  }
}

/** @param {import("../types.js").Model[]} offered */
function offerModels(offered) {
  const requested = player.model?.name ?? new URLSearchParams(location.search).get("model");
  const chosen = offered.find((model) => model.name === requested) ?? offered.find((model) => model.default) ?? offered[0];
  models.replaceChildren(...offered.map((model) => new Option(model.title, model.name, false, model === chosen)));
  showChoice(models, offered.length);
  player.model = chosen ?? null;
  models.onchange = () => {
    player.model = offered.find((model) => model.name === models.value) ?? null;
    history.replaceState(null, "", addressWith({ model: models.value }));
  };
  if (!chosen) stage.showStatus("The server has no model. See the log of the server.");
}

/** Show a list with its label if there is something to choose. @param {HTMLSelectElement} select  @param {number} count */
function showChoice(select, count) {
  const label = select.closest("label");
  if (label) label.hidden = count < 2;
}

/** @param {string} [deviceId] */
async function startCamera(deviceId) {
  source = "camera";
  buttonOf("use-camera").hidden = true;
  stage.showMessage("starting", { title: "Starting the camera …", text: "Allow the camera if the browser asks." });
  try {
    const camera = await openCamera(video, { deviceId, onEnded: () => fail(new CameraError("unplugged")) });
    player.mirror = camera.facing !== "environment";
    buttonOf("mirror").setAttribute("aria-pressed", String(player.mirror));
    const found = await listCameras();
    cameras.replaceChildren(...found.map(({ id, name }) => new Option(name, id, false, id === camera.deviceId)));
    showChoice(cameras, found.length);
  } catch (error) {
    fail(error instanceof CameraError ? error : new CameraError("failed"));
    return;
  }
  await startPlayer();
}

/** Play the sample video in the camera's place. */
async function startSample() {
  closeCamera(video);
  source = "sample";
  stage.showMessage("starting", { title: "Starting the sample video …", text: SAMPLE_CREDIT });
  try {
    await openSample(video);
  } catch (error) {
    stopVideo();
    const text = `The sample video did not start: ${error instanceof Error ? error.message : error}.`;
    stage.showMessage("sample-failed", { title: "No sample video", text }, [START_CAMERA, PHOTOS]);
    return;
  }
  player.mirror = false;
  buttonOf("mirror").setAttribute("aria-pressed", "false");
  showChoice(cameras, 0);
  await startPlayer();
}

/** The video plays: show the controls, read its frames. */
async function startPlayer() {
  for (const button of VIDEO_BUTTONS) button.hidden = false;
  buttonOf("full").hidden = !document.fullscreenEnabled;
  buttonOf("use-camera").hidden = source !== "sample" || !navigator.mediaDevices;
  partOf("before").hidden = true;
  panel.clear();
  setPaused(false);
  player.start();
  if (!player.reader && inferenceLocation() === "server") await useReader(new ServerReader());
}

/** @param {CameraError} error */
function fail(error) {
  stopVideo();
  const again = { label: "Try again", primary: true, onClick: () => void startCamera() };
  const help = cameraHelp(error.code, { browser: browserOf(navigator.userAgent, navigator.maxTouchPoints), host: location.host });
  stage.showMessage(error.code, help, error.code === "insecure" ? [{ ...SAMPLE, primary: true }, PHOTOS] : [again, SAMPLE, PHOTOS]);
}

function stopVideo() {
  player.stop();
  closeCamera(video);
  panel.clear();
  if (session.recording) setRecording(false);
  for (const button of [...VIDEO_BUTTONS, buttonOf("use-camera")]) button.hidden = true;
  showBadge("off", "Off");
}

const liveText = () => (source === "sample" ? "Sample video" : "Live");

/** @param {boolean} paused */
function setPaused(paused) {
  player.paused = paused;
  const button = buttonOf("pause");
  button.setAttribute("aria-pressed", String(paused));
  stage.showVideo(paused ? "paused" : "live");
  showBadge(paused ? "paused" : "live", paused ? "Paused: no frames are sent" : liveText());
}

/** @param {boolean} on */
function setRecording(on) {
  if (on) session.start();
  else session.stop();
  buttonOf("record").setAttribute("aria-pressed", String(on));
  showSession();
}

function showSession() {
  const count = session.rows.length;
  partOf("session").hidden = false;
  partOf("badge-recording").hidden = !session.recording;
  partOf("recorded").textContent = String(count);
  const text = session.recording ? `Recording: ${count} results so far` : `Recorded: ${count} results, kept only in this page until you save them`;
  partOf("session-status").textContent = session.full ? "The recording is full. Save it, then start a new one." : text;
  for (const id of ["save-csv", "save-json"]) buttonOf(id).hidden = count === 0;
}

/** @type {Record<string, () => void>} */
const ACTIONS = {
  start: () => void startCamera(),
  sample: () => void startSample(),
  "use-camera": () => void startCamera(),
  pause: () => setPaused(!player.paused),
  mirror() {
    player.mirror = !player.mirror;
    buttonOf("mirror").setAttribute("aria-pressed", String(player.mirror));
  },
  async snapshot() {
    const blob = await player.snapshot();
    if (blob) download(blob, fileName("snapshot", "png"));
  },
  record: () => setRecording(!session.recording),
  full: () => void (document.fullscreenElement ? document.exitFullscreen() : stage.element.requestFullscreen()),
  stop() {
    stopVideo();
    const title = source === "sample" ? "The sample video is off" : "The camera is off";
    stage.showMessage("stopped", { title, text: "No frames are sent." }, [START_CAMERA, SAMPLE]);
  },
  help: () => get("shortcuts", HTMLDialogElement).showModal(),
  "save-csv": () => download(new Blob([session.csv()], { type: "text/csv" }), fileName("session", "csv")),
  "save-json": () => download(new Blob([session.json()], { type: "application/json" }), fileName("session", "json")),
};
for (const [id, action] of Object.entries(ACTIONS)) buttonOf(id).addEventListener("click", action);

cameras.addEventListener("change", () => void startCamera(cameras.value));
smoothing.addEventListener("input", () => {
  player.tracker.smoothing = 1000 * smoothing.valueAsNumber;
  get("smoothing-value", HTMLOutputElement).value = `${smoothing.valueAsNumber.toFixed(1)} s`;
});
document.addEventListener("visibilitychange", () => {
  if (!video.srcObject || player.paused) return;
  showBadge(document.hidden ? "paused" : "live", document.hidden ? "Paused: the tab was hidden" : liveText());
});
bindShortcuts(partOf("toolbar"), partOf("shortcut-list"));
partOf("host").textContent = `this server (${location.host})`;
if (inferenceLocation() === "device") void useDevice();
if (new URLSearchParams(location.search).get("source") === "sample") void startSample();
else if (!window.isSecureContext || !navigator.mediaDevices) fail(new CameraError("insecure"));

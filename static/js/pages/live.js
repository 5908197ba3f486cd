// The live page: ties camera, reader, player, panel and buttons together.

import { CameraError, WORDS, closeCamera, listCameras, openCamera } from "../live/camera.js";
import { DeviceReader } from "../device/reader.js";
import { WORDS as KEPT, keepForOffline } from "../device/offline.js";
import { bindHotkeys } from "../ui/keyboard-shortcuts.js";
import { Panel } from "../live/panel.js";
import { Player } from "../live/player.js";
import { ServerReader } from "../live/server-reader.js";
import { Session, download, fileName } from "../live/session.js";
import { Stage } from "../live/stage.js";
import { WhereSwitch, addressWith, place, wish } from "../ui/inference-location.js";

/** @template {HTMLElement} T  @param {string} id  @param {new () => T} type  @returns {T} */
function get(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is not on this page`);
  return found;
}
/** @param {string} id */
const buttonOf = (id) => get(id, HTMLButtonElement);
/** @param {string} id */
const partOf = (id) => get(id, HTMLElement);

const stage = new Stage(partOf("stage"));
const panel = new Panel({ list: partOf("faces"), nobody: partOf("nobody"), figures: partOf("figures"), spoken: partOf("spoken") });
const session = new Session();
const video = get("video", HTMLVideoElement);
const cameras = get("camera", HTMLSelectElement);
const models = get("model", HTMLSelectElement);
const smoothing = get("smoothing", HTMLInputElement);
const where = new WhereSwitch(partOf("where"));
const TOOLS = ["pause", "mirror", "snapshot", "record", "full", "stop"].map(buttonOf);
// The reader says itself that it is disconnected; the others pass with the next frame.
const QUIET = new Set(["disconnected", "replaced", "too_fast"]);
const PHOTOS = { label: "Use photos instead", href: "/photos" };

const player = new Player(video, get("canvas", HTMLCanvasElement), {
  onReading(reading, tracks, frame, timing) {
    stage.remark("");
    session.add(reading, tracks, Date.now() - (performance.now() - frame.time));
    panel.update(player.tracker.tracks, frame.time);
    panel.time(timing, performance.now(), player.clock.delay);
    if (session.recording) showSession();
  },
  onTrouble(error) {
    if (QUIET.has(error.code)) return;
    stage.remark(error.message);
  },
  onDraw: (boxes) => panel.mark(boxes),
});

/** @param {"live" | "paused" | "off"} state  @param {string} words */
function badge(state, words) {
  const element = partOf("badge-state");
  element.dataset.state = state;
  element.textContent = words;
}

/** Read with this reader from now on. @param {import("../types.js").Reader} reader */
async function useReader(reader) {
  player.reader?.stop();
  player.reader = null;
  partOf("place").textContent = reader.place ?? "this device";
  await reader.start({
    onState(state, words) {
      partOf("live").dataset.reader = state;
      stage.remark(state === "ready" ? "" : words);
      if (state === "ready") offerModels(reader.models);
    },
  });
  player.reader = reader;
}

/** Prepare this device before the camera starts, so that its first frame does not wait. */
async function useDevice() {
  const reader = new DeviceReader({ model: new URLSearchParams(location.search).get("model") ?? "", backend: wish() });
  reader.onRunning = (running) => where.tell(running);
  reader.onNote = (words) => where.say("note", words);
  reader.onFetching = (words) => stage.remark(words);
  try {
    await useReader(reader);
    where.say("kept", KEPT[await keepForOffline(reader)]);
  } catch (error) {
    partOf("live").dataset.reader = "lost";
    const words = error instanceof Error ? error.message : String(error);
    stage.remark("");
    where.say("note", words);
    stage.say("device-failed", { title: "This device cannot read faces now", text: words }, [
      { label: "Try again", primary: true, act: () => location.reload() }, { label: "Read on the server", href: addressWith({ on: null, backend: null }) }]);
  }
}

/** @param {import("../types.js").Model[]} offered */
function offerModels(offered) {
  const wanted = player.model?.name ?? new URLSearchParams(location.search).get("model");
  const chosen = offered.find((model) => model.name === wanted) ?? offered.find((model) => model.default) ?? offered[0];
  models.replaceChildren(...offered.map((model) => new Option(model.title, model.name, false, model === chosen)));
  models.disabled = offered.length < 2;
  player.model = chosen ?? null;
  models.onchange = () => {
    player.model = offered.find((model) => model.name === models.value) ?? null;
    history.replaceState(null, "", addressWith({ model: models.value }));
  };
  if (!chosen) stage.remark("The server has no model. Its log says why.");
}

/** @param {string} [deviceId] */
async function startCamera(deviceId) {
  stage.say("starting", { title: "Starting the camera …", text: "If the browser asks, allow it." });
  try {
    const camera = await openCamera(video, { deviceId, onEnded: () => fail(new CameraError("unplugged")) });
    player.mirror = camera.facing !== "environment";
    buttonOf("mirror").setAttribute("aria-pressed", String(player.mirror));
    const found = await listCameras();
    cameras.replaceChildren(...found.map(({ id, name }) => new Option(name, id, false, id === camera.deviceId)));
    cameras.disabled = found.length < 2;
  } catch (error) {
    fail(error instanceof CameraError ? error : new CameraError("failed"));
    return;
  }
  for (const tool of TOOLS) tool.disabled = false;
  buttonOf("full").hidden = !document.fullscreenEnabled;
  partOf("before").hidden = true;
  panel.clear();
  setPaused(false);
  player.start();
  if (!player.reader && place() === "server") await useReader(new ServerReader());
}

/** @param {CameraError} error */
function fail(error) {
  stopCamera();
  const again = { label: "Try again", primary: true, act: () => void startCamera() };
  stage.say(error.code, WORDS[error.code], error.code === "insecure" ? [PHOTOS] : [again, PHOTOS]);
}

function stopCamera() {
  player.stop();
  closeCamera(video);
  panel.clear();
  if (session.recording) setRecording(false);
  for (const tool of TOOLS) tool.disabled = true;
  badge("off", "Off");
}

/** @param {boolean} paused */
function setPaused(paused) {
  player.paused = paused;
  const button = buttonOf("pause");
  button.setAttribute("aria-pressed", String(paused));
  stage.show(paused ? "paused" : "live");
  badge(paused ? "paused" : "live", paused ? "Paused: nothing is sent" : "Live");
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
  const words = session.recording ? `Recording in this page: ${count} readings so far` : `Recorded: ${count} readings, in this page alone until you save them`;
  partOf("session-words").textContent = session.full ? "The recording is full. Save it, then begin another." : words;
  for (const id of ["save-csv", "save-json"]) buttonOf(id).disabled = count === 0;
}

/** @type {Record<string, () => void>} */
const CLICKS = {
  start: () => void startCamera(),
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
    stopCamera();
    stage.say("stopped", { title: "The camera is off", text: "Nothing is sent." }, [{ label: "Start again", primary: true, act: () => void startCamera() }]);
  },
  help: () => get("keys", HTMLDialogElement).showModal(),
  "save-csv": () => download(new Blob([session.csv()], { type: "text/csv" }), fileName("session", "csv")),
  "save-json": () => download(new Blob([session.json()], { type: "application/json" }), fileName("session", "json")),
};
for (const [id, act] of Object.entries(CLICKS)) buttonOf(id).addEventListener("click", act);

cameras.addEventListener("change", () => void startCamera(cameras.value));
smoothing.addEventListener("input", () => {
  player.tracker.smoothing = 1000 * smoothing.valueAsNumber;
  get("smoothing-value", HTMLOutputElement).value = `${smoothing.valueAsNumber.toFixed(1)} s`;
});
document.addEventListener("visibilitychange", () => {
  if (!video.srcObject || player.paused) return;
  badge(document.hidden ? "paused" : "live", document.hidden ? "Paused: the tab was hidden" : "Live");
});
bindHotkeys(partOf("toolbar"), get("key-list", HTMLElement));
partOf("host").textContent = `this server (${location.host})`;
if (place() === "device") void useDevice();
if (!window.isSecureContext || !navigator.mediaDevices) fail(new CameraError("insecure"));

// The live page: connects sources, reader, player, views, panel and buttons.

import { browserOf, cameraHelp } from "../live/camera-help.js";
import { CameraError, listCameras } from "../live/camera.js";
import { ChallengeView } from "../live/challenge-view.js";
import { DeviceReader } from "../device/reader.js";
import { OFFLINE_MESSAGES, keepForOffline } from "../device/offline.js";
import { FaceTiles } from "../live/face-tiles.js";
import { FullScreen } from "../live/full-screen.js";
import { LargeVotes } from "../live/large-votes.js";
import { bindShortcuts } from "../ui/keyboard-shortcuts.js";
import { Panel } from "../live/panel.js";
import { PictureInPicture, canFloat } from "../live/picture-in-picture.js";
import { Player } from "../live/player.js";
import { ServerReader } from "../live/server-reader.js";
import { Recording } from "../live/recording.js";
import { SessionTimeline } from "../live/session-timeline.js";
import { SOURCES, canShareScreen, closeSource, openSource } from "../live/sources.js";
import { Stage } from "../live/stage.js";
import { Views } from "../live/views.js";
import { buttonOf, get, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { LocationSwitch, addressWith, backendChoice, inferenceLocation } from "../ui/inference-location.js";

const stage = new Stage(partOf("stage"));
const panel = new Panel({ list: partOf("faces"), noFaces: partOf("no-faces"), figures: partOf("figures"), announcements: partOf("announcements") });
const recording = new Recording();
const video = get("video", HTMLVideoElement);
const cameras = get("camera", HTMLSelectElement);
const models = get("model", HTMLSelectElement);
const smoothing = get("smoothing", HTMLInputElement);
const locationSwitch = new LocationSwitch(partOf("location-switch"));
const VIDEO_BUTTONS = ["pause", "mirror", "snapshot", "record", "full", "stop"].map(buttonOf);
// The reader itself reports a lost connection; the next frame resolves the other errors.
const IGNORED = new Set(["disconnected", "replaced", "too_fast"]);
const PHOTOS = { label: "Use photos instead", href: "/photos" };
const fileInput = get("file", HTMLInputElement);
// Parts of the stage, which picture-in-picture moves to another document
const badge = partOf("badge-state");
const parts = { large: partOf("large-votes"), faces: partOf("face-tiles"), challenge: partOf("challenge") };
const largeVotes = new LargeVotes(parts.large);
const tiles = new FaceTiles(parts.faces);
const challenge = new ChallengeView((expression) => history.replaceState(null, "", addressWith({ expression })));
const fullScreen = new FullScreen(partOf("live-video"), buttonOf("full"));
/** @type {import("../live/sources.js").SourceName} what the video shows */
let source = "camera";

const player = new Player(video, get("canvas", HTMLCanvasElement), {
  onReading(reading, tracks, frame, timing) {
    stage.showStatus("");
    recording.add(reading, tracks, Date.now() - (performance.now() - frame.time));
    timeline.add(frame, tracks, `${reading.model.name} ${reading.model.version}`);
    if (views.current === "challenge") challenge.add(frame, tracks, player.boxesAt(frame.time), player.mirror);
    const present = panel.update(player.tracker.tracks, frame.time);
    if (present) showFaces(present);
    panel.showTiming(timing, performance.now(), player.clock.delay);
  },
  onError(error) {
    if (IGNORED.has(error.code)) return;
    stage.showStatus(error.message);
  },
  onDraw(boxes, frame) {
    panel.markBoxes(boxes);
    recording.draw(frame, boxes, player.mirror);
    if (views.current === "faces") tiles.draw(boxes, frame, player.mirror);
  },
});

const timeline = new SessionTimeline((time) => {
  player.jump();
  video.currentTime = time;
});

const float = new PictureInPicture(stage.element, player, (active) => {
  buttonOf("float").setAttribute("aria-pressed", String(active));
  buttonOf("full").hidden = active || buttonOf("stop").hidden;
  if (active) fullScreen.leave();
});

const views = new Views(partOf("views"), (view) => {
  stage.element.dataset.view = view;
  parts.large.hidden = view !== "large";
  parts.faces.hidden = view !== "faces";
  parts.challenge.hidden = view !== "challenge" || !video.videoWidth;
  challenge.reset();
  history.replaceState(null, "", addressWith({ view: view === "video" ? null : view, expression: view === "challenge" ? challenge.expression : null }));
  showFaces(player.tracker.tracks);
  player.redraw();
});

/** @param {import("../vision/tracking.js").Track[]} present  the faces in view */
function showFaces(present) {
  if (views.current === "large") largeVotes.update(present);
  if (views.current === "faces") tiles.update(present);
}

/** @param {"live" | "paused" | "off"} state  @param {string} text */
function showBadge(state, text) {
  badge.dataset.state = state;
  badge.textContent = text;
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
  setModel(chosen ?? null);
  models.onchange = () => {
    setModel(offered.find((model) => model.name === models.value) ?? null);
    history.replaceState(null, "", addressWith({ model: models.value }));
  };
  if (!chosen) stage.showStatus("The server has no model. See the log of the server.");
}

/** @param {import("../types.js").Model | null} model */
function setModel(model) {
  player.model = model;
  challenge.setModel(model);
}

/** Show a list with its label if there is something to choose. @param {HTMLSelectElement} select  @param {number} count */
function showChoice(select, count) {
  const label = select.closest("label");
  if (label) label.hidden = count < 2;
}

/** @param {import("../live/sources.js").SourceName} name  @param {boolean} [primary]  @returns {import("../live/stage.js").Action} */
const startAction = (name, primary) => ({ label: SOURCES[name].start, primary, onClick: () => choose(name) });

/** The ways to start, in a message over the video. @param {import("../live/sources.js").SourceName} [first] */
function startActions(first = source) {
  const others = /** @type {const} */ (["camera", "sample", "file", ...(canShareScreen() ? ["screen"] : [])]).filter((name) => name !== first);
  return [startAction(first, true), ...others.map((name) => startAction(/** @type {any} */ (name)))];
}

/** Start a source; a file has to be chosen first. @param {import("../live/sources.js").SourceName} name */
function choose(name) {
  if (name === "file") fileInput.click();
  else void startSource(name);
}

/** @param {import("../live/sources.js").SourceName} name  @param {{deviceId?: string, file?: File}} [options] */
async function startSource(name, options = {}) {
  closeSource(video);
  source = name;
  buttonOf("use-camera").hidden = true;
  stage.showMessage("starting", SOURCES[name].starting);
  try {
    const { mirror, deviceId } = await openSource(name, video, { ...options, onEnded: endSource });
    setMirror(mirror);
    const found = name === "camera" ? await listCameras() : [];
    cameras.replaceChildren(...found.map(({ id, name: label }) => new Option(label, id, false, id === deviceId)));
    showChoice(cameras, found.length);
  } catch (error) {
    fail(error instanceof Error ? error : new CameraError("failed"));
    return;
  }
  await startPlayer();
}

/** @param {boolean} mirror */
function setMirror(mirror) {
  player.mirror = mirror;
  buttonOf("mirror").setAttribute("aria-pressed", String(mirror));
}

/** The video plays: show the controls, read its frames. */
async function startPlayer() {
  showControls(true);
  partOf("before").hidden = true;
  history.replaceState(null, "", addressWith({ source: source === "camera" ? null : source }));
  panel.clear();
  player.paused = false;
  player.still = source === "file" && video.paused;
  showPaused(player.still);
  beginSession();
  player.start();
  if (!player.reader && inferenceLocation() === "server") await useReader(new ServerReader());
}

/** A session continues when the same source starts again; a file is a session of its own. */
function beginSession() {
  const duration = source === "file" ? video.duration : 0;
  if (duration || timeline.source !== SOURCES[source].badge) timeline.begin(SOURCES[source].badge, Number.isFinite(duration) ? duration : 0);
}

/** Controls are shown only while they can be used. @param {boolean} playing */
function showControls(playing) {
  const whilePlaying = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-while-playing]"));
  for (const element of [...VIDEO_BUTTONS, partOf("views"), ...whilePlaying]) element.hidden = !playing;
  buttonOf("float").hidden = !playing || !canFloat();
  buttonOf("full").hidden ||= float.active;
  parts.challenge.hidden = !playing || views.current !== "challenge";
  challenge.reset();
  buttonOf("use-camera").hidden = !playing || source === "camera" || !navigator.mediaDevices;
}

/** The camera was disconnected, or sharing was stopped in the browser. */
function endSource() {
  if (source === "camera") fail(new CameraError("unplugged"));
  else stopSource();
}

/** @param {Error} error */
function fail(error) {
  stopVideo();
  if (!(error instanceof CameraError)) {
    stage.showMessage(`${source}-failed`, { title: SOURCES[source].failed, text: error.message }, [...startActions(), PHOTOS]);
    return;
  }
  const again = { label: "Try again", primary: true, onClick: () => choose("camera") };
  const help = cameraHelp(error.code, { browser: browserOf(navigator.userAgent, navigator.maxTouchPoints), host: location.host });
  const insecure = error.code === "insecure";
  stage.showMessage(error.code, help, [...(insecure ? [] : [again]), startAction("sample", insecure), startAction("file"), PHOTOS]);
}

function stopSource() {
  stopVideo();
  stage.showMessage("stopped", { title: SOURCES[source].off, text: "No frames are sent." }, startActions());
}

function stopVideo() {
  float.close();
  player.stop();
  closeSource(video);
  panel.clear();
  if (recording.on) recording.set(false);
  showControls(false);
  showBadge("off", "Off");
}

/** @param {boolean} paused */
function setPaused(paused) {
  if (source === "file") return void (paused ? video.pause() : video.play());
  player.paused = paused;
  showPaused(paused);
}

/** @param {boolean} paused */
function showPaused(paused) {
  buttonOf("pause").setAttribute("aria-pressed", String(paused));
  stage.showVideo(paused ? "paused" : "live");
  showBadge(paused ? "paused" : "live", paused ? (source === "file" ? "Paused" : "Paused: no frames are sent") : SOURCES[source].badge);
}

for (const event of ["play", "pause"]) {
  video.addEventListener(event, () => {
    if (source !== "file" || !video.src) return;
    player.still = video.paused;
    showPaused(video.paused);
  });
}

for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, () => source === "file" && timeline.moveTo(video.currentTime));

/** @type {Record<string, () => void>} */
const ACTIONS = {
  start: () => choose("camera"),
  sample: () => choose("sample"),
  "open-file": () => choose("file"),
  "share-screen": () => choose("screen"),
  "use-camera": () => choose("camera"),
  pause: () => setPaused(source === "file" ? !video.paused : !player.paused),
  mirror: () => setMirror(!player.mirror),
  async snapshot() {
    const blob = await player.snapshot();
    if (blob) download(blob, fileName("snapshot", "png"));
  },
  record: () => recording.set(!recording.on, player.shown ?? undefined),
  full: () => fullScreen.toggle(),
  float: () => float.toggle().catch(() => stage.showStatus("The browser did not open the window. Try again with the button.")),
  stop: stopSource,
  help: () => get("shortcuts", HTMLDialogElement).showModal(),
};
for (const [id, action] of Object.entries(ACTIONS)) buttonOf(id).addEventListener("click", action);

cameras.addEventListener("change", () => void startSource("camera", { deviceId: cameras.value }));
fileInput.addEventListener("change", () => {
  const [file] = fileInput.files ?? [];
  fileInput.value = ""; // so that the same file can be chosen again
  if (file) void startSource("file", { file });
});
stage.element.addEventListener("dragover", (event) => event.preventDefault());
stage.element.addEventListener("drop", (event) => {
  event.preventDefault();
  const [file] = event.dataTransfer?.files ?? [];
  if (file) void startSource("file", { file });
});
smoothing.addEventListener("input", () => {
  player.tracker.smoothing = 1000 * smoothing.valueAsNumber;
  get("smoothing-value", HTMLOutputElement).value = `${smoothing.valueAsNumber.toFixed(1)} s`;
});
document.addEventListener("visibilitychange", () => {
  if (float.active) return;
  if (source === "file" && document.hidden) video.pause();
  if (!video.srcObject || player.paused) return;
  showBadge(document.hidden ? "paused" : "live", document.hidden ? "Paused: the tab was hidden" : SOURCES[source].badge);
});
bindShortcuts(partOf("live"), partOf("shortcut-list"));
partOf("host").textContent = `this server (${location.host})`;
buttonOf("share-screen").hidden = !canShareScreen();
if (inferenceLocation() === "device") void useDevice();
const query = new URLSearchParams(location.search);
challenge.expression = query.get("expression") ?? challenge.expression;
views.show(query.get("view") ?? "");
const linked = query.get("source");
if (linked === "sample") void startSource("sample");
else if (linked === "file" || linked === "screen") offerFirst(buttonOf(linked === "file" ? "open-file" : "share-screen"));
else if (!window.isSecureContext || !navigator.mediaDevices) fail(new CameraError("insecure"));

/** The source that the link names needs a click: its button comes first. @param {HTMLButtonElement} button */
function offerFirst(button) {
  buttonOf("start").classList.remove("primary");
  button.classList.add("primary");
  button.parentElement?.prepend(button);
}

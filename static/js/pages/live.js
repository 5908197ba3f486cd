// The live page: connects sources, reader, player, views, panel and buttons.

import { ChallengeView } from "../live/challenge-view.js";
import { FaceTiles } from "../live/face-tiles.js";
import { FullScreen } from "../live/full-screen.js";
import { LargeVotes } from "../live/large-votes.js";
import { bindShortcuts } from "../ui/keyboard-shortcuts.js";
import { Panel } from "../live/panel.js";
import { PictureInPicture, canFloat } from "../live/picture-in-picture.js";
import { Player } from "../live/player.js";
import { ReaderChoice } from "../live/reader-choice.js";
import { Recording } from "../live/recording.js";
import { SessionTimeline } from "../live/session-timeline.js";
import { SourceChoice } from "../live/source-choice.js";
import { closeSource } from "../live/sources.js";
import { Stage } from "../live/stage.js";
import { Views } from "../live/views.js";
import { buttonOf, get, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { addressWith } from "../ui/inference-location.js";
import { formatNumber, translate } from "../ui/language.js";

const stage = new Stage(partOf("stage"));
const panel = new Panel({ list: partOf("faces"), noFaces: partOf("no-faces"), figures: partOf("figures"), announcements: partOf("announcements") });
const recording = new Recording();
const video = get("video", HTMLVideoElement);
const smoothing = get("smoothing", HTMLInputElement);
const VIDEO_BUTTONS = ["pause", "mirror", "snapshot", "record", "full", "stop"].map(buttonOf);
// The reader itself reports a lost connection; the next frame resolves the other errors.
const IGNORED = new Set(["disconnected", "replaced", "too_fast"]);
// Parts of the stage, which picture-in-picture moves to another document
const badge = partOf("badge-state");
const parts = { large: partOf("large-votes"), faces: partOf("face-tiles"), challenge: partOf("challenge") };
const largeVotes = new LargeVotes(parts.large);
const tiles = new FaceTiles(parts.faces);
const challenge = new ChallengeView((expression) => history.replaceState(null, "", addressWith({ expression })));
const fullScreen = new FullScreen(partOf("live-video"), buttonOf("full"));
const source = new SourceChoice(video, stage, { onOpen: setMirror, onPlay: startPlayer, onStop: stopVideo });

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

const readers = new ReaderChoice(player, stage, (model) => challenge.setModel(model));

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

/** @param {boolean} mirror */
function setMirror(mirror) {
  player.mirror = mirror;
  buttonOf("mirror").setAttribute("aria-pressed", String(mirror));
}

/** The video plays: show the controls, read its frames. */
async function startPlayer() {
  showControls(true);
  partOf("before").hidden = true;
  history.replaceState(null, "", addressWith({ source: source.name === "camera" ? null : source.name }));
  panel.clear();
  player.paused = false;
  player.still = source.name === "file" && video.paused;
  showPaused(player.still);
  beginSession();
  player.start();
  await readers.connect();
}

/** A session continues when the same source starts again; a file is a session of its own. */
function beginSession() {
  const duration = source.name === "file" ? video.duration : 0;
  if (duration || timeline.source !== source.texts.badge) timeline.begin(source.texts.badge, Number.isFinite(duration) ? duration : 0);
}

/** Controls are shown only while they can be used. @param {boolean} playing */
function showControls(playing) {
  const whilePlaying = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-while-playing]"));
  for (const element of [...VIDEO_BUTTONS, partOf("views"), ...whilePlaying]) element.hidden = !playing;
  buttonOf("float").hidden = !playing || !canFloat();
  buttonOf("full").hidden ||= float.active;
  parts.challenge.hidden = !playing || views.current !== "challenge";
  challenge.reset();
  buttonOf("use-camera").hidden = !playing || source.name === "camera" || !navigator.mediaDevices;
}

function stopVideo() {
  float.close();
  player.stop();
  closeSource(video);
  panel.clear();
  if (recording.on) recording.set(false);
  showControls(false);
  showBadge("off", translate("Off"));
}

/** @param {boolean} paused */
function setPaused(paused) {
  if (source.name === "file") return void (paused ? video.pause() : video.play());
  player.paused = paused;
  showPaused(paused);
}

/** @param {boolean} paused */
function showPaused(paused) {
  buttonOf("pause").setAttribute("aria-pressed", String(paused));
  stage.showVideo(paused ? "paused" : "live");
  showBadge(paused ? "paused" : "live", paused ? (source.name === "file" ? translate("Paused") : translate("Paused: no frames are sent")) : source.texts.badge);
}

for (const event of ["play", "pause"]) {
  video.addEventListener(event, () => {
    if (source.name !== "file" || !video.src) return;
    player.still = video.paused;
    showPaused(video.paused);
  });
}

for (const event of ["timeupdate", "seeked"]) video.addEventListener(event, () => source.name === "file" && timeline.moveTo(video.currentTime));

/** @type {Record<string, () => void>} */
const ACTIONS = {
  start: () => source.choose("camera"),
  sample: () => source.choose("sample"),
  "open-file": () => source.choose("file"),
  "share-screen": () => source.choose("screen"),
  "use-camera": () => source.choose("camera"),
  pause: () => setPaused(source.name === "file" ? !video.paused : !player.paused),
  mirror: () => setMirror(!player.mirror),
  async snapshot() {
    const blob = await player.snapshot();
    if (blob) download(blob, fileName("snapshot", "png"));
  },
  record: () => recording.set(!recording.on, player.shown ?? undefined),
  full: () => fullScreen.toggle(),
  float: () => float.toggle().catch(() => stage.showStatus(translate("The browser did not open the window. Try again with the button."))),
  stop: () => source.stop(),
  help: () => get("shortcuts", HTMLDialogElement).showModal(),
};
for (const [id, action] of Object.entries(ACTIONS)) buttonOf(id).addEventListener("click", action);

smoothing.addEventListener("input", () => {
  player.tracker.smoothing = 1000 * smoothing.valueAsNumber;
  get("smoothing-value", HTMLOutputElement).value = `${formatNumber(smoothing.valueAsNumber, 1)} s`;
});
document.addEventListener("visibilitychange", () => {
  if (float.active) return;
  if (source.name === "file" && document.hidden) video.pause();
  if (!video.srcObject || player.paused) return;
  showBadge(document.hidden ? "paused" : "live", document.hidden ? translate("Paused: the tab was hidden") : source.texts.badge);
});
bindShortcuts(partOf("live"), partOf("shortcut-list"));
partOf("host").textContent = translate("this server ({host})", { host: location.host });
void readers.prepare();
const query = new URLSearchParams(location.search);
challenge.expression = query.get("expression") ?? challenge.expression;
views.show(query.get("view") ?? "");
source.follow(query.get("source"));

// The choice of the source: its buttons, the list of cameras, dropped files, and the messages when a source does not start.

import { browserOf, cameraHelp } from "./camera-help.js";
import { CameraError, listCameras } from "./camera.js";
import { SOURCES, canShareScreen, closeSource, openSource } from "./sources.js";
import { buttonOf, get, showChoice } from "../ui/dom.js";
import { translate } from "../ui/language.js";

/** @typedef {import("./sources.js").SourceName} SourceName */
/** @typedef {import("./stage.js").Action} Action */
/**
 * @typedef {object} SourceEvents
 * @property {(mirror: boolean) => void} onOpen  a source is open; whether to mirror its video at first
 * @property {() => void | Promise<void>} onPlay  it plays
 * @property {() => void} onStop  the video must stop
 */

const PHOTOS = { label: translate("Use photos instead"), href: "/photos" };

export class SourceChoice {
  /** What the video shows, or showed last. @type {SourceName} */
  name = "camera";
  #cameras = get("camera", HTMLSelectElement);
  #file = get("file", HTMLInputElement);

  /** @param {HTMLVideoElement} video  @param {import("./stage.js").Stage} stage  @param {SourceEvents} events */
  constructor(video, stage, events) {
    this.video = video;
    this.stage = stage;
    this.events = events;
    buttonOf("share-screen").hidden = !canShareScreen();
    this.#bind();
  }

  /** The texts of the source. */
  get texts() {
    return SOURCES[this.name];
  }

  /** Start a source; a file has to be chosen first. @param {SourceName} name */
  choose(name) {
    if (name === "file") this.#file.click();
    else void this.start(name);
  }

  /** @param {SourceName} name  @param {{deviceId?: string, file?: File}} [options] */
  async start(name, options = {}) {
    closeSource(this.video);
    this.name = name;
    buttonOf("use-camera").hidden = true;
    this.stage.showMessage("starting", SOURCES[name].starting);
    try {
      const { mirror, deviceId } = await openSource(name, this.video, { ...options, onEnded: () => this.#end() });
      this.events.onOpen(mirror);
      const found = name === "camera" ? await listCameras() : [];
      this.#cameras.replaceChildren(...found.map(({ id, name: label }) => new Option(label, id, false, id === deviceId)));
      showChoice(this.#cameras, found.length);
    } catch (error) {
      this.#fail(error instanceof Error ? error : new CameraError("failed"));
      return;
    }
    await this.events.onPlay();
  }

  /** Stop the video and offer the sources. */
  stop() {
    this.events.onStop();
    this.stage.showMessage("stopped", { title: this.texts.off, text: translate("No frames are sent.") }, this.#startActions());
  }

  /** What the link names: the sample starts; a file and a screen need a click, so their button comes first. @param {string | null} linked */
  follow(linked) {
    if (linked === "sample") void this.start("sample");
    else if (linked === "file" || linked === "screen") offerFirst(buttonOf(linked === "file" ? "open-file" : "share-screen"));
    else if (!window.isSecureContext || !navigator.mediaDevices) this.#fail(new CameraError("insecure"));
  }

  #bind() {
    this.#cameras.addEventListener("change", () => void this.start("camera", { deviceId: this.#cameras.value }));
    this.#file.addEventListener("change", () => {
      const [file] = this.#file.files ?? [];
      this.#file.value = ""; // so that the same file can be chosen again
      if (file) void this.start("file", { file });
    });
    this.stage.element.addEventListener("dragover", (event) => event.preventDefault());
    this.stage.element.addEventListener("drop", (event) => {
      event.preventDefault();
      const [file] = event.dataTransfer?.files ?? [];
      if (file) void this.start("file", { file });
    });
  }

  /** The camera was disconnected, or sharing was stopped in the browser. */
  #end() {
    if (this.name === "camera") this.#fail(new CameraError("unplugged"));
    else this.stop();
  }

  /** @param {Error} error */
  #fail(error) {
    this.events.onStop();
    if (!(error instanceof CameraError)) {
      this.stage.showMessage(`${this.name}-failed`, { title: this.texts.failed, text: error.message }, [...this.#startActions(), PHOTOS]);
      return;
    }
    const again = { label: translate("Try again"), primary: true, onClick: () => this.choose("camera") };
    const help = cameraHelp(error.code, { browser: browserOf(navigator.userAgent, navigator.maxTouchPoints), host: location.host });
    const insecure = error.code === "insecure";
    this.stage.showMessage(error.code, help, [...(insecure ? [] : [again]), this.#action("sample", insecure), this.#action("file"), PHOTOS]);
  }

  /** @param {SourceName} name  @param {boolean} [primary]  @returns {Action} */
  #action(name, primary) {
    return { label: SOURCES[name].start, primary, onClick: () => this.choose(name) };
  }

  /** The ways to start, in a message over the video; the current source first. */
  #startActions() {
    const names = /** @type {SourceName[]} */ (["camera", "sample", "file", ...(canShareScreen() ? ["screen"] : [])]);
    return [this.#action(this.name, true), ...names.filter((name) => name !== this.name).map((name) => this.#action(name))];
  }
}

/** @param {HTMLButtonElement} button */
function offerFirst(button) {
  buttonOf("start").classList.remove("primary");
  button.classList.add("primary");
  button.parentElement?.prepend(button);
}

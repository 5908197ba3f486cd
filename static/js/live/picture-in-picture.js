// Picture-in-picture: the stage in a small window above all others. Chromium moves the stage itself there, with every view;
// other browsers show the canvas as a video.

import { button, make } from "../ui/dom.js";
import { translate } from "../ui/language.js";

const [WIDTH, HEIGHT] = [420, 340]; // of the new window, CSS pixels

/** @typedef {{requestWindow: (size: {width: number, height: number}) => Promise<Window>}} DocumentPictureInPicture */

/** @returns {DocumentPictureInPicture | undefined} */
const documentWindows = () => /** @type {any} */ (window).documentPictureInPicture;

/** Whether this browser has picture-in-picture of either kind. */
export const canFloat = () => Boolean(documentWindows()) || (Boolean(document.pictureInPictureEnabled) && "captureStream" in HTMLCanvasElement.prototype);

export class PictureInPicture {
  active = false;
  #close = () => {};

  /**
   * @param {HTMLElement} stage  @param {import("./player.js").Player} player
   * @param {(active: boolean) => void} onChange
   */
  constructor(stage, player, onChange) {
    this.stage = stage;
    this.player = player;
    this.onChange = onChange;
    document.addEventListener("visibilitychange", () => player.background && player.moved());
  }

  /** @throws {Error} if the browser refuses the window */
  async toggle() {
    if (this.active) return this.#close();
    const windows = documentWindows();
    if (windows) this.#moveTo(await windows.requestWindow({ width: WIDTH, height: HEIGHT }));
    else await this.#showAsVideo();
  }

  close() {
    if (this.active) this.#close();
  }

  /** @param {boolean} active */
  #set(active) {
    this.active = active;
    this.onChange(active);
  }

  /** @param {Window} target  a window of Document Picture-in-Picture */
  #moveTo(target) {
    const { head, body, documentElement } = target.document;
    for (const { href } of /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll("link[rel=stylesheet]"))) head.append(Object.assign(target.document.createElement("link"), { rel: "stylesheet", href }));
    target.document.title = document.title;
    Object.assign(documentElement, { lang: document.documentElement.lang });
    documentElement.dataset.theme = document.documentElement.dataset.theme;
    body.className = "floating";
    const place = make("div", "floating-place panel", make("p", "", translate("The video is in its own window.")));
    place.append(button(translate("Bring it back"), () => target.close()));
    this.stage.replaceWith(place);
    this.#move(() => body.append(this.stage));
    this.#close = () => target.close();
    target.addEventListener("pagehide", () => {
      this.#move(() => place.replaceWith(this.stage));
      this.#set(false);
    }, { once: true });
    this.#set(true);
  }

  /** Moving a video pauses it. @param {() => void} move */
  #move(move) {
    const { video } = this.player;
    const playing = !video.paused;
    move();
    if (playing) void video.play();
    this.player.moved();
  }

  async #showAsVideo() {
    const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, srcObject: this.player.canvas.captureStream(30) });
    await video.play();
    await video.requestPictureInPicture();
    this.player.background = true;
    this.#close = () => void document.exitPictureInPicture();
    video.addEventListener("leavepictureinpicture", () => {
      for (const track of /** @type {MediaStream} */ (video.srcObject).getTracks()) track.stop();
      this.player.background = false;
      this.player.moved();
      this.#set(false);
    }, { once: true });
    this.#set(true);
  }
}

// The recording: every result, and the video with its overlay. It stays in this page until the visitor saves it.

import { buttonOf, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { translate, translatePlural } from "../ui/language.js";
import { Session } from "./session.js";
import { VideoRecorder, recordingType, seekable } from "./video-recorder.js";

export class Recording {
  #session = new Session();
  #badge = partOf("badge-recording");
  #recorded = partOf("recorded");
  #video = new VideoRecorder(() => this.set(false));

  constructor() {
    buttonOf("save-csv").addEventListener("click", () => download(new Blob([this.#session.csv()], { type: "text/csv" }), fileName("session", "csv")));
    buttonOf("save-json").addEventListener("click", () => download(new Blob([this.#session.json()], { type: "application/json" }), fileName("session", "json")));
    const saveVideo = buttonOf("save-video");
    if (recordingType()?.startsWith("video/mp4")) saveVideo.textContent = translate("Save as MP4");
    saveVideo.addEventListener("click", async () => {
      const { video } = this.#video;
      if (video) download(await seekable(video), fileName("session", video.type === "video/mp4" ? "mp4" : "webm"));
    });
  }

  get on() {
    return this.#session.recording;
  }

  /** Start or stop. @param {boolean} on  @param {import("../types.js").Frame} [frame]  the displayed frame */
  set(on, frame) {
    if (on) {
      this.#session.start();
      if (frame) this.#video.start(frame);
    } else {
      this.#session.stop();
      void this.#video.stop().then(() => this.#show());
    }
    buttonOf("record").setAttribute("aria-pressed", String(on));
    this.#show();
  }

  /** @param {import("../types.js").Reading} reading  @param {import("../vision/tracking.js").Track[]} tracks  @param {number} taken  ms, wall clock */
  add(reading, tracks, taken) {
    if (!this.on) return;
    this.#session.add(reading, tracks, taken);
    this.#show();
  }

  /** @param {import("../types.js").Frame} frame  @param {import("./video-recorder.js").Boxes} boxes  @param {boolean} mirror */
  draw(frame, boxes, mirror) {
    this.#video.draw(frame, boxes, mirror);
  }

  #show() {
    const count = this.#session.rows.length;
    partOf("session").hidden = false;
    this.#badge.hidden = !this.on;
    this.#recorded.textContent = String(count);
    partOf("session-status").textContent = this.#session.full ? translate("The recording is full. Save it, then start a new one.") : statusOf(this.on, count, Boolean(this.#video.video));
    for (const id of ["save-csv", "save-json"]) buttonOf(id).hidden = count === 0;
    buttonOf("save-video").hidden = !this.#video.video;
  }
}

/** @param {boolean} on  @param {number} count  of results  @param {boolean} withVideo */
function statusOf(on, count, withVideo) {
  if (on) return translatePlural("Recording: {n} result so far", "Recording: {n} results so far", count);
  if (withVideo) return translatePlural("Recorded: {n} result and the video, kept only in this page until you save them", "Recorded: {n} results and the video, kept only in this page until you save them", count);
  return translatePlural("Recorded: {n} result, kept only in this page until you save it", "Recorded: {n} results, kept only in this page until you save them", count);
}

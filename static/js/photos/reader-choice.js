// Who reads, and with which model: the server or this device, the same choice as on the live page.

import { DeviceReader } from "../device/reader.js";
import { WORDS as KEPT, keepForOffline } from "../device/offline.js";
import { WhereSwitch, place, wish } from "../ui/inference-location.js";
import { make } from "../ui/dom.js";
import { DevicePhotoReader, ServerPhotoReader } from "./readers.js";

/** @typedef {import("../types.js").Model} Model */
/** @typedef {import("./readers.js").PhotoReader} PhotoReader */

const WORDS = {
  server: "Photos are sent to this server, read in memory and dropped; it keeps nothing. Results and small pictures stay in this browser until you clear them.",
  device: "Photos are read in this browser; the page is not even allowed to send one. Results and small pictures stay here until you clear them.",
};

export class ReaderChoice {
  /** @type {Model[]} */
  models = [];
  /** @type {PhotoReader} */
  reader = new ServerPhotoReader();
  #select = document.createElement("select");
  #where;

  /** @param {HTMLElement} element  @param {HTMLElement} privacy  where it says who sees the photos */
  constructor(element, privacy) {
    const where = make("div", "where");
    where.hidden = true;
    const label = make("label", "", "Model ");
    label.append(this.#select);
    element.append(where, label);
    this.#where = new WhereSwitch(where);
    this.#select.disabled = true;
    privacy.textContent = WORDS[place()];
  }

  async load() {
    if (place() === "device") return void this.#prepareDevice(); // photos may be added meanwhile
    const answer = await fetch("/api/v1/models").then((response) => response.json()).catch(() => ({}));
    this.#offer(answer.models ?? []);
  }

  /** The networks are fetched while photos can be added; they wait for it. */
  async #prepareDevice() {
    const device = new DeviceReader({ backend: wish() });
    device.onRunning = (running) => this.#where.tell(running);
    device.onNote = (words) => this.#where.say("note", words);
    device.onFetching = (words) => this.#where.say("state", words);
    this.#offer(device.models);
    const ready = device.start({ onState: (state, words) => this.#where.say("state", state === "ready" ? "" : words) });
    this.reader = new DevicePhotoReader(device, ready);
    try {
      await ready;
      void keepForOffline(device).then((kept) => this.#where.say("kept", KEPT[kept]));
    } catch (error) {
      this.#where.say("state", error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {Model[]} models */
  #offer(models) {
    this.models = models;
    this.#select.replaceChildren(...models.map((model) => new Option(model.title, model.name, false, Boolean(model.default))));
    this.#select.disabled = models.length < 2;
  }

  /** @returns {{reader: PhotoReader, model: string}} */
  get current() {
    return { reader: this.reader, model: this.#select.value };
  }
}

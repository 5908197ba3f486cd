// Who reads, and with which model: the server or this device, the same choice as on the live page.

import { DeviceReader } from "../device.js";
import { readOffer } from "../device/offer.js";
import { make } from "./dom.js";
import { DevicePhotoReader, ServerPhotoReader } from "./readers.js";

/** @typedef {import("../types.js").Model} Model */
/** @typedef {import("./readers.js").PhotoReader} PhotoReader */

const WORDS = {
  server: "Photos are sent to this server, read in memory and dropped; it keeps nothing. Results and small pictures stay in this browser until you clear them.",
  device: "Photos are read in this browser and not sent anywhere. Results and small pictures stay here until you clear them.",
};

export class ReaderChoice {
  /** @type {Model[]} */
  models = [];
  /** @type {PhotoReader} */
  reader = new ServerPhotoReader();
  #server = this.reader;
  /** @type {DevicePhotoReader | null} */
  #device = null;
  #select = document.createElement("select");
  #status = make("span", "small quiet");
  #buttons = { server: make("button", "", "On the server"), device: make("button", "", "On this device") };
  #privacy;

  /** @param {HTMLElement} place  @param {HTMLElement} privacy  where it says who sees the photos */
  constructor(place, privacy) {
    this.#privacy = privacy;
    const group = make("div", "choice-where");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", "Read photos");
    for (const [where, button] of Object.entries(this.#buttons)) {
      button.setAttribute("type", "button");
      button.addEventListener("click", () => void this.choose(/** @type {"server" | "device"} */ (where)));
      group.append(button);
    }
    group.hidden = !readOffer();
    const label = make("label", "", "Model ");
    label.append(this.#select);
    this.#status.setAttribute("role", "status");
    place.append(group, label, this.#status);
    this.#select.disabled = true;
    this.#show();
  }

  async load() {
    const answer = await fetch("/api/v1/models").then((response) => response.json()).catch(() => ({}));
    this.models = answer.models ?? [];
    this.#select.replaceChildren(...this.models.map((model) => new Option(model.title, model.name, false, Boolean(model.default))));
    this.#select.disabled = this.models.length < 2;
    if (localStorage.getItem("photos-read-on") === "device" && readOffer()) await this.choose("device");
  }

  /** @param {"server" | "device"} where */
  async choose(where) {
    if (where === "device" && !this.#device) {
      const device = new DeviceReader({ model: this.#select.value });
      try {
        await device.start({ onState: (_, words) => (this.#status.textContent = words) });
        this.#device = new DevicePhotoReader(device);
      } catch (error) {
        this.#status.textContent = error instanceof Error ? error.message : String(error);
        where = "server";
      }
    }
    this.reader = where === "device" && this.#device ? this.#device : this.#server;
    if (where === "server" && this.#device) this.#status.textContent = "";
    localStorage.setItem("photos-read-on", where);
    this.#show();
  }

  #show() {
    for (const [where, button] of Object.entries(this.#buttons)) button.setAttribute("aria-pressed", String(where === this.reader.where));
    this.#privacy.textContent = WORDS[this.reader.where];
  }

  /** @returns {{reader: PhotoReader, model: string}} */
  get current() {
    return { reader: this.reader, model: this.#select.value };
  }
}

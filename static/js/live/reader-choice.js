// The choice of the reader: the server or this device, and the model.

import { OFFLINE_MESSAGES, keepForOffline } from "../device/offline.js";
import { liveDeviceReader } from "./device-reader.js";
import { ServerReader } from "./server-reader.js";
import { get, partOf, showChoice } from "../ui/dom.js";
import { LocationSwitch, addressWith, inferenceLocation } from "../ui/inference-location.js";
import { translate } from "../ui/language.js";
import { titleOf } from "../ui/model-titles.js";

/** @typedef {import("../types.js").Model} Model */

export class ReaderChoice {
  #models = get("model", HTMLSelectElement);
  #switch = new LocationSwitch(partOf("location-switch"));

  /**
   * @param {import("./player.js").Player} player  its reader and model are set here  @param {import("./stage.js").Stage} stage
   * @param {(model: Model | null) => void} onModel  called after the model was chosen
   */
  constructor(player, stage, onModel) {
    this.player = player;
    this.stage = stage;
    this.onModel = onModel;
  }

  /** Prepare this device before the camera starts, so that its first frame does not wait. */
  async prepare() {
    if (inferenceLocation() !== "device") return;
    const reader = liveDeviceReader();
    reader.onRunning = (running) => this.#switch.showBackend(running);
    reader.onNote = (message) => this.#switch.setStatus("note", message);
    reader.onInterim = (message) => this.#switch.setStatus("interim", message);
    reader.onDownload = (message) => this.stage.showStatus(message);
    try {
      await this.#use(reader);
      this.#switch.setStatus("offline", OFFLINE_MESSAGES[await keepForOffline(reader)]);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  /** Connect to the server, if it reads and is not connected yet. */
  async connect() {
    if (!this.player.reader && inferenceLocation() === "server") await this.#use(new ServerReader());
  }

  /** Switch to this reader. @param {import("../types.js").Reader} reader */
  async #use(reader) {
    this.player.reader?.stop();
    this.player.reader = null;
    partOf("timing-location").textContent = reader.location === "device" ? translate("device") : translate("server");
    await reader.start({
      onState: (state, message) => {
        partOf("live").dataset.reader = state;
        this.stage.showStatus(state === "ready" ? "" : message);
        if (state === "ready") this.#offer(reader.models);
      },
    });
    this.player.reader = reader;
  }

  /** @param {string} message */
  #fail(message) {
    partOf("live").dataset.reader = "lost";
    this.stage.showStatus("");
    this.#switch.setStatus("note", message);
    this.stage.showMessage("device-failed", { title: translate("Inference on this device failed"), text: message }, [
      { label: translate("Try again"), primary: true, onClick: () => location.reload() }, { label: translate("Switch to the server"), href: addressWith({ on: null, backend: null }) }]);
  }

  /** @param {Model[]} offered */
  #offer(offered) {
    const requested = this.player.model?.name ?? new URLSearchParams(location.search).get("model");
    const chosen = offered.find((model) => model.name === requested) ?? offered.find((model) => model.default) ?? offered[0];
    this.#models.replaceChildren(...offered.map((model) => new Option(titleOf(model), model.name, false, model === chosen)));
    showChoice(this.#models, offered.length);
    this.#set(chosen ?? null);
    this.#models.onchange = () => {
      this.#set(offered.find((model) => model.name === this.#models.value) ?? null);
      history.replaceState(null, "", addressWith({ model: this.#models.value }));
    };
    if (!chosen) this.stage.showStatus(translate("The server has no model. See the log of the server."));
  }

  /** @param {Model | null} model */
  #set(model) {
    this.player.model = model;
    this.onModel(model);
  }
}

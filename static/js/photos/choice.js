// Who reads, and with which model: the same switch as on the live page.

import { make } from "./dom.js";
import { ServerPhotoReader } from "./readers.js";

/** @typedef {import("../types.js").Model} Model */

export class ReaderChoice {
  /** @type {Model[]} */
  models = [];
  #reader = new ServerPhotoReader();
  #select = document.createElement("select");

  /** @param {HTMLElement} place */
  constructor(place) {
    const label = make("label", "", "Model ");
    label.append(this.#select);
    place.append(label);
    this.#select.disabled = true;
  }

  async load() {
    const answer = await fetch("/api/v1/models").then((response) => response.json()).catch(() => ({}));
    this.models = answer.models ?? [];
    this.#select.replaceChildren(...this.models.map((model) => new Option(model.title, model.name, false, Boolean(model.default))));
    this.#select.disabled = this.models.length < 2;
  }

  /** @returns {{reader: import("./readers.js").PhotoReader, model: string}} */
  get current() {
    return { reader: this.#reader, model: this.#select.value };
  }
}

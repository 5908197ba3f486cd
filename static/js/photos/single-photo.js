// The view of a single photo: image with boxes, zoom, previous and next, and details of each face.

import { button, make } from "../ui/dom.js";
import { translate } from "../ui/language.js";
import { MARK_KEYS, facesOf, summary } from "./photo.js";
import { faceDetails } from "./face-details.js";
import { MarkButtons } from "./mark-buttons.js";
import { shownPath } from "./sample-album.js";
import { PhotoPane, zoomButtons, zoomWithKey } from "./photo-pane.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * @typedef {object} Actions  what the view needs from the page
 * @property {(step: number) => void} onStep  1 for the next photo, -1 for the previous
 * @property {(photo: Photo, mark: import("./photo.js").Mark | undefined) => void} onMark
 * @property {() => void} onCompare  with the next photo
 * @property {() => void} onClose
 * @property {(photo: Photo) => string} position  such as "3 of 50"
 * @property {(name: string) => import("../types.js").Model | undefined} model
 */
/** @typedef {import("./photo-pane.js").Images & Actions} Context */

export class SinglePhoto {
  #dialog;
  #context;
  #pane;
  /** @type {Photo | null} */
  #photo = null;
  #title = make("h2", "single-title");
  #facts = make("p", "single-facts quiet");
  #faces = make("ol", "single-faces");
  #marks = new MarkButtons((mark) => this.#photo && this.#context.onMark(this.#photo, mark));
  #copy = button(translate("Copy as JSON"), () => void this.#copyJson());

  /** @param {HTMLDialogElement} dialog  @param {Context} context */
  constructor(dialog, context) {
    this.#dialog = dialog;
    this.#context = context;
    this.#pane = new PhotoPane(context);
    const tools = make("div", "single-tools");
    tools.append(
      button(translate("‹ Previous"), () => context.onStep(-1)), button(translate("Next ›"), () => context.onStep(1)), ...zoomButtons(this.#pane), ...this.#marks.elements,
      button(translate("Compare"), () => context.onCompare()), this.#copy, button(translate("Close"), () => dialog.close()),
    );
    const side = make("div", "single-side");
    side.append(this.#title, this.#facts, this.#faces);
    dialog.replaceChildren(tools, this.#pane.element, side);
    dialog.addEventListener("close", () => this.#closed());
    // On the document, because a removed button that had the focus leaves it on the body.
    document.addEventListener("keydown", (event) => dialog.open && this.#key(event));
  }

  /** @returns {Photo | null} */
  get photo() {
    return this.#photo;
  }

  /** @param {Photo} photo */
  async show(photo) {
    this.#photo = photo;
    this.#describe(photo);
    if (!this.#dialog.open) this.#dialog.showModal();
    await this.#pane.show(photo);
  }

  /** Show the mark of the open photo, which has changed. */
  showMark() {
    this.#marks.show(this.#photo?.mark);
  }

  /** @param {Photo} photo */
  #describe(photo) {
    this.showMark();
    const { picture: size, model } = photo.reading ?? {};
    this.#title.textContent = photo.name;
    const taken = photo.taken ? new Date(photo.taken).toISOString().slice(0, 16).replace("T", " ") : "";
    const facts = [this.#context.position(photo), shownPath(photo.path), taken, size ? `${size.width} × ${size.height}` : "",
      model ? `${model.name} ${model.version}, ${photo.readOn === "device" ? translate("on this device") : translate("on the server")}` : ""];
    this.#facts.textContent = facts.filter(Boolean).join(" · ");
    this.#copy.disabled = !photo.reading;
    this.#copy.textContent = translate("Copy as JSON");
    const faces = facesOf(photo);
    this.#faces.replaceChildren(...faces.map((face, index) => faceDetails(photo, face, index, this.#context)));
    if (!faces.length) this.#faces.append(make("li", "quiet", photo.state === "read" ? translate("No face in this photo.") : summary(photo)));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const scrolls = this.#pane.zoom > 1 && event.target === this.#pane.element; // then the arrow keys scroll the photo
    if (event.key === "ArrowLeft" && !scrolls) this.#context.onStep(-1);
    else if (event.key === "ArrowRight" && !scrolls) this.#context.onStep(1);
    else if (event.key in MARK_KEYS && this.#photo) this.#context.onMark(this.#photo, MARK_KEYS[event.key]);
    else if (event.key === "c") this.#context.onCompare();
    else if (!zoomWithKey(this.#pane, event.key)) return;
    event.preventDefault();
  }

  async #copyJson() {
    await navigator.clipboard.writeText(JSON.stringify(this.#photo?.reading, null, 2)).then(
      () => (this.#copy.textContent = translate("Copied")),
      () => (this.#copy.textContent = translate("The browser blocked it")),
    );
  }

  close() {
    this.#dialog.close();
  }

  #closed() {
    this.#pane.clear();
    this.#photo = null;
    this.#context.onClose();
  }
}

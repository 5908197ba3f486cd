// Two photos beside each other, zoomed and scrolled together, with the votes for each face.

import { button, make } from "../ui/dom.js";
import { translate } from "../ui/language.js";
import { faceCard } from "./face-details.js";
import { facesOf, summary } from "./photo.js";
import { MarkButtons } from "./mark-buttons.js";
import { PhotoPane, WHOLE, zoomButtons, zoomWithKey } from "./photo-pane.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * @typedef {object} Actions  what the comparison needs from the page
 * @property {(step: number) => void} onStep  another second photo: 1 for the next, -1 for the previous
 * @property {(photo: Photo, mark: import("./photo.js").Mark | undefined) => void} onMark
 * @property {() => void} onSwap
 * @property {() => void} onClose
 */

export class Comparison {
  #dialog;
  #actions;
  #halves;
  /** @type {Photo[]} the two photos, or none */
  photos = [];

  /** @param {HTMLDialogElement} dialog  @param {import("./photo-pane.js").Images & Actions} context */
  constructor(dialog, context) {
    this.#dialog = dialog;
    this.#actions = context;
    this.#halves = [new Half(context, context.onMark), new Half(context, context.onMark)];
    const [first, second] = this.#halves.map(({ pane }) => pane);
    first.onMove = (state) => second.move(state);
    second.onMove = (state) => first.move(state);
    const tools = make("div", "single-tools");
    tools.append(
      button(translate("‹ Previous"), () => context.onStep(-1)), button(translate("Next ›"), () => context.onStep(1)), button(translate("Swap"), () => context.onSwap()),
      ...zoomButtons(first), button(translate("Close"), () => dialog.close()),
    );
    tools.children[0].setAttribute("aria-label", translate("Previous second photo"));
    tools.children[1].setAttribute("aria-label", translate("Next second photo"));
    dialog.replaceChildren(tools, ...this.#halves.map(({ element }) => element));
    dialog.addEventListener("close", () => this.#closed());
    document.addEventListener("keydown", (event) => dialog.open && this.#key(event));
  }

  /** @param {Photo[]} photos  two; another photo takes over the zoom */
  show(photos) {
    const before = this.photos;
    const state = before.length ? this.#halves[0].pane.state : WHOLE;
    this.photos = photos;
    photos.forEach((photo, index) => photo !== before[index] && this.#halves[index].show(photo, state));
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** Show the marks of the photos, which have changed. */
  showMarks() {
    for (const half of this.#halves) half.showMark();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { pane } = this.#halves[0];
    const scrolls = pane.zoom > 1 && this.#halves.some(({ pane }) => event.target === pane.element);
    if (event.key === "ArrowLeft" && !scrolls) this.#actions.onStep(-1);
    else if (event.key === "ArrowRight" && !scrolls) this.#actions.onStep(1);
    else if (!zoomWithKey(pane, event.key)) return;
    event.preventDefault();
  }

  close() {
    this.#dialog.close();
  }

  #closed() {
    for (const { pane } of this.#halves) pane.clear();
    this.photos = [];
    this.#actions.onClose();
  }
}

/** One of the two photos. */
class Half {
  element = make("section", "comparison-half");
  pane;
  /** @type {Photo | null} */
  #photo = null;
  #marks;
  #title = make("h2", "single-title");
  #faces = make("ol", "single-faces");

  /** @param {import("./photo-pane.js").Images} images  @param {Actions["onMark"]} onMark */
  constructor(images, onMark) {
    this.pane = new PhotoPane(images);
    this.#marks = new MarkButtons((mark) => this.#photo && onMark(this.#photo, mark));
    const header = make("div", "comparison-header", this.#title);
    header.append(...this.#marks.elements);
    this.element.append(header, this.pane.element, this.#faces);
    this.#faces.tabIndex = 0; // it scrolls
  }

  /** @param {Photo} photo  its faces are numbered from left to right, so that equal numbers are equal places  @param {import("./photo-pane.js").ZoomState} state */
  show(photo, state) {
    const faces = [...facesOf(photo)].sort((a, b) => a.box.x + a.box.width / 2 - b.box.x - b.box.width / 2);
    this.#photo = photo;
    this.showMark();
    this.element.setAttribute("aria-label", photo.name);
    this.#title.textContent = photo.name;
    this.#faces.setAttribute("aria-label", translate("Faces of {photo}", { photo: photo.name }));
    this.#faces.replaceChildren(...faces.map(faceCard));
    if (!faces.length) this.#faces.append(make("li", "quiet", summary(photo)));
    void this.pane.show(photo, faces, state);
  }

  showMark() {
    this.#marks.show(this.#photo?.mark);
  }
}

// The view of a single photo: image with boxes, zoom, previous and next, and details of each face.

import { shortLabel } from "../ui/votes.js";
import { button, make } from "../ui/dom.js";
import { facesOf, summary } from "./photo.js";
import { faceDetails } from "./face-details.js";

/** @typedef {import("./photo.js").Photo} Photo */
/**
 * @typedef {object} Context  what the view needs from the page
 * @property {(photo: Photo) => Promise<Blob | undefined>} preview
 * @property {(photo: Photo) => Promise<Blob | undefined>} original  undefined if it is not available
 * @property {(step: number) => void} onStep  1 for the next photo, -1 for the previous
 * @property {() => void} onClose
 * @property {(photo: Photo) => string} position  such as "3 of 50"
 * @property {(name: string) => import("../types.js").Model | undefined} model
 */

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

export class SinglePhoto {
  #dialog;
  #context;
  /** @type {Photo | null} */
  #photo = null;
  #zoom = 1;
  #url = "";
  #title = make("h2", "single-title");
  #facts = make("p", "single-facts quiet");
  #scroller = make("div", "single-scroller");
  #sheet = make("div", "single-sheet");
  #image = document.createElement("img");
  #faces = make("ol", "single-faces");
  #copy = button("Copy as JSON", () => void this.#copyJson());

  /** @param {HTMLDialogElement} dialog  @param {Context} context */
  constructor(dialog, context) {
    this.#dialog = dialog;
    this.#context = context;
    const tools = make("div", "single-tools");
    tools.append(
      button("‹ Previous", () => context.onStep(-1)), button("Next ›", () => context.onStep(1)),
      button("−", () => this.#zoomBy(-1)), button("+", () => this.#zoomBy(1)), button("Fit", () => this.#zoomTo(1)),
      this.#copy, button("Close", () => dialog.close()),
    );
    tools.children[2].setAttribute("aria-label", "Zoom out");
    tools.children[3].setAttribute("aria-label", "Zoom in");
    this.#sheet.append(this.#image);
    this.#scroller.append(this.#sheet);
    this.#scroller.tabIndex = 0;
    this.#scroller.setAttribute("aria-label", "Photo; plus and minus zoom");
    const side = make("div", "single-side");
    side.append(this.#title, this.#facts, this.#faces);
    dialog.replaceChildren(tools, this.#scroller, side);
    dialog.addEventListener("close", () => this.#closed());
    // On the document, because a removed button that had the focus leaves it on the body.
    document.addEventListener("keydown", (event) => dialog.open && this.#key(event));
    this.#image.addEventListener("load", () => this.#fit());
    this.#scroller.addEventListener("dblclick", () => this.#zoomTo(this.#zoom > 1 ? 1 : 3));
    this.#scroller.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#fit()).observe(this.#scroller);
  }

  /** @returns {Photo | null} */
  get photo() {
    return this.#photo;
  }

  /** @param {Photo} photo */
  async show(photo) {
    this.#photo = photo;
    this.#zoom = 1;
    this.#describe(photo);
    if (!this.#dialog.open) this.#dialog.showModal();
    const original = photo.state === "read" ? await this.#context.original(photo) : undefined;
    const blob = original ?? (await this.#context.preview(photo));
    if (this.#photo !== photo) return;
    this.#showImage(blob);
    this.#image.onerror = async () => {
      this.#image.onerror = null; // the browser cannot display this format; show the preview
      const preview = await this.#context.preview(photo);
      if (this.#photo === photo && preview !== blob) this.#showImage(preview);
    };
  }

  /** @param {Blob | undefined} blob */
  #showImage(blob) {
    URL.revokeObjectURL(this.#url);
    this.#url = blob ? URL.createObjectURL(blob) : "";
    this.#image.hidden = !blob;
    if (blob) this.#image.src = this.#url;
    this.#image.alt = this.#photo ? `${this.#photo.name}: ${summary(this.#photo)}` : "";
  }

  /** @param {Photo} photo */
  #describe(photo) {
    const { picture: size, model } = photo.reading ?? {};
    this.#title.textContent = photo.name;
    const taken = photo.taken ? new Date(photo.taken).toISOString().slice(0, 16).replace("T", " ") : "";
    const facts = [this.#context.position(photo), photo.path, taken, size ? `${size.width} × ${size.height}` : "",
      model ? `${model.name} ${model.version}, ${photo.readOn === "device" ? "on this device" : "on the server"}` : ""];
    this.#facts.textContent = facts.filter(Boolean).join(" · ");
    this.#copy.disabled = !photo.reading;
    this.#copy.textContent = "Copy as JSON";
    const faces = facesOf(photo);
    const details = faces.map((face, index) => faceDetails(photo, face, index, this.#context));
    this.#faces.replaceChildren(...details);
    if (!faces.length) this.#faces.append(make("li", "quiet", photo.state === "read" ? "No face in this photo." : summary(photo)));
    this.#sheet.dataset.several = String(faces.length > 1);
    this.#sheet.replaceChildren(this.#image, ...faces.map((face, index) => {
      const box = make("div", "face-box");
      const label = make("span", "face-label", make("b", "", String(index + 1)));
      label.append(make("span", "", shortLabel({ votes: face.votes ?? null, probabilities: face.probabilities, expression: face.expression, unsure: face.unsure })));
      const { x, y, width, height } = face.box;
      Object.assign(box.style, { left: `${100 * x}%`, top: `${100 * y}%`, width: `${100 * width}%`, height: `${100 * height}%` });
      box.dataset.color = String(index % 6);
      box.dataset.below = String(y < 0.08);
      box.dataset.right = String(x + width / 2 > 0.6); // the label ends at the box, not beyond the photo
      box.append(label);
      return box;
    }));
  }

  #fit() {
    const { naturalWidth: width, naturalHeight: height } = this.#image;
    const { clientWidth, clientHeight } = this.#scroller;
    if (!width || !clientWidth) return;
    const scale = Math.min(clientWidth / width, clientHeight / height) * this.#zoom;
    Object.assign(this.#sheet.style, { width: `${width * scale}px`, height: `${height * scale}px` });
  }

  /** @param {number} step  in ZOOMS */
  #zoomBy(step) {
    const at = ZOOMS.findLastIndex((zoom) => zoom <= this.#zoom);
    this.#zoomTo(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + step))]);
  }

  /** @param {number} zoom  1 fits the window; the center of the view stays */
  #zoomTo(zoom) {
    const box = this.#scroller;
    const center = { x: (box.scrollLeft + box.clientWidth / 2) / box.scrollWidth, y: (box.scrollTop + box.clientHeight / 2) / box.scrollHeight };
    this.#zoom = zoom;
    this.#fit();
    box.scrollTo(center.x * box.scrollWidth - box.clientWidth / 2, center.y * box.scrollHeight - box.clientHeight / 2);
  }

  /** @param {WheelEvent} event  with Ctrl, or a pinch gesture on a touchpad */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.#zoomTo(Math.max(1, Math.min(8, this.#zoom * Math.exp(-event.deltaY / 200))));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const scrolls = this.#zoom > 1 && event.target === this.#scroller; // then the arrow keys scroll the photo
    if (event.key === "ArrowLeft" && !scrolls) this.#context.onStep(-1);
    else if (event.key === "ArrowRight" && !scrolls) this.#context.onStep(1);
    else if (event.key === "+" || event.key === "=") this.#zoomBy(1);
    else if (event.key === "-") this.#zoomBy(-1);
    else if (event.key === "0") this.#zoomTo(1);
    else return;
    event.preventDefault();
  }

  async #copyJson() {
    await navigator.clipboard.writeText(JSON.stringify(this.#photo?.reading, null, 2)).then(
      () => (this.#copy.textContent = "Copied"),
      () => (this.#copy.textContent = "The browser blocked it"),
    );
  }

  close() {
    this.#dialog.close();
  }

  #closed() {
    this.#showImage(undefined);
    this.#photo = null;
    this.#context.onClose();
  }
}

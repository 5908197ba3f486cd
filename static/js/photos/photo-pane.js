// A photo with a box and a label on each face, that can be zoomed and scrolled.

import { button, make } from "../ui/dom.js";
import { translate } from "../ui/language.js";
import { shortLabel } from "../ui/votes.js";
import { facesOf, summary } from "./photo.js";

/** @typedef {import("./photo.js").Photo} Photo */
/** @typedef {import("./photo.js").Face} Face */
/**
 * @typedef {object} Images  where the pane gets a photo's image
 * @property {(photo: Photo) => Promise<Blob | undefined>} preview
 * @property {(photo: Photo) => Promise<Blob | undefined>} original  undefined if it is not available
 */
/** What is in view: 1 fits the window; the center in fractions of the photo. @typedef {{zoom: number, x: number, y: number}} ZoomState */

/** @type {ZoomState} */
export const WHOLE = Object.freeze({ zoom: 1, x: 0.5, y: 0.5 });
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
const MAX_ZOOM = 8;
const SAME = 0.002; // of the photo: a scroll position that was set is rounded to pixels

export class PhotoPane {
  element = make("div", "single-scroller");
  /** Called when the visitor zooms or scrolls. @type {(state: ZoomState) => void} */
  onMove = () => {};
  #images;
  /** @type {Photo | null} */
  #photo = null;
  #zoom = 1;
  /** @type {ZoomState} set by `move`; the browser reports it as a scroll event later */
  #set = WHOLE;
  #url = "";
  #sheet = make("div", "single-sheet");
  #image = document.createElement("img");

  /** @param {Images} images */
  constructor(images) {
    this.#images = images;
    this.#sheet.append(this.#image);
    this.element.append(this.#sheet);
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "group");
    this.element.setAttribute("aria-label", translate("Photo; plus and minus zoom"));
    this.#image.addEventListener("load", () => this.move(this.#set));
    this.element.addEventListener("dblclick", () => this.zoomTo(this.#zoom > 1 ? 1 : 3));
    this.element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.element.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  get zoom() {
    return this.#zoom;
  }

  /** @returns {ZoomState} */
  get state() {
    const { scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight } = this.element;
    return { zoom: this.#zoom, x: (scrollLeft + clientWidth / 2) / scrollWidth, y: (scrollTop + clientHeight / 2) / scrollHeight };
  }

  /** @param {Photo} photo  @param {Face[]} [faces]  in the order of their numbers  @param {ZoomState} [state] */
  async show(photo, faces = facesOf(photo), state = WHOLE) {
    this.#photo = photo;
    this.#zoom = state.zoom;
    this.#set = state;
    this.#drawBoxes(faces);
    const original = photo.state === "read" ? await this.#images.original(photo) : undefined;
    const blob = original ?? (await this.#images.preview(photo));
    if (this.#photo !== photo) return;
    this.#showImage(blob);
    this.#image.onerror = async () => {
      this.#image.onerror = null; // the browser cannot display this format; show the preview
      const preview = await this.#images.preview(photo);
      if (this.#photo === photo && preview !== blob) this.#showImage(preview);
    };
  }

  clear() {
    this.#photo = null;
    this.#showImage(undefined);
  }

  /** @param {Blob | undefined} blob */
  #showImage(blob) {
    URL.revokeObjectURL(this.#url);
    this.#url = blob ? URL.createObjectURL(blob) : "";
    this.#image.hidden = !blob;
    if (blob) this.#image.src = this.#url;
    this.#image.alt = this.#photo ? `${this.#photo.name}: ${summary(this.#photo)}` : "";
  }

  /** @param {Face[]} faces */
  #drawBoxes(faces) {
    this.#sheet.dataset.several = String(faces.length > 1);
    this.#sheet.replaceChildren(this.#image, ...faces.map((face, index) => {
      const box = make("div", "face-box");
      const label = make("span", "face-label", make("b", "", String(index + 1)));
      label.append(make("span", "", shortLabel({ ...face, votes: face.votes ?? null })));
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
    const { clientWidth, clientHeight } = this.element;
    if (!width || !clientWidth) return;
    const scale = Math.min(clientWidth / width, clientHeight / height) * this.#zoom;
    Object.assign(this.#sheet.style, { width: `${width * scale}px`, height: `${height * scale}px` });
  }

  /** @param {number} step  in ZOOMS */
  zoomBy(step) {
    const at = ZOOMS.findLastIndex((zoom) => zoom <= this.#zoom);
    this.zoomTo(ZOOMS[Math.max(0, Math.min(ZOOMS.length - 1, at + step))]);
  }

  /** @param {number} zoom  1 fits the window; the center of the view stays */
  zoomTo(zoom) {
    this.move({ ...this.state, zoom });
    this.onMove(this.#set);
  }

  /** @param {ZoomState} state */
  move({ zoom, x, y }) {
    const box = this.element;
    this.#zoom = zoom;
    this.#fit();
    box.scrollTo(x * box.scrollWidth - box.clientWidth / 2, y * box.scrollHeight - box.clientHeight / 2);
    this.#set = this.state;
  }

  #scrolled() {
    const { state } = this, set = this.#set;
    if (state.zoom === set.zoom && Math.abs(state.x - set.x) < SAME && Math.abs(state.y - set.y) < SAME) return;
    this.#set = state;
    this.onMove(state);
  }

  /** @param {WheelEvent} event  with Ctrl, or a pinch gesture on a touchpad */
  #wheel(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    this.zoomTo(Math.max(1, Math.min(MAX_ZOOM, this.#zoom * Math.exp(-event.deltaY / 200))));
  }
}

/** Zooms a pane with a key. @param {PhotoPane} pane  @param {string} key  @returns {boolean} whether the key zooms */
export function zoomWithKey(pane, key) {
  if (key === "+" || key === "=") pane.zoomBy(1);
  else if (key === "-") pane.zoomBy(-1);
  else if (key === "0") pane.zoomTo(1);
  else return false;
  return true;
}

/** @param {PhotoPane} pane  @returns {HTMLButtonElement[]} zoom out, zoom in, fit */
export function zoomButtons(pane) {
  const [out, into] = [button("−", () => pane.zoomBy(-1)), button("+", () => pane.zoomBy(1))];
  out.setAttribute("aria-label", translate("Zoom out"));
  into.setAttribute("aria-label", translate("Zoom in"));
  return [out, into, button(translate("Fit"), () => pane.zoomTo(1))];
}

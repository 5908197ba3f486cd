// Two buttons that mark a photo as kept or rejected; a pressed one removes the mark.

import { button } from "../ui/dom.js";
import { translate } from "../ui/language.js";

/** @typedef {import("./photo.js").Mark} Mark */

/** @type {[Mark, string, string][]} mark, label, key */
const BUTTONS = [["keep", translate("Keep"), "k"], ["reject", translate("Reject"), "x"]];

export class MarkButtons {
  elements;

  /** @param {(mark: Mark | undefined) => void} onMark */
  constructor(onMark) {
    this.elements = BUTTONS.map(([mark, label, key]) => {
      const element = button(label, () => onMark(element.getAttribute("aria-pressed") === "true" ? undefined : mark), "mark-button");
      element.dataset.mark = mark;
      element.setAttribute("aria-keyshortcuts", key);
      return element;
    });
  }

  /** @param {Mark | undefined} mark  of the photo */
  show(mark) {
    for (const element of this.elements) element.setAttribute("aria-pressed", String(element.dataset.mark === mark));
  }
}

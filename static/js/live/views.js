// The views of the video: the video itself, large votes, faces side by side, the challenge. The view is part of the URL.

/** @typedef {"video" | "large" | "faces" | "challenge"} View */

export class Views {
  /** @type {View} */
  current = "video";
  #buttons;

  /**
   * @param {HTMLElement} group  contains a button with data-view for each view
   * @param {(view: View) => void} onChange
   */
  constructor(group, onChange) {
    this.#buttons = /** @type {HTMLButtonElement[]} */ ([...group.querySelectorAll("button[data-view]")]);
    this.onChange = onChange;
    for (const button of this.#buttons) button.addEventListener("click", () => this.show(button.dataset.view ?? ""));
  }

  /** @param {string} name  an unknown name shows the video */
  show(name) {
    const known = this.#buttons.some(({ dataset }) => dataset.view === name);
    this.current = known ? /** @type {View} */ (name) : "video";
    for (const button of this.#buttons) button.setAttribute("aria-pressed", String(button.dataset.view === this.current));
    this.onChange(this.current);
  }
}

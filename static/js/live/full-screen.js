// Full screen for the video and its controls. Where the browser has none (iPhone), the video fills the window instead.

const IDLE = 3000; // ms without input after which the controls disappear

export class FullScreen {
  #idle = 0;

  /** @param {HTMLElement} element  @param {HTMLElement} button  shows the state */
  constructor(element, button) {
    this.element = element;
    this.button = button;
    document.addEventListener("fullscreenchange", () => this.#show(document.fullscreenElement === element));
    for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) document.addEventListener(event, () => this.#wake());
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.active && !document.fullscreenElement && !document.querySelector("dialog[open]")) this.#show(false);
    });
  }

  get active() {
    return "full" in this.element.dataset;
  }

  toggle() {
    if (this.active) this.leave();
    else if (document.fullscreenEnabled) this.element.requestFullscreen().catch(() => this.#show(true));
    else this.#show(true);
  }

  leave() {
    if (document.fullscreenElement) void document.exitFullscreen();
    else if (this.active) this.#show(false);
  }

  /** @param {boolean} active */
  #show(active) {
    if (active) this.element.dataset.full = "";
    else delete this.element.dataset.full;
    this.button.setAttribute("aria-pressed", String(active));
    this.#wake();
  }

  /** Show the controls, and hide them again after a while. */
  #wake() {
    clearTimeout(this.#idle);
    delete this.element.dataset.idle;
    if (this.active) this.#idle = setTimeout(() => (this.element.dataset.idle = ""), IDLE);
  }
}

// The photos that the demo offers, one radio button each. A photo is loaded when it is chosen.

export class PhotoChoice {
  /** @type {HTMLInputElement[]} */
  #radios;
  /** The photo that is shown; null: an image of the visitor's own. @type {HTMLInputElement | null} */
  #shown;

  /**
   * @param {HTMLElement} group  its radio buttons have `data-photo` (URL), `data-alt` and `data-credit`
   * @param {{onPhoto: (image: HTMLImageElement, texts: {alt: string, credit: string}) => void, onFailed: () => void}} handlers
   */
  constructor(group, { onPhoto, onFailed }) {
    this.onPhoto = onPhoto;
    this.onFailed = onFailed;
    this.#radios = [...group.querySelectorAll("input")];
    this.#shown = this.#radios.find(({ checked }) => checked) ?? null;
    for (const radio of this.#radios) radio.addEventListener("change", () => void this.#load(radio));
  }

  /** An image of the visitor's own took the place of the photos. */
  clear() {
    this.#show(null);
  }

  /** The newest choice wins. @param {HTMLInputElement} radio */
  async #load(radio) {
    const { photo = "", alt = "", credit = "" } = radio.dataset;
    const image = new Image();
    image.src = photo;
    const loaded = await image.decode().then(() => true, () => false);
    if (!radio.checked) return;
    this.#show(loaded ? radio : this.#shown);
    if (loaded) this.onPhoto(image, { alt, credit });
    else this.onFailed();
  }

  /** @param {HTMLInputElement | null} shown */
  #show(shown) {
    this.#shown = shown;
    for (const radio of this.#radios) radio.checked = radio === shown;
  }
}

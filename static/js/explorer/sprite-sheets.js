// Thumbnails: one sprite sheet for a list of tiles, cut by the place of each.

const SIDE = 96; // CSS pixels of a thumbnail, as in data.css

/** @param {ParentNode} [within] shows the thumbnails of every list that has a sheet */
export function showSheets(within = document) {
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (within.querySelectorAll("[data-sheet]"))) {
    const { sheet = "", columns = "12", count = "0" } = list.dataset;
    const wide = Math.min(Number(columns), Number(count));
    for (const thumb of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-place]:not([data-shown])"))) {
      const place = Number(thumb.dataset.place);
      thumb.dataset.shown = "";
      thumb.style.backgroundImage = `url("${sheet}")`;
      thumb.style.backgroundSize = `${wide * SIDE}px auto`;
      thumb.style.backgroundPosition = `-${(place % Number(columns)) * SIDE}px -${Math.floor(place / Number(columns)) * SIDE}px`;
    }
  }
}

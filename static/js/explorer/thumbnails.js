// Thumbnails: one sprite sheet per list of tiles, from which each tile shows its own part.

const SIDE = "96"; // CSS pixels of a thumbnail, as in explorer.css; data-side overrides it

/** @param {ParentNode} [root]  shows the thumbnails of every list below it that has a sheet */
export function showThumbnails(root = document) {
  for (const list of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-sheet]"))) {
    const { sheet = "", columns = "12", count = "0" } = list.dataset;
    const side = Number(list.dataset.side ?? SIDE);
    const width = Math.min(Number(columns), Number(count));
    for (const thumb of /** @type {NodeListOf<HTMLElement>} */ (list.querySelectorAll("[data-index]:not([data-shown])"))) {
      const index = Number(thumb.dataset.index);
      thumb.dataset.shown = "";
      thumb.style.backgroundImage = `url("${sheet}")`;
      thumb.style.backgroundSize = `${width * side}px auto`;
      thumb.style.backgroundPosition = `-${(index % Number(columns)) * side}px -${Math.floor(index / Number(columns)) * side}px`;
    }
  }
}

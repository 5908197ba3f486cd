// /data/NAME/samples/ROW: thumbnails, keyboard navigation, occlusion maps.
import { showThumbnails } from "../explorer/thumbnails.js";
import { styleOf } from "../ui/expression-styles.js";
import { translate } from "../ui/language.js";

const KEYS = { ArrowLeft: "a[rel=prev]", ArrowRight: "a[rel=next]", Escape: "#back" };

document.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`.steps ${KEYS[/** @type {keyof typeof KEYS} */ (event.key)]}`));
  link?.click();
});

/** Overlay an occlusion map on the image. @param {number[][]} drops  in probability per position, -1 to 1 */
function showOcclusionMap(drops) {
  const portrait = document.querySelector(".portrait");
  const canvas = portrait?.querySelector("canvas") ?? document.createElement("canvas");
  canvas.width = drops[0].length;
  canvas.height = drops.length;
  const context = canvas.getContext("2d");
  if (!portrait || !context) return;
  const largest = Math.max(0.02, ...drops.flat().map(Math.abs));
  drops.forEach((line, y) => line.forEach((drop, x) => {
    const opacity = Math.round((Math.abs(drop) / largest) * 62);
    context.fillStyle = `rgb(${drop > 0 ? "230 120 0" : "0 120 220"} / ${opacity}%)`;
    context.fillRect(x, y, 1, 1);
  }));
  portrait.append(canvas);
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-explain]"))) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const response = await fetch(button.dataset.explain ?? "").catch(() => null);
    const explanation = response?.ok ? await response.json() : null;
    if (explanation) showOcclusionMap(explanation.falls);
    button.textContent = explanation ? translate("Covering orange areas makes “{expression}” less likely, covering blue areas more likely", { expression: styleOf(explanation.label).name }) : translate("The server did not respond; try again");
    button.disabled = !!explanation;
  });
}

showThumbnails();

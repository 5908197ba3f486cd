// /data/NAME/samples/ROW: thumbnails of the neighbours, steps by the arrow keys, what mattered to a model.
import { showSheets } from "../explorer/sprite-sheets.js";

const KEYS = { ArrowLeft: "a[rel=prev]", ArrowRight: "a[rel=next]", Escape: "#back" };

document.addEventListener("keydown", (event) => {
  if (!(event.key in KEYS) || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const link = /** @type {HTMLAnchorElement | null} */ (document.querySelector(`.steps ${KEYS[/** @type {keyof typeof KEYS} */ (event.key)]}`));
  link?.click();
});

/** @param {number[][]} falls  how much the answer falls when a place is hidden, -1 to 1 */
function lay(falls) {
  const portrait = document.querySelector(".portrait");
  const canvas = portrait?.querySelector("canvas") ?? document.createElement("canvas");
  canvas.width = falls[0].length;
  canvas.height = falls.length;
  const context = canvas.getContext("2d");
  if (!portrait || !context) return;
  const most = Math.max(0.02, ...falls.flat().map(Math.abs));
  falls.forEach((line, y) => line.forEach((fall, x) => {
    const strength = Math.round((Math.abs(fall) / most) * 62);
    context.fillStyle = `rgb(${fall > 0 ? "230 120 0" : "0 120 220"} / ${strength}%)`;
    context.fillRect(x, y, 1, 1);
  }));
  portrait.append(canvas);
}

for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (document.querySelectorAll("[data-explain]"))) {
  button.addEventListener("click", async () => {
    button.disabled = true;
    const answer = await fetch(button.dataset.explain ?? "").catch(() => null);
    const found = answer?.ok ? await answer.json() : null;
    if (found) lay(found.falls);
    button.textContent = found ? `Orange: hiding it makes “${found.label}” less likely; blue: more` : "The server did not answer";
    button.disabled = !!found;
  });
}

showSheets();

// /data/NAME/browse and /issues: thumbnails, arrow keys between tiles, endless scroll.
import { showSheets } from "../explorer/sprite-sheets.js";
import { tidyForms } from "../explorer/clean-forms.js";

const PLACES = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "line", ArrowUp: "-line", Home: "first", End: "last" };

/** @returns {HTMLElement[]} */
const tiles = () => [...document.querySelectorAll(".tile")].map((tile) => /** @type {HTMLElement} */ (tile));

/** How many tiles stand side by side. @param {HTMLElement[]} all */
function lineLength(all) {
  const top = all[0].getBoundingClientRect().top;
  const next = all.findIndex((tile) => tile.getBoundingClientRect().top > top + 1);
  return next < 0 ? all.length : next;
}

/** @param {KeyboardEvent} event */
function move(event) {
  const all = tiles();
  const from = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!(event.key in PLACES) || !all.length || event.altKey || event.ctrlKey || event.metaKey) return;
  if (from < 0 && document.activeElement !== document.body) return; // arrows belong to the field that has the focus
  const step = PLACES[/** @type {keyof typeof PLACES} */ (event.key)];
  const line = lineLength(all);
  const to = step === "first" ? 0 : step === "last" ? all.length - 1 : from < 0 ? 0 : from + (step === "line" ? line : step === "-line" ? -line : Number(step));
  if (to < 0 || to >= all.length) return;
  event.preventDefault();
  all[to].focus();
}

/** Fetches the next page when its link comes near, and takes its tiles and its own link over. @param {HTMLAnchorElement} link */
function endless(link) {
  const watcher = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    watcher.disconnect();
    const grid = document.querySelector(".tiles");
    const answer = await fetch(link.href).catch(() => null);
    if (!answer?.ok || !grid) {
      link.textContent = "More (the server did not answer)";
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    showSheets(page);
    grid.append(...page.querySelectorAll(".tiles > li"));
    const next = /** @type {HTMLAnchorElement | null} */ (page.querySelector("[data-endless]"));
    link.closest(".more")?.remove();
    const more = next?.closest(".more");
    if (next && more) {
      grid.after(more);
      endless(next);
    }
  }, { rootMargin: "900px" });
  watcher.observe(link);
}

showSheets();
tidyForms();
if (matchMedia("(max-width: 60rem)").matches) document.querySelector("details.facets")?.removeAttribute("open");
document.addEventListener("keydown", move);
const more = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-endless]"));
if (more) endless(more);

// /data/NAME/browse and /issues: thumbnails, arrow keys between tiles, infinite scroll.
import { initForms } from "../explorer/forms.js";
import { showThumbnails } from "../explorer/thumbnails.js";
import { translate } from "../ui/language.js";

const STEPS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: "line", ArrowUp: "-line", Home: "first", End: "last" };

/** @returns {HTMLElement[]} */
const tiles = () => [...document.querySelectorAll(".tile")].map((tile) => /** @type {HTMLElement} */ (tile));

/** Number of tiles per line. @param {HTMLElement[]} all */
function lineLength(all) {
  const top = all[0].getBoundingClientRect().top;
  const next = all.findIndex((tile) => tile.getBoundingClientRect().top > top + 1);
  return next < 0 ? all.length : next;
}

/** Move the focus between tiles. @param {KeyboardEvent} event */
function onKeyDown(event) {
  const all = tiles();
  const from = all.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  if (!(event.key in STEPS) || !all.length || event.altKey || event.ctrlKey || event.metaKey) return;
  if (from < 0 && document.activeElement !== document.body) return; // the focused field handles the key
  const step = STEPS[/** @type {keyof typeof STEPS} */ (event.key)];
  const line = lineLength(all);
  const to = step === "first" ? 0 : step === "last" ? all.length - 1 : from < 0 ? 0 : from + (step === "line" ? line : step === "-line" ? -line : Number(step));
  if (to < 0 || to >= all.length) return;
  event.preventDefault();
  all[to].focus();
}

/** Fetch the next page when its link comes near, and append its tiles and its own link. @param {HTMLAnchorElement} link */
function loadWhenNear(link) {
  const observer = new IntersectionObserver(async ([entry]) => {
    if (!entry.isIntersecting) return;
    observer.disconnect();
    const grid = document.querySelector(".tiles");
    const response = await fetch(link.href).catch(() => null);
    if (!response?.ok || !grid) {
      link.textContent = translate("Load more (the server did not respond)");
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    showThumbnails(page);
    grid.append(...page.querySelectorAll(".tiles > li"));
    const next = /** @type {HTMLAnchorElement | null} */ (page.querySelector("[data-infinite]"));
    link.closest(".more")?.remove();
    const more = next?.closest(".more");
    if (next && more) {
      grid.after(more);
      loadWhenNear(next);
    }
  }, { rootMargin: "900px" });
  observer.observe(link);
}

showThumbnails();
initForms();
const facets = document.querySelector("details.facets");
if (matchMedia("(max-width: 60rem)").matches) facets?.removeAttribute("open");
facets?.setAttribute("data-ready", ""); // until then explorer.css hides them on a phone, so that nothing moves
document.addEventListener("keydown", onKeyDown);
const more = /** @type {HTMLAnchorElement | null} */ (document.querySelector("[data-infinite]"));
if (more) loadWhenNear(more);

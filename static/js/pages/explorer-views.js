// Every page of a data set: its menus; save the view under a name, open and delete saved ones, copy its link.
import { readViews, withView, writeViews } from "../explorer/saved-views.js";
import { button, buttonOf, get, make, partOf } from "../ui/dom.js";
import { translate } from "../ui/language.js";

const panel = get("saved-views", HTMLDetailsElement);
const form = get("save-view", HTMLFormElement);
const dataset = panel.dataset.name ?? "";
const current = () => location.pathname + location.search + location.hash;

/** @param {string} text */
const showStatus = (text) => { partOf("saved-status").textContent = text; };

/** @param {import("../explorer/saved-views.js").SavedView[]} views  @param {string} done */
function save(views, done) {
  showStatus(writeViews(dataset, views, localStorage) ? done : translate("This browser does not let the site store anything."));
  show();
}

function show() {
  const views = readViews(dataset, localStorage);
  partOf("saved-count").textContent = views.length ? `(${views.length})` : "";
  partOf("saved-list").replaceChildren(...views.map((view) => {
    const item = make("li", "");
    const link = /** @type {HTMLAnchorElement} */ (make("a", "", view.name));
    link.href = view.url;
    if (view.url === current()) link.setAttribute("aria-current", "true");
    const remove = button("×", () => save(readViews(dataset, localStorage).filter(({ name }) => name !== view.name), translate("{view} is deleted.", { view: view.name })), "quiet-button");
    remove.setAttribute("aria-label", translate("Delete {view}", { view: view.name }));
    item.append(link, remove);
    return item;
  }));
}

/** Close the menus that do not contain `inside`. @param {EventTarget | null} inside */
function closeMenus(inside) {
  for (const menu of /** @type {NodeListOf<HTMLDetailsElement>} */ (document.querySelectorAll("details.menu[open]"))) {
    if (!(inside instanceof Node && menu.contains(inside))) menu.open = false;
  }
}

document.addEventListener("click", ({ target }) => closeMenus(target instanceof Node && target.isConnected ? target : panel));
document.addEventListener("keydown", (event) => {
  const menu = /** @type {HTMLElement | null} */ (document.querySelector("details.menu[open]"));
  if (event.key !== "Escape" || !menu) return;
  event.stopImmediatePropagation();
  closeMenus(null);
  menu.querySelector("summary")?.focus();
}, { capture: true });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const name = String(new FormData(form).get("name")).trim();
  if (!name) return;
  save(withView(readViews(dataset, localStorage), { name, url: current() }), translate("{view} is saved.", { view: name }));
  form.reset();
});
buttonOf("copy-view").addEventListener("click", () => void navigator.clipboard.writeText(location.href).then(
  () => showStatus(translate("Copied.")),
  () => showStatus(translate("The browser blocked it; copy the address instead.")),
));
show();

// Named views of a data set, kept in this browser.

/** @typedef {{name: string, url: string}} SavedView */

/** The views of the data set `name`; entries that are not views of it are left out. @param {string} name  @param {Storage} storage  @returns {SavedView[]} */
export function readViews(name, storage) {
  try {
    const stored = JSON.parse(storage.getItem(key(name)) ?? "[]");
    return Array.isArray(stored) ? stored.filter((view) => typeof view?.name === "string" && isViewOf(name, view.url)) : [];
  } catch {
    return []; // storage that is blocked or damaged
  }
}

/** Add a view, or replace the one with the same name. @param {SavedView[]} views  @param {SavedView} view  @returns {SavedView[]} */
export const withView = (views, view) => [...views.filter(({ name }) => name !== view.name), view].sort((a, b) => a.name.localeCompare(b.name));

/** @param {string} name  @param {SavedView[]} views  @param {Storage} storage  @returns {boolean} whether they could be stored */
export function writeViews(name, views, storage) {
  try {
    storage.setItem(key(name), JSON.stringify(views));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
const key = (name) => `emoscope.views.${name}`;

/** @param {string} name  @param {unknown} url */
const isViewOf = (name, url) => typeof url === "string" && (url === `/data/${name}` || [`/data/${name}/`, `/data/${name}?`, `/data/${name}#`].some((start) => url.startsWith(start)));

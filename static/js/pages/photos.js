// The photo page: connects intake, queue, gallery, filters, grid and single view.

import { button, buttonOf, get, partOf } from "../ui/dom.js";
import { download, fileName } from "../ui/downloads.js";
import { withLocation } from "../ui/inference-location.js";
import { Comparison } from "../photos/comparison.js";
import { Edits } from "../photos/edits.js";
import { printSheet, saveCsv, saveJson, saveNames, saveZip } from "../photos/export.js";
import { FilterBar, filterName } from "../photos/filter-bar.js";
import { Gallery, Selection } from "../photos/gallery.js";
import { Grid } from "../photos/grid.js";
import { fromDrop, fromFiles } from "../photos/intake.js";
import { PreviewWorker } from "../photos/previews.js";
import { photoProcessor } from "../photos/process-photo.js";
import { Progress } from "../photos/progress.js";
import { Queue } from "../photos/queue.js";
import { ReaderChoice } from "../photos/readers.js";
import { report } from "../photos/report.js";
import { isSample, sampleAlbum } from "../photos/sample-album.js";
import { SinglePhoto } from "../photos/single-photo.js";
import { collapse, stacksOf } from "../photos/stacks.js";
import { Store, Thumbnails } from "../photos/store.js";
import { Videos } from "../photos/videos.js";
import { counts, folders, markCounts, viewFromQuery, select, queryFromView } from "../photos/view.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";

/** @typedef {import("../photos/photo.js").Photo} Photo */
/** @typedef {import("../photos/photo.js").Mark} Mark */
/** @typedef {import("../photos/intake.js").Item} Item */

const BATCH = 50; // items added at a time, so that the first results appear while a large folder is still being listed

const page = partOf("photos");
const store = await Store.open();
const gallery = new Gallery(store);
const thumbnails = new Thumbnails(store);
const selection = new Selection();
const readerChoice = new ReaderChoice(partOf("reader-choice"), partOf("privacy"));
const previewWorker = new PreviewWorker(page.dataset.worker ?? "");
const queue = new Queue(photoProcessor({ gallery, previewWorker, choice: () => readerChoice.current }), { width: 3, onChange: () => scheduleRender() });
const videos = new Videos(partOf("videos"), store, readerChoice);
const edits = new Edits({ gallery, selection, queue, videos });
const progress = new Progress(queue, (id) => gallery.photos.get(id)?.name ?? "");
const grid = new Grid(partOf("grid"), thumbnails);
const filterBar = new FilterBar((changes) => setView(changes));
/** @type {import("../photos/photo-pane.js").Images} */
const images = {
  preview: (photo) => store.preview(photo.id),
  original: async (photo) => gallery.originals.get(photo.id)?.blob(),
};
/** The shown photo some steps after another one, around the end. @param {string} id  @param {number} step  @param {string} [without]  id of a photo to leave out */
function neighbor(id, step, without = "") {
  const photos = grid.photos.filter((photo) => photo.id !== without);
  const index = photos.findIndex((photo) => photo.id === id);
  return photos[(index + step + photos.length) % photos.length];
}
function closePhoto() {
  const index = grid.photos.findIndex(({ id }) => id === view.photo);
  setView({ photo: "", other: "" });
  if (index >= 0) grid.focus(index); // the photo that was open
}
/** Compare the two selected photos, or a photo with the next one. @param {string} id */
function compare(id) {
  const selected = grid.photos.filter((photo) => selection.ids.has(photo.id));
  const [photo, other] = selected.length === 2 ? selected : [{ id }, neighbor(id, 1)];
  if (other && other.id !== photo.id) setView({ photo: photo.id, other: other.id });
}
const comparison = new Comparison(get("comparison", HTMLDialogElement), {
  ...images,
  onMark: (photo, mark) => void edits.mark([photo], mark),
  onStep: (step) => setView({ other: neighbor(view.other, step, view.photo)?.id ?? "" }),
  onSwap: () => setView({ photo: view.other, other: view.photo }),
  onClose: closePhoto,
});
const singlePhoto = new SinglePhoto(get("single", HTMLDialogElement), {
  ...images,
  onStep: (step) => setView({ photo: neighbor(view.photo, step)?.id ?? "" }),
  onMark(photo, mark) {
    const next = neighbor(photo.id, 1);
    void edits.mark([photo], mark);
    if (mark && grid.photos.at(-1) !== photo) setView({ photo: next.id });
  },
  onCompare: () => compare(view.photo),
  onClose: () => view.other || closePhoto(),
  position: (photo) => (grid.photos.includes(photo) ? translate("{position} of {n}", { position: formatNumber(grid.photos.indexOf(photo) + 1), n: formatNumber(grid.photos.length) }) : ""),
  model: (name) => readerChoice.models.find((model) => model.name === name),
});
let view = viewFromQuery(location.search);
/** @type {Map<string, import("../photos/stacks.js").Stack>} of the photos that match the filters */
let stacks = new Map();

/** @param {Partial<import("../photos/view.js").View>} changes */
function setView(changes) {
  const opened = Boolean(changes.photo) && !view.photo;
  view = { ...view, ...changes };
  history[opened ? "pushState" : "replaceState"](null, "", location.pathname + withLocation(queryFromView(view)));
  render();
}

let listing = 0; // number of drops and selections still being listed
let scheduled = false;
/** Render at the next frame; changes in between are combined. */
function scheduleRender() {
  if (scheduled) return;
  scheduled = true;
  setTimeout(() => requestAnimationFrame(() => ((scheduled = false), render())), 60);
}

function render() {
  const all = [...gallery.photos.values()];
  const matching = select(all, view);
  if (view.stacks || queue.idle || queue.paused) stacks = stacksOf(matching); // not with every photo that is read
  const shown = view.stacks ? collapse(matching, stacks, view.stack) : matching;
  filterBar.show(view, counts(all, view), folders(all));
  filterBar.showMarks(view, markCounts(all, view));
  grid.show(shown);
  showStackButton();
  progress.show(listing > 0);
  const hasPhotos = gallery.photos.size > 0;
  page.dataset.empty = String(!hasPhotos);
  partOf("sample-credit").hidden = ![...all].some(isSample);
  partOf("nothing").hidden = !hasPhotos || shown.length > 0;
  const selected = shown.filter(({ id }) => selection.ids.has(id)).length;
  partOf("shown").textContent = hasPhotos ? shownText(shown.length, selected) : "";
  const scopeName = selected ? translate("selected") : translate("shown");
  for (const scope of document.querySelectorAll(".scope")) scope.textContent = scopeName;
  buttonOf("unselect").hidden = selected === 0;
  for (const id of ["keep", "reject", "unmark"]) buttonOf(id).hidden = selected === 0;
  for (const id of ["save-csv", "save-json", "save-names", "save-zip", "report", "print", "remove"]) buttonOf(id).disabled = shown.length === 0;
  buttonOf("compare").hidden = selected !== 2;
  showOpenPhotos();
}

/** @param {number} shown  photos  @param {number} selected */
function shownText(shown, selected) {
  const text = translatePlural("{shown} of {n} photos", "{shown} of {n} photos", gallery.photos.size, { shown: formatNumber(shown) });
  return selected ? `${text}, ${translatePlural("{n} selected", "{n} selected", selected)}` : text;
}

/** Show the open photo, or the two that are compared; close what is not in the view any more. */
function showOpenPhotos() {
  const open = gallery.photos.get(view.photo), other = gallery.photos.get(view.other);
  const [single, pair] = other ? [undefined, open && [open, other]] : [open, undefined];
  if (single && singlePhoto.photo !== single) void singlePhoto.show(single);
  if (!single && singlePhoto.photo) singlePhoto.close();
  singlePhoto.showMark();
  comparison.showMarks();
  if (pair?.some((photo, index) => comparison.photos[index] !== photo)) comparison.show(pair);
  if (!pair && comparison.photos.length) comparison.close();
}

function showStackButton() {
  const count = new Set(stacks.values()).size;
  const control = buttonOf("stacks");
  control.hidden = !count && !view.stacks;
  control.textContent = translate("Stacks: {n}", { n: formatNumber(count) });
  control.setAttribute("aria-pressed", String(view.stacks));
}

/** @param {AsyncGenerator<Item>} items */
async function addItems(items) {
  listing += 1;
  /** @type {Item[]} */
  let batch = [];
  const flush = async () => {
    const added = await gallery.add(batch.filter(({ kind }) => kind === "image"));
    for (const { id } of added) queue.add(id, id);
    for (const item of batch) if (item.kind === "video") await videos.add(item);
    batch = [];
  };
  try {
    for await (const item of items) if (batch.push(item) >= BATCH || gallery.photos.size < 3) await flush();
  } catch (error) {
    showMessage(error instanceof Error ? error.message : String(error));
  }
  await flush();
  listing -= 1;
  scheduleRender();
}

let messageTimer = 0;
/** @param {string} message  @param {{action?: HTMLButtonElement, seconds?: number}} [options]  `seconds`: how long it is shown; otherwise until the next one */
function showMessage(message, { action, seconds = 0 } = {}) {
  partOf("message").replaceChildren(message, ...(action ? [" ", action] : []));
  partOf("message").hidden = !message;
  clearTimeout(messageTimer);
  if (seconds) messageTimer = window.setTimeout(() => showMessage(""), 1000 * seconds);
}

/** @param {"undo" | "redo"} action */
async function moveInHistory(action) {
  const label = await edits.history[action]();
  if (label) showMessage(action === "undo" ? translate("Undone: {change}.", { change: label }) : translate("Done again: {change}.", { change: label }), { seconds: 5 });
  render();
}

/** Say what was removed, and offer to undo it. @param {string} message  @param {number} [seconds] */
const showRemoved = (message, seconds) => showMessage(`${message} ${translate("Undo is possible until this page is closed.")}`, { action: button(translate("Undo"), () => void moveInHistory("undo")), seconds });

/** Mark the selected photos if this is one of them, else this one, and go on to the next. @param {Photo} photo  @param {number} index  @param {Mark | undefined} mark */
function markAndGoOn(photo, index, mark) {
  const isSelected = selection.ids.has(photo.id);
  void edits.mark(isSelected ? selection.of(grid.photos) : [photo], mark);
  render();
  const gone = grid.photos[index] !== photo; // the filter does not match it any more
  if (grid.photos.length) grid.focus(Math.min(grid.photos.length - 1, index + Number(mark !== undefined && !isSelected && !gone)));
}

grid.isSelected = ({ id }) => selection.ids.has(id);
grid.progressOf = ({ id }) => {
  const task = queue.tasks.get(id);
  return task?.state === "running" || task?.state === "waiting" ? task.progress : null;
};
grid.stackOf = ({ id }) => {
  const stack = view.stacks ? stacks.get(id) : undefined;
  return stack ? { stack, open: stack.id === view.stack } : null;
};
grid.onStack = (photo) => {
  const stack = stacks.get(photo.id);
  if (!stack) return;
  setView({ stacks: true, stack: view.stacks && view.stack === stack.id ? "" : stack.id });
  grid.focus(grid.photos.indexOf(stack.best));
};
grid.onChoose = (photo) => {
  const stack = stacks.get(photo.id);
  if (!stack) return;
  void edits.choose(photo, stack.photos);
  render();
  grid.focus(grid.photos.indexOf(photo));
};
grid.onMark = markAndGoOn;
grid.onCompare = ({ id }) => compare(id);
grid.onOpen = (photo) => setView({ photo: photo.id });
grid.onSelect = (photo, index, range) => {
  selection.toggle(grid.photos, index, range);
  render();
};
gallery.addEventListener("change", scheduleRender);
addEventListener("popstate", () => {
  view = viewFromQuery(location.search);
  render();
});

for (const id of ["pick-files", "pick-folder"]) {
  const input = get(id, HTMLInputElement);
  input.addEventListener("change", () => {
    void addItems(fromFiles([...(input.files ?? [])]));
    input.value = "";
  });
}
buttonOf("stacks").addEventListener("click", () => setView({ stacks: !view.stacks, stack: "" }));
buttonOf("sample-album").addEventListener("click", () => void addItems(sampleAlbum(buttonOf("sample-album").dataset.file ?? "")));
addEventListener("dragover", (event) => {
  event.preventDefault();
  page.dataset.dragging = "true";
});
addEventListener("dragleave", (event) => event.relatedTarget === null && delete page.dataset.dragging);
addEventListener("drop", (event) => {
  event.preventDefault();
  delete page.dataset.dragging;
  if (event.dataTransfer) void addItems(fromDrop(event.dataTransfer));
});
addEventListener("paste", (event) => void addItems(fromFiles([...(event.clipboardData?.files ?? [])])));
addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || (event.target instanceof Element && event.target.closest("input:not([type=checkbox], [type=range])"))) return;
  const key = event.key.toLowerCase();
  if (key === "z" || key === "y") void moveInHistory(key === "y" || event.shiftKey ? "redo" : "undo");
  else if (key === "a" && !singlePhoto.photo && !comparison.photos.length) {
    selection.all(grid.photos);
    render();
  } else return;
  event.preventDefault();
});
edits.history.onChange = () => {
  const { undoable, redoable } = edits.history;
  Object.assign(buttonOf("undo"), { hidden: !undoable, title: translate("Undo: {change}", { change: undoable }) });
  Object.assign(buttonOf("redo"), { hidden: !redoable, title: translate("Redo: {change}", { change: redoable }) });
};
videos.onRemove = (id) => void edits.removeVideo(id).then(() => showRemoved(translate("Removed a video from this page.")));

/** @type {Record<string, () => void | Promise<void>>} */
const ACTIONS = {
  "save-csv": () => saveCsv(selection.of(grid.photos)),
  "save-names": () => saveNames(selection.of(grid.photos)),
  "save-json": () => saveJson(selection.of(grid.photos)),
  async report() {
    const photos = selection.of(grid.photos);
    const image = get("report-images", HTMLInputElement).checked ? (/** @type {Photo} */ { id }) => store.thumbnail(id) : null;
    const credit = photos.some(isSample) ? (partOf("sample-credit").textContent ?? "").replace(/\s+/g, " ") : "";
    download(await report(photos, { title: view.show === "all" ? translate("Photos") : translate("Photos: {filter}", { filter: filterName(view.show) }), credit, image }), fileName("report", "html"));
  },
  async "save-zip"() {
    const photos = selection.of(grid.photos);
    const missing = await saveZip(photos, gallery.originals, (done) => showMessage(translate("Packing: {done} of {total}", { done: formatNumber(done), total: formatNumber(photos.length) })));
    showMessage(missing ? translatePlural("{n} original is not available after the reload. Add its folder again, then save.", "{n} originals are not available after the reload. Add their folder again, then save.", missing) : "");
  },
  print: () => printSheet(partOf("contact-sheet"), selection.of(grid.photos), `Emoscope · ${filterName(view.show)}`, (id) => store.thumbnail(id)),
  keep: () => edits.mark(selection.of(grid.photos), "keep"),
  reject: () => edits.mark(selection.of(grid.photos), "reject"),
  unmark: () => edits.mark(selection.of(grid.photos), undefined),
  undo: () => moveInHistory("undo"),
  redo: () => moveInHistory("redo"),
  async remove() {
    const photos = selection.of(grid.photos);
    await edits.remove(photos);
    showRemoved(translatePlural("Removed {n} photo from this page. The file on your disk stays.", "Removed {n} photos from this page. The files on your disk stay.", photos.length), 30);
  },
  compare: () => compare(""),
  unselect: () => (selection.clear(), render()),
  async clear() {
    await edits.clear();
    thumbnails.clear();
    showRemoved(translate("Removed every photo and every result that this browser stored for this page."));
  },
};
for (const [id, action] of Object.entries(ACTIONS)) buttonOf(id).addEventListener("click", () => void Promise.resolve(action()).catch((error) => error.name !== "AbortError" && showMessage(error.message)));

await readerChoice.load();
await gallery.load();
await videos.load();
void gallery.addAppearances();
if (new URLSearchParams(location.search).get("source") === "sample") {
  setView({}); // the album is added once, not with every reload
  buttonOf("sample-album").click();
}
render();
page.dataset.ready = "true";

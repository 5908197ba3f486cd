// The photo page: ties intake, queue, gallery, filters, grid and single view together.

import { fromAddress, toAddress } from "../photos/address.js";
import { buttonOf, get, partOf } from "../ui/dom.js";
import { counts, select } from "../photos/filter.js";
import { Films } from "../photos/videos.js";
import { Filters, nameOf } from "../photos/filters.js";
import { Gallery } from "../photos/gallery.js";
import { Grid } from "../photos/grid.js";
import { fromDrop, fromFiles } from "../photos/intake.js";
import { Previews } from "../photos/previews.js";
import { Progress } from "../photos/progress.js";
import { Queue } from "../photos/queue.js";
import { ReaderChoice } from "../photos/reader-choice.js";
import { saveCsv, saveJson, saveZip } from "../photos/saving.js";
import { Selection } from "../photos/selection.js";
import { printSheet } from "../photos/sheet.js";
import { Single } from "../photos/single.js";
import { Store } from "../photos/store.js";
import { Thumbnails } from "../photos/thumbnails.js";
import { photoWork } from "../photos/process-photo.js";
import { keepPlace } from "../ui/inference-location.js";

/** @typedef {import("../photos/facts.js").Photo} Photo */
/** @typedef {import("../photos/intake.js").Item} Item */

const BATCH = 50; // items added at a time: the first results come while a large folder is still being listed

const page = partOf("photos");
const store = await Store.open();
const gallery = new Gallery(store);
const thumbnails = new Thumbnails(store);
const selection = new Selection();
const choice = new ReaderChoice(partOf("choice"), partOf("privacy"));
const previews = new Previews(page.dataset.worker ?? "");
const queue = new Queue(photoWork({ gallery, previews, choice: () => choice.current }), { width: 3, onChange: () => soon() });
const films = new Films(partOf("films"), store, choice);
const progress = new Progress(queue, (id) => gallery.photos.get(id)?.name ?? "");
const grid = new Grid(partOf("grid"), thumbnails);
const filters = new Filters((changes) => setView(changes));
const single = new Single(get("single", HTMLDialogElement), {
  preview: (photo) => store.preview(photo.id),
  original: async (photo) => gallery.originals.get(photo.id)?.blob(),
  onStep(step) {
    const at = grid.photos.findIndex(({ id }) => id === view.photo);
    const next = grid.photos[(at + step + grid.photos.length) % grid.photos.length];
    if (next) setView({ photo: next.id });
  },
  onClose() {
    const at = grid.photos.findIndex(({ id }) => id === view.photo);
    setView({ photo: "" });
    if (at >= 0) grid.focus(at); // where one was last
  },
  position: (photo) => `${grid.photos.indexOf(photo) + 1} of ${grid.photos.length}`,
  model: (name) => choice.models.find((model) => model.name === name),
});
let view = fromAddress(location.search);

/** @param {Partial<import("../photos/filter.js").View>} changes */
function setView(changes) {
  const opened = Boolean(changes.photo) && !view.photo;
  view = { ...view, ...changes };
  history[opened ? "pushState" : "replaceState"](null, "", location.pathname + keepPlace(toAddress(view)));
  render();
}

let listing = 0; // drops and picks still being listed
let asked = false;
/** Draw at the next frame; many changes are drawn once. */
function soon() {
  if (asked) return;
  asked = true;
  setTimeout(() => requestAnimationFrame(() => ((asked = false), render())), 60);
}

function render() {
  const all = gallery.photos.values();
  const shown = select(gallery.photos.values(), view);
  filters.show(view, counts(all, view));
  grid.show(shown);
  progress.show(listing > 0);
  const some = gallery.photos.size > 0;
  page.dataset.empty = String(!some);
  partOf("nothing").hidden = !some || shown.length > 0;
  const chosen = shown.filter(({ id }) => selection.ids.has(id)).length;
  partOf("shown").textContent = some ? `${shown.length} of ${gallery.photos.size} photos${chosen ? `, ${chosen} selected` : ""}` : "";
  const what = chosen ? "selected" : "shown";
  for (const scope of document.querySelectorAll(".scope")) scope.textContent = what;
  buttonOf("unselect").hidden = chosen === 0;
  for (const id of ["save-csv", "save-json", "save-zip", "print", "remove"]) buttonOf(id).disabled = shown.length === 0;
  const open = view.photo ? gallery.photos.get(view.photo) : undefined;
  if (open && single.photo !== open) void single.show(open);
  if (!open && single.photo) single.close();
}

/** @param {AsyncGenerator<Item>} items */
async function take(items) {
  listing += 1;
  /** @type {Item[]} */
  let batch = [];
  const flush = async () => {
    const added = await gallery.add(batch.filter(({ kind }) => kind === "picture"));
    for (const { id } of added) queue.add(id, id);
    for (const item of batch) if (item.kind === "video") await films.add(item);
    batch = [];
  };
  try {
    for await (const item of items) if (batch.push(item) >= BATCH || gallery.photos.size < 3) await flush();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
  }
  await flush();
  listing -= 1;
  soon();
}

/** @param {string} words */
function say(words) {
  partOf("said").textContent = words;
  partOf("said").hidden = !words;
}

grid.isSelected = ({ id }) => selection.ids.has(id);
grid.progressOf = ({ id }) => {
  const task = queue.tasks.get(id);
  return task?.state === "running" || task?.state === "waiting" ? task.progress : null;
};
grid.onOpen = (photo) => setView({ photo: photo.id });
grid.onSelect = (photo, index, range) => {
  selection.toggle(grid.photos, index, range);
  render();
};
gallery.addEventListener("change", soon);
addEventListener("popstate", () => {
  view = fromAddress(location.search);
  render();
});

for (const id of ["pick-files", "pick-folder"]) {
  const input = get(id, HTMLInputElement);
  input.addEventListener("change", () => {
    void take(fromFiles([...(input.files ?? [])]));
    input.value = "";
  });
}
addEventListener("dragover", (event) => {
  event.preventDefault();
  page.dataset.dragging = "true";
});
addEventListener("dragleave", (event) => event.relatedTarget === null && delete page.dataset.dragging);
addEventListener("drop", (event) => {
  event.preventDefault();
  delete page.dataset.dragging;
  if (event.dataTransfer) void take(fromDrop(event.dataTransfer));
});
addEventListener("paste", (event) => void take(fromFiles([...(event.clipboardData?.files ?? [])])));
addEventListener("keydown", (event) => {
  if (event.key !== "a" || !(event.ctrlKey || event.metaKey) || event.target instanceof HTMLInputElement || single.photo) return;
  event.preventDefault();
  selection.all(grid.photos);
  render();
});

/** @type {Record<string, () => void | Promise<void>>} */
const CLICKS = {
  "save-csv": () => saveCsv(selection.of(grid.photos)),
  "save-json": () => saveJson(selection.of(grid.photos)),
  async "save-zip"() {
    const photos = selection.of(grid.photos);
    const missing = await saveZip(photos, gallery.originals, (done) => say(`Packing: ${done} of ${photos.length}`));
    say(missing ? `${missing} originals are not at hand since the page was loaded anew. Drop their folder again, then save.` : "");
  },
  print: () => printSheet(partOf("sheet"), selection.of(grid.photos), `Emoscope · ${nameOf(view.show)}`, (id) => store.thumbnail(id)),
  async remove() {
    const photos = selection.of(grid.photos);
    if (!confirm(`Remove ${photos.length} ${photos.length === 1 ? "photo" : "photos"} from this page? The files stay where they are.`)) return;
    for (const { id } of photos) queue.forget(id);
    await gallery.remove(photos.map(({ id }) => id));
    selection.clear();
  },
  unselect: () => (selection.clear(), render()),
  async clear() {
    if (!confirm("Remove every photo and every result that this browser keeps for this page?")) return;
    queue.cancel();
    queue.clear();
    films.clear();
    await gallery.clear();
    thumbnails.clear();
    selection.clear();
  },
};
for (const [id, act] of Object.entries(CLICKS)) buttonOf(id).addEventListener("click", () => void Promise.resolve(act()).catch((error) => error.name !== "AbortError" && say(error.message)));

await choice.load();
await gallery.load();
await films.load();
render();
page.dataset.ready = "true";

// Progress: one bar for all files, one per file in process, and the number of failures.

import { make, partOf, get, buttonOf } from "../ui/dom.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";

/** @typedef {import("./queue.js").Queue} Queue */

export class Progress {
  #part = partOf("progress");
  #bar = get("progress-all", HTMLProgressElement);
  #status = partOf("progress-status");
  #files = partOf("progress-files");
  /** @type {Map<string, {row: HTMLElement, bar: HTMLProgressElement}>} */
  #rows = new Map();

  #listing = false;

  /** @param {Queue} queue  @param {(id: string) => string} fileName */
  constructor(queue, fileName) {
    this.queue = queue;
    this.fileName = fileName;
    buttonOf("pause").addEventListener("click", () => {
      if (queue.paused) queue.resume();
      else queue.pause();
      this.show();
    });
    buttonOf("cancel").addEventListener("click", () => queue.cancel());
    buttonOf("retry").addEventListener("click", () => queue.retry());
  }

  /** @param {boolean} [listing]  whether more files may follow */
  show(listing = this.#listing) {
    this.#listing = listing;
    const { queue } = this;
    const { done, failed, cancelled, total, progress } = queue.totals;
    this.#part.hidden = total === 0;
    this.#bar.value = progress;
    const finished = queue.idle && !listing;
    const values = { done: formatNumber(done), total: formatNumber(total) };
    const state = finished ? translate("Done: {done} of {total}", values) : queue.paused ? translate("Paused: {done} of {total}", values) : translate("Reading: {done} of {total}", values);
    const problems = [
      failed ? translatePlural("{n} could not be read", "{n} could not be read", failed) : "",
      cancelled ? translatePlural("{n} cancelled", "{n} cancelled", cancelled) : "",
    ].filter(Boolean).join(", ");
    this.#status.textContent = total === 0 ? "" : problems ? `${state}; ${problems}` : state;
    buttonOf("pause").textContent = queue.paused ? translate("Resume") : translate("Pause");
    buttonOf("pause").hidden = buttonOf("cancel").hidden = finished;
    buttonOf("retry").hidden = failed + cancelled === 0;
    this.#showFiles();
  }

  #showFiles() {
    const running = new Set([...this.queue.running()].map(({ id }) => id));
    for (const [id, { row }] of this.#rows) {
      if (running.has(id)) continue;
      row.remove();
      this.#rows.delete(id);
    }
    for (const task of this.queue.running()) {
      const row = this.#rows.get(task.id) ?? this.#newRow(task.id);
      row.bar.value = task.progress;
    }
  }

  /** @param {string} id */
  #newRow(id) {
    const bar = document.createElement("progress");
    const row = make("li", "", make("span", "", this.fileName(id)));
    bar.setAttribute("aria-label", this.fileName(id));
    row.append(bar);
    const cancel = make("button", "plain", "×");
    cancel.setAttribute("type", "button");
    cancel.setAttribute("aria-label", translate("Cancel {file}", { file: this.fileName(id) }));
    cancel.addEventListener("click", () => this.queue.cancel(id));
    row.append(cancel);
    this.#files.append(row);
    const entry = { row, bar };
    this.#rows.set(id, entry);
    return entry;
  }
}

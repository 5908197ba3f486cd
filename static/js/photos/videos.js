// The films of the page: read one after the other, shown as they are read, kept in the store.

import { readFilm } from "./process-video.js";
import { newRecord } from "./video-record.js";
import { FilmView } from "./video-view.js";
import { Queue } from "./queue.js";

/** @typedef {import("./intake.js").Item} Item */
/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */

export const STEP = 0.2; // seconds between readings
const SHOW = 500; // milliseconds between drawings while it is read, at least
const REST = 20; // times as long as a drawing took: that of an hour is longer than that of a minute

export class Films {
  #place;
  #store;
  #choice;
  /** @type {Map<string, FilmView>} */
  #views = new Map();
  #queue = new Queue((item, options) => this.#read(item, options), { width: 1 });

  /** @param {HTMLElement} place  @param {import("./store.js").Store} store  @param {import("./reader-choice.js").ReaderChoice} choice */
  constructor(place, store, choice) {
    this.#place = place;
    this.#store = store;
    this.#choice = choice;
  }

  /** Show what the store has. */
  async load() {
    for (const record of await this.#store.films()) this.#view(record.id, record.name).show(record, record.read >= record.duration ? "done" : "stopped");
  }

  /** @param {Item} item */
  async add(item) {
    const known = await this.#store.film(item.id);
    const view = this.#view(item.id, item.name);
    view.play(await item.blob(), () => this.#queue.add(item.id, item));
    if (known && known.read >= known.duration) view.show(known, "done");
    else this.#queue.add(item.id, item);
  }

  /** @param {string} id  @param {string} name */
  #view(id, name) {
    const known = this.#views.get(id);
    if (known) return known;
    const view = new FilmView(name, { onCancel: () => this.#queue.cancel(id), onRemove: () => void this.remove(id) });
    this.#views.set(id, view);
    this.#place.append(view.element);
    this.#place.hidden = false;
    return view;
  }

  /** @param {Item} item  @param {{signal: AbortSignal}} options */
  async #read(item, { signal }) {
    const view = this.#view(item.id, item.name);
    const known = await this.#store.film(item.id);
    let record = known ?? newRecord({ id: item.id, name: item.name, duration: 0, width: 0, height: 0, step: STEP });
    let next = 0;
    view.show(record, "reading", "Opening …");
    try {
      const { reader, model } = this.#choice.current;
      record = await readFilm(item, {
        store: this.#store, reader: await reader.frames(), model, known, step: STEP, signal,
        onProgress: (now) => {
          record = now;
          const begun = performance.now();
          if (begun < next) return;
          view.show(record, "reading");
          next = begun + Math.max(SHOW, REST * (performance.now() - begun));
        },
      });
      view.show(record, "done");
    } catch (error) {
      view.show(record, "stopped", signal.aborted ? "" : error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} id */
  async remove(id) {
    this.#queue.forget(id);
    this.#views.delete(id);
    this.#place.hidden = this.#views.size === 0;
    await this.#store.removeFilm(id);
  }

  /** Stop reading and take every film off the page; the store is cleared by who owns it. */
  clear() {
    this.#queue.cancel();
    for (const view of this.#views.values()) view.close();
    this.#views.clear();
    this.#place.hidden = true;
  }
}

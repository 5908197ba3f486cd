// The videos of the page: read one after the other, shown while they are read, kept in the store.

import { translate } from "../ui/language.js";
import { Tracker } from "../vision/tracking.js";
import { Queue } from "./queue.js";
import { withRetries } from "./readers.js";
import { openVideo } from "./video-frames.js";
import { FaceNumbering, append, modelOf, newRecord, resumed, trimmed } from "./video-record.js";
import { VideoView } from "./video-view.js";

/** @typedef {import("./intake.js").Item} Item */
/** @typedef {import("./video-record.js").VideoRecord} VideoRecord */
/** @typedef {{record: VideoRecord | undefined, item: Item | undefined}} RemovedVideo */

const STEP = 0.2; // seconds between analyzed frames
const DRAW_EVERY = 500; // ms at least between two updates of the view
const IDLE = 20; // pause after an update, as a multiple of its duration: long videos take longer to draw

export class Videos {
  #container;
  #store;
  #choice;
  /** @type {Map<string, VideoView>} */
  #views = new Map();
  /** @type {Map<string, Item>} the files of this visit */
  #items = new Map();
  /** @type {(id: string) => void} the visitor removes a video */
  onRemove = () => {};
  #queue = new Queue((item, options) => this.#read(item, options), { width: 1 });

  /** @param {HTMLElement} container  @param {import("./store.js").Store} store  @param {import("./readers.js").ReaderChoice} choice */
  constructor(container, store, choice) {
    this.#container = container;
    this.#store = store;
    this.#choice = choice;
  }

  /** Show the videos of the store. */
  async load() {
    for (const record of await this.#store.videos()) this.#show(record);
  }

  /** @param {VideoRecord} record */
  #show(record) {
    this.#view(record.id, record.name).show(record, record.read >= record.duration ? "done" : "stopped");
  }

  /** @param {Item} item */
  async add(item) {
    this.#items.set(item.id, item);
    const stored = await this.#store.video(item.id);
    const view = this.#view(item.id, item.name);
    view.play(await item.blob(), () => this.#queue.add(item.id, item));
    if (stored && stored.read >= stored.duration) view.show(stored, "done");
    else this.#queue.add(item.id, item);
  }

  /** @param {string} id  @param {string} name */
  #view(id, name) {
    const known = this.#views.get(id);
    if (known) return known;
    const view = new VideoView(name, { onCancel: () => this.#queue.cancel(id), onRemove: () => this.onRemove(id) });
    this.#views.set(id, view);
    this.#container.append(view.element);
    this.#container.hidden = false;
    return view;
  }

  /** @param {Item} item  @param {{signal: AbortSignal}} options */
  async #read(item, { signal }) {
    const view = this.#view(item.id, item.name);
    const stored = await this.#store.video(item.id);
    let record = stored ?? newRecord({ id: item.id, name: item.name, duration: 0, width: 0, height: 0, step: STEP });
    let next = 0;
    view.show(record, "reading", translate("Opening …"));
    try {
      const { reader, model } = this.#choice.current;
      record = await readVideo(item, {
        store: this.#store, reader: await reader.frames(), model, stored, step: STEP, signal,
        onProgress: (updated) => {
          record = updated;
          const startTime = performance.now();
          if (startTime < next) return;
          view.show(record, "reading");
          next = startTime + Math.max(DRAW_EVERY, IDLE * (performance.now() - startTime));
        },
      });
      view.show(record, "done");
    } catch (error) {
      view.show(record, "stopped", signal.aborted ? "" : error instanceof Error ? error.message : String(error));
    }
    if (!this.#views.has(item.id)) await this.#store.removeVideo(item.id); // removed while it was read
  }

  /** @param {string[]} ids  @returns {Promise<RemovedVideo[]>} for `restore` */
  async remove(ids) {
    const removed = ids.map(async (id) => {
      this.#queue.remove(id);
      this.#views.get(id)?.close();
      this.#views.delete(id);
      const item = this.#items.get(id);
      const record = await this.#store.video(id);
      await this.#store.removeVideo(id);
      return { record, item };
    });
    this.#container.hidden = this.#views.size === 0;
    return Promise.all(removed);
  }

  /** @param {RemovedVideo[]} removed */
  async restore(removed) {
    for (const { record, item } of removed) {
      if (record) await this.#store.putVideo(record);
      if (item) await this.add(item);
      else if (record) this.#show(record);
    }
  }

  /** Stop reading and remove every video. @returns {Promise<RemovedVideo[]>} for `restore` */
  clear() {
    return this.remove([...this.#views.keys()]);
  }
}

const SAVE_EVERY = 10_000; // ms between writes to the store
const LEAD = 3; // seconds read again before resuming, so that each face gets its previous number

/**
 * @param {import("./intake.js").Item} item
 * @param {object} options
 * @param {import("./store.js").Store} options.store
 * @param {import("../types.js").Reader} options.reader  started
 * @param {string} options.model
 * @param {VideoRecord} [options.stored]  the record of an interrupted run
 * @param {number} options.step  seconds between analyzed frames
 * @param {AbortSignal} options.signal
 * @param {(record: VideoRecord) => void} options.onProgress  after each frame; the record grows in place
 * @returns {Promise<VideoRecord>}
 */
async function readVideo(item, options) {
  const { store, reader, model, stored, step, signal, onProgress } = options;
  const video = await openVideo(await item.blob());
  const { duration, width, height } = video;
  const metadata = { id: item.id, name: item.name, duration, width, height, step };
  const record = stored?.count && stored.step === step ? resumed(stored, metadata) : newRecord(metadata);
  const numbering = new FaceNumbering(record);
  const tracker = new Tracker();
  const selected = reader.models.find(({ name }) => name === model);
  if (selected) tracker.setModel(selected);
  tracker.smoothing = 1000 * step;
  const resumeAt = record.count ? record.read : -1;
  let saved = performance.now();
  try {
    for await (const frame of video.frames(Math.max(0, resumeAt - LEAD), step)) {
      signal.throwIfAborted();
      const time = 1000 * frame.time;
      const { reading } = await withRetries(() => reader.read(frame, { model, time }), signal);
      const tracks = tracker.update(reading.faces, time);
      if (frame.time <= resumeAt) {
        if (modelOf(reading) !== record.model) return readVideo(item, { ...options, stored: undefined });
        numbering.match(tracker.tracks);
        continue;
      }
      append(record, frame.time, reading, tracks.map((track) => ({ ...track, id: numbering.of(track.id) })));
      onProgress(record);
      if (performance.now() - saved < SAVE_EVERY) continue;
      saved = performance.now();
      await store.putVideo(trimmed(record));
    }
    record.read = duration;
  } finally {
    video.close();
    await store.putVideo(trimmed(record));
  }
  onProgress(record);
  return record;
}

// Reads a film frame by frame into its record; what is read is kept as it goes, and reading goes on from there.

import { Tracker } from "../tracking.js";
import { append, newRecord, trimmed } from "./film-record.js";
import { openFilm } from "./film-frames.js";

/** @typedef {import("./film-record.js").FilmRecord} FilmRecord */

const KEEP = 10_000; // milliseconds between writes to the store

/**
 * @param {import("./intake.js").Item} item
 * @param {object} means
 * @param {import("./store.js").Store} means.store
 * @param {import("../types.js").Reader} means.reader  started
 * @param {string} means.model
 * @param {number} means.step  seconds between readings
 * @param {AbortSignal} means.signal
 * @param {(record: FilmRecord) => void} means.onProgress  after each reading; the record grows in place
 * @returns {Promise<FilmRecord>}
 */
export async function readFilm(item, { store, reader, model, step, signal, onProgress }) {
  const film = await openFilm(await item.blob());
  const { duration, width, height } = film;
  const record = newRecord({ id: item.id, name: item.name, duration, width, height, step });
  const tracker = new Tracker();
  const offered = reader.models.find(({ name }) => name === model);
  if (offered) tracker.setModel(offered);
  tracker.smoothing = 1000 * step;
  let kept = performance.now();
  try {
    for await (const frame of film.frames(0, step)) {
      signal.throwIfAborted();
      const { reading } = await reader.read(frame, { model });
      const time = 1000 * frame.time;
      tracker.update(reading.faces, time);
      append(record, frame.time, reading, tracker.tracks.filter(({ seen }) => seen === time));
      onProgress(record);
      if (performance.now() - kept < KEEP) continue;
      kept = performance.now();
      await store.putFilm(trimmed(record));
    }
    record.read = duration;
  } finally {
    film.close();
    await store.putFilm(trimmed(record));
  }
  onProgress(record);
  return record;
}

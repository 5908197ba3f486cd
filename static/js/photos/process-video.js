// Reads a film frame by frame into its record; what is read is kept as it goes, and reading goes on from there.

import { Tracker } from "../vision/tracking.js";
import { Names, append, modelOf, newRecord, resumed, trimmed } from "./video-record.js";
import { openFilm } from "./video-frames.js";
import { patiently } from "./readers.js";

/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */

const KEEP = 10_000; // milliseconds between writes to the store
const LEAD = 3; // seconds looked at once more before going on, so that each face is who it was

/**
 * @param {import("./intake.js").Item} item
 * @param {object} means
 * @param {import("./store.js").Store} means.store
 * @param {import("../types.js").Reader} means.reader  started
 * @param {string} means.model
 * @param {FilmRecord} [means.known]  what was read of it before it was broken off
 * @param {number} means.step  seconds between readings
 * @param {AbortSignal} means.signal
 * @param {(record: FilmRecord) => void} means.onProgress  after each reading; the record grows in place
 * @returns {Promise<FilmRecord>}
 */
export async function readFilm(item, means) {
  const { store, reader, model, known, step, signal, onProgress } = means;
  const film = await openFilm(await item.blob());
  const { duration, width, height } = film;
  const about = { id: item.id, name: item.name, duration, width, height, step };
  const record = known?.count && known.step === step ? resumed(known, about) : newRecord(about);
  const names = new Names(record);
  const tracker = new Tracker();
  const offered = reader.models.find(({ name }) => name === model);
  if (offered) tracker.setModel(offered);
  tracker.smoothing = 1000 * step;
  const before = record.count ? record.read : -1;
  let kept = performance.now();
  try {
    for await (const frame of film.frames(Math.max(0, before - LEAD), step)) {
      signal.throwIfAborted();
      const { reading } = await patiently(() => reader.read(frame, { model }), signal);
      const time = 1000 * frame.time;
      const tracks = tracker.update(reading.faces, time);
      if (frame.time <= before) {
        if (modelOf(reading) !== record.model) return readFilm(item, { ...means, known: undefined });
        names.learn(tracker.tracks);
        continue;
      }
      append(record, frame.time, reading, tracks.map((track) => ({ ...track, id: names.of(track.id) })));
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

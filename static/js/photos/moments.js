// The moments of a film worth jumping to: a face appears, its expression changes, an expression peaks. Pure.

import { largest } from "./video-record.js";

/** @typedef {import("./video-record.js").FilmRecord} FilmRecord */
/** @typedef {import("./video-record.js").Sample} Sample */
/** @typedef {{time: number, face: number, kind: "appears" | "change" | "peak", label: string, share: number, from?: string}} Moment */

const HELD = 0.8; // seconds an expression must stay to count as a change
const GAP = 2; // seconds without a face after which it appears anew
const PEAK = 6; // of ten, the least an expression must reach to peak
const FALL = 2; // of ten, by how much it must fall on both sides of a peak

/** @param {FilmRecord} record  @param {Map<number, Sample[]>} faces  @returns {Moment[]} in the order of time */
export function moments(record, faces) {
  const all = [...faces].flatMap(([face, samples]) => {
    const changed = changes(record, face, samples);
    // Who appears, or changes, at a peak is told once.
    const known = new Set(changed.map(({ time, label }) => `${time} ${label}`));
    return [...changed, ...peaks(record, face, samples).filter(({ time, label }) => !known.has(`${time} ${label}`))];
  });
  return all.sort((a, b) => a.time - b.time || a.face - b.face);
}

/** @param {FilmRecord} record  @param {number} face  @param {Sample[]} samples  @returns {Moment[]} */
function changes(record, face, samples) {
  /** @type {Moment[]} */
  const found = [];
  let current = -1;
  let candidate = -1;
  let since = 0;
  samples.forEach((sample, i) => {
    const top = sample.unsure ? -1 : largest(sample.shares);
    const about = { face, label: record.labels[top] ?? "", share: sample.shares[top] ?? 0 };
    if (i === 0 || sample.time - samples[i - 1].time > GAP) {
      found.push({ ...about, time: sample.time, kind: "appears", label: record.labels[top] ?? "unsure" });
      current = candidate = top;
      return;
    }
    if (top !== candidate) {
      candidate = top;
      since = sample.time;
    }
    if (top < 0 || top === current || sample.time - since < HELD) return;
    if (current >= 0) found.push({ ...about, time: since, kind: "change", from: record.labels[current] });
    current = top;
  });
  return found;
}

/** @param {FilmRecord} record  @param {number} face  @param {Sample[]} samples  @returns {Moment[]} of every expression but neutral */
function peaks(record, face, samples) {
  return record.labels.flatMap((label, column) => (label === "neutral" ? [] : peaksOf(samples, column)
    .map(({ time, share }) => ({ time, face, kind: /** @type {const} */ ("peak"), label, share }))));
}

/**
 * Heights of at least PEAK that the share falls from by FALL before it rises above them again.
 * @param {Sample[]} samples  @param {number} column  @returns {{time: number, share: number}[]}
 */
function peaksOf(samples, column) {
  const found = [];
  let rising = true;
  let extreme = { time: 0, share: -1 };
  for (const { time, shares } of samples) {
    const share = shares[column];
    if (rising ? share > extreme.share : share < extreme.share) extreme = { time, share };
    else if (rising && extreme.share - share >= FALL) {
      if (extreme.share >= PEAK) found.push(extreme);
      [rising, extreme] = [false, { time, share }];
    } else if (!rising && share - extreme.share >= FALL) [rising, extreme] = [true, { time, share }];
  }
  if (rising && extreme.share >= PEAK) found.push(extreme);
  return found;
}

/** @param {Moment} moment  @returns {string} in words */
export function describe({ kind, face, label, share, from }) {
  if (kind === "appears") return `face ${face} appears, ${label}`;
  if (kind === "change") return `face ${face}: ${from} to ${label}`;
  return `face ${face}: ${label} peaks at ${Math.round(share)} of 10`;
}

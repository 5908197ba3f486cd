// The notable moments of a video: a face appears, its expression changes, an expression peaks. Pure functions.

import { UNSURE, styleOf } from "../ui/expression-styles.js";
import { translate } from "../ui/language.js";
import { largest } from "./video-record.js";

/** @typedef {import("./video-record.js").VideoRecord} VideoRecord */
/** @typedef {import("./video-record.js").Sample} Sample */
/** @typedef {{time: number, face: number, kind: "appears" | "change" | "peak", label: string, strength: number, from?: string}} Moment */

const MIN_DURATION = 0.8; // seconds an expression must last to count as a change
const GAP = 2; // seconds of absence after which a face appears again
const PEAK = 6; // of ten, minimum strength of a peak
const PROMINENCE = 2; // of ten, minimum drop on both sides of a peak

/** @param {VideoRecord} record  @param {Map<number, Sample[]>} faces  @returns {Moment[]} sorted by time */
export function moments(record, faces) {
  const all = [...faces].flatMap(([face, samples]) => {
    const changed = changes(record, face, samples);
    // An appearance or a change at a peak is listed once.
    const listed = new Set(changed.map(({ time, label }) => `${time} ${label}`));
    return [...changed, ...peaks(record, face, samples).filter(({ time, label }) => !listed.has(`${time} ${label}`))];
  });
  return all.sort((a, b) => a.time - b.time || a.face - b.face);
}

/** @param {VideoRecord} record  @param {number} face  @param {Sample[]} samples  @returns {Moment[]} */
function changes(record, face, samples) {
  /** @type {Moment[]} */
  const found = [];
  let current = -1;
  let candidate = -1;
  let since = 0;
  samples.forEach((sample, i) => {
    const top = sample.unsure || sample.unlike ? -1 : largest(sample.strengths);
    const common = { face, label: record.labels[top] ?? "", strength: sample.strengths[top] ?? 0 };
    if (i === 0 || sample.time - samples[i - 1].time > GAP) {
      found.push({ ...common, time: sample.time, kind: "appears", label: record.labels[top] ?? "unsure" });
      current = candidate = top;
      return;
    }
    if (top !== candidate) {
      candidate = top;
      since = sample.time;
    }
    if (top < 0 || top === current || sample.time - since < MIN_DURATION) return;
    if (current >= 0) found.push({ ...common, time: since, kind: "change", from: record.labels[current] });
    current = top;
  });
  return found;
}

/** @param {VideoRecord} record  @param {number} face  @param {Sample[]} samples  @returns {Moment[]} of every expression except neutral */
function peaks(record, face, samples) {
  return record.labels.flatMap((label, column) => (label === "neutral" ? [] : peaksOf(samples, column)
    .map(({ time, strength }) => ({ time, face, kind: /** @type {const} */ ("peak"), label, strength }))));
}

/**
 * Local maxima of at least PEAK with a drop of PROMINENCE on both sides.
 * @param {Sample[]} samples  @param {number} column  @returns {{time: number, strength: number}[]}
 */
function peaksOf(samples, column) {
  const found = [];
  let rising = true;
  let extreme = { time: 0, strength: -1 };
  for (const { time, strengths } of samples) {
    const strength = strengths[column];
    if (rising ? strength > extreme.strength : strength < extreme.strength) extreme = { time, strength };
    else if (rising && extreme.strength - strength >= PROMINENCE) {
      if (extreme.strength >= PEAK) found.push(extreme);
      [rising, extreme] = [false, { time, strength }];
    } else if (!rising && strength - extreme.strength >= PROMINENCE) [rising, extreme] = [true, { time, strength }];
  }
  if (rising && extreme.strength >= PEAK) found.push(extreme);
  return found;
}

/** @param {string} label */
const nameOf = (label) => (label === "unsure" ? UNSURE : styleOf(label).name);

/** @param {Moment} moment  @returns {string} description */
export function describe({ kind, face, label, strength, from }) {
  const values = { face, expression: nameOf(label), before: nameOf(from ?? ""), votes: Math.round(strength) };
  if (kind === "appears") return translate("face {face} appears, {expression}", values);
  if (kind === "change") return translate("face {face}: {before} to {expression}", values);
  return translate("face {face}: {expression} peaks at {votes} of 10", values);
}

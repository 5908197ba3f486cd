// The files of the session's timeline: CSV, JSON, and an image of the chart.

import { STYLES } from "../ui/expression-styles.js";
import { csvText } from "../ui/downloads.js";
import { formatTime, translate } from "../ui/language.js";
import { LANES, chartHeight, clock, currentTheme, drawChart, drawLegend } from "./session-chart.js";

/** @typedef {import("./session-history.js").SessionHistory} SessionHistory */
/** @typedef {{started: number | null, source: string}} About  started: ms, wall clock; null for a video file */

const BASE = ["time", "seconds", "face", "model", "expression", "unsure", "mark"];
const [IMAGE_WIDTH, IMAGE_SCALE] = [1200, 2];

/** @param {SessionHistory} history  @returns {string[]} in the order of FER+; others at the end */
export function labelsOf(history) {
  const found = new Set();
  for (const { samples } of history.faces.values()) for (const { probabilities } of samples) for (const label of Object.keys(probabilities)) found.add(label);
  return [...Object.keys(STYLES).filter((label) => found.has(label)), ...[...found].filter((label) => !(label in STYLES))];
}

/** @param {number | null} started  @param {number} seconds */
const isoTime = (started, seconds) => (started === null ? "" : new Date(started + 1000 * seconds).toISOString());

/** @param {SessionHistory} history  @param {About} about  @returns {string} RFC 4180: one row per face and step, in order of time */
export function csv(history, { started }) {
  const labels = labelsOf(history);
  const { step } = history;
  const rows = [...history.faces.values()].flatMap(({ id, samples }) => samples.map((sample) => ({ id, sample }))).sort((a, b) => a.sample.slot - b.sample.slot || a.id - b.id);
  const lines = rows.map(({ id, sample: { slot, model, expression, unsure, unlike, votes, probabilities, balanced } }) => [
    isoTime(started, slot * step), (slot * step).toFixed(2), id, model, expression, unsure, markAt(history, slot),
    ...labels.map((label) => (votes && label in probabilities ? votes[label] ?? 0 : "")),
    ...labels.map((label) => probabilities[label] ?? ""),
    ...labels.map((label) => balanced?.[label] ?? ""), unlike ?? "",
  ]);
  const header = [...BASE, ...["votes", "probability", "balanced"].flatMap((kind) => labels.map((label) => `${kind}_${label}`)), "unlike"];
  return csvText([header, ...lines]);
}

/** @param {SessionHistory} history  @param {number} slot  @returns {string} the notes of the marks in this step */
const markAt = ({ marks, step }, slot) => marks.filter(({ time }) => Math.floor(time / step) === slot).map(({ note }) => note || "marked").join("; ");

/** @param {SessionHistory} history  @param {About} about  @returns {string} */
export function json(history, { started, source }) {
  const { step, marks, dropped } = history;
  const faces = [...history.faces.values()].map(({ id, samples }) => ({
    face: id, samples: samples.map(({ slot, ...result }) => ({ seconds: slot * step, ...result })),
  }));
  const note = "results as displayed (smoothed), the latest of each step; seconds since the session began, or in the video file";
  return JSON.stringify({
    format: "emoscope-timeline", schema: 1, started: started === null ? null : isoTime(started, 0), source, note, step, dropped_faces: dropped,
    marks: marks.map(({ time, note: text }) => ({ seconds: Math.round(1000 * time) / 1000, note: text })), faces,
  }, null, 1) + "\n";
}

/**
 * The chart of the longest visible faces as an image, in the colors of the page.
 * @param {SessionHistory} history  @param {{from: number, to: number}} span  s  @param {About} about
 * @returns {Promise<Blob | null>} PNG
 */
export function png(history, span, { started, source }) {
  const faces = history.longest(LANES);
  const theme = currentTheme();
  const [top, labels] = [34, labelsOf(history)];
  const height = top + chartHeight(faces.length) + 34 + 18 * Math.ceil(labels.length / 10) + 20 * history.marks.filter(({ note }) => note).length;
  const canvas = Object.assign(document.createElement("canvas"), { width: IMAGE_SCALE * IMAGE_WIDTH, height: IMAGE_SCALE * height });
  const context = canvas.getContext("2d");
  if (!context) return Promise.resolve(null);
  context.scale(IMAGE_SCALE, IMAGE_SCALE);
  context.fillStyle = theme.panel;
  context.fillRect(0, 0, IMAGE_WIDTH, height);
  context.fillStyle = theme.ink;
  context.font = "600 15px system-ui, sans-serif";
  context.textBaseline = "middle";
  const begin = started === null ? source : `${source}, ${formatTime(started)}`;
  context.fillText(translate("{source}: how many of ten people would name each expression", { source: begin }), 10, 18, IMAGE_WIDTH - 20);
  context.save();
  context.translate(0, top);
  drawChart(context, history, { faces, span, width: IMAGE_WIDTH, moment: null, theme });
  context.restore();
  let y = drawLegend(context, labels, top + chartHeight(faces.length) + 16, IMAGE_WIDTH, theme);
  for (const { time, note } of history.marks.filter((mark) => mark.note)) context.fillText(`${clock(time)}  ${note}`, 34, (y += 20), IMAGE_WIDTH - 44);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}

// The ten votes for a face: as text (pure functions), and as a card with ten icons.

import { BalancedLine } from "./balanced.js";
import { make } from "./dom.js";
import { UNLIKE, UNSURE, colorVariable, faceIcon, styleOf } from "./expression-styles.js";
import { formatNumber, translate } from "./language.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {Pick<Track, "votes" | "probabilities" | "expression" | "unsure"> & {unlike?: boolean}} Prediction */

/** @param {Record<string, number>} counts  @returns {[string, number][]} largest first; equal counts in a stable order */
export const ranked = (counts) => Object.entries(counts).sort((a, b) => b[1] - a[1]);

/** @param {Prediction} prediction  @returns {string} the sentence on the card of a face */
export function sentence({ votes, expression, unsure, unlike }) {
  if (unlike) return translate("Unlike the training data: the prediction cannot be trusted");
  if (!votes) return unsure ? translate("Unsure: no expression stands out") : translate("This model would call this {expression}", { expression: styleOf(expression).name });
  return unsure ? translate("Unsure: the ten would split") : peopleSay(votes[expression] ?? 0, expression);
}

/** @param {number} votes  @param {string} expression  @returns {string} such as "7 of 10 people would call this happiness" */
export function peopleSay(votes, expression) {
  if (expression === "neutral") return translate("{votes} of 10 people would call this neutral", { votes }); // an adjective where others are nouns
  return translate("{votes} of 10 people would call this {expression}", { votes, expression: styleOf(expression).name });
}

/** @param {Prediction} prediction  @returns {string} a short label for the box */
export function shortLabel({ votes, expression, unsure, unlike }) {
  if (unlike) return UNLIKE;
  if (unsure) return UNSURE;
  const name = styleOf(expression).name;
  return votes ? translate("{votes} of 10 {expression}", { votes: votes[expression] ?? 0, expression: name }) : name;
}

/** @param {Record<string, number>} votes  @returns {string} such as "happiness 7 · neutral 3" */
export const tally = (votes) => ranked(votes).map(([label, count]) => `${styleOf(label).name} ${count}`).join(" · ");

/** The card of a face: number, sentence, ten icons or probability bars, and the last minute. */
export class FaceCard {
  element = make("li", "face-card");
  #sentence = make("p", "face-sentence");
  #marks = make("div", "face-marks");
  #tally = make("p", "face-tally");
  #balanced = new BalancedLine();
  #drawn = "";

  /** @param {Track} track */
  constructor(track) {
    const number = make("span", "face-number", String(track.id));
    number.dataset.color = String(track.color);
    const heading = make("h3", "", " ");
    heading.prepend(number, make("span", "visually-hidden", translate("Face {face}", { face: track.id })));
    const header = make("div", "face-header");
    header.append(heading, this.#sentence);
    this.timeline = new Timeline(track.id);
    this.element.append(header, this.#marks, this.#tally, this.#balanced.element, this.timeline.element);
    this.element.dataset.face = String(track.id);
  }

  /** @param {Track} track  changes the page only if something changed */
  update(track) {
    this.#balanced.update(track.balanced);
    const text = sentence(track);
    const counts = track.votes ? tally(track.votes) : bars(track.probabilities).map(({ label, probability }) => `${label}${probability}`).join();
    if (this.#drawn === text + counts) return;
    this.#drawn = text + counts;
    this.#sentence.textContent = text;
    this.#tally.textContent = track.votes ? counts : translate("This model predicts probabilities, not the votes of people.");
    this.#marks.replaceChildren(track.votes ? tenMarks(track.votes) : probabilityBars(track.probabilities));
    Object.assign(this.element.dataset, { expression: track.expression, unsure: String(track.unsure) });
  }
}

/** @param {Record<string, number>} votes  @returns {HTMLElement} ten icons, most votes first */
export function tenMarks(votes) {
  const list = make("div", "ten-marks");
  list.setAttribute("role", "img");
  list.setAttribute("aria-label", translate("Ten votes: {votes}", { votes: tally(votes) }));
  for (const [label, count] of ranked(votes)) for (let i = 0; i < count; i++) list.append(faceIcon(label));
  return list;
}

/** @param {Record<string, number>} probabilities  @returns {{label: string, probability: number}[]} rounded to two decimals, largest first */
const bars = (probabilities) => ranked(probabilities).map(([label, p]) => ({ label, probability: Math.round(100 * p) / 100 }));

/** @param {Record<string, number>} probabilities  @returns {HTMLElement} one bar per label */
export function probabilityBars(probabilities) {
  const list = make("dl", "bars");
  for (const { label, probability } of bars(probabilities)) {
    const name = make("dt", "", styleOf(label).name);
    name.prepend(faceIcon(label));
    const value = make("dd", "", formatNumber(probability, 2));
    const bar = make("span", "bar");
    bar.style.width = `${100 * probability}%`;
    bar.style.background = colorVariable(label);
    value.prepend(bar);
    list.append(name, value);
  }
  return list;
}

// What the ten would say: in words (pure), and as a card a face with ten marks.

import { colourVariable, faceIcon, lookOf } from "./expression-styles.js";
import { Timeline } from "./timeline.js";

/** @typedef {import("../vision/tracking.js").Track} Track */
/** @typedef {Pick<Track, "votes" | "probabilities" | "expression" | "unsure">} Judgement */

/** @param {Record<string, number>} counts  @returns {[string, number][]} largest first, in a steady order */
export const ranked = (counts) => Object.entries(counts).sort((a, b) => b[1] - a[1]);

/** @param {Judgement} judgement  @returns {string} the sentence under a face's number */
export function sentence({ votes, expression, unsure }) {
  const name = lookOf(expression).name;
  if (!votes) return unsure ? "Unsure: no expression stands out" : `This model would call this ${name}`;
  return unsure ? "Unsure: the ten would split" : `${votes[expression] ?? 0} of 10 people would call this ${name}`;
}

/** @param {Judgement} judgement  @returns {string} a few words, for the picture */
export function shortWords({ votes, expression, unsure }) {
  if (unsure) return "unsure";
  const name = lookOf(expression).name;
  return votes ? `${votes[expression] ?? 0} of 10 ${name}` : name;
}

/** @param {Record<string, number>} votes  @returns {string} such as "happiness 7 · neutral 3" */
export const tally = (votes) => ranked(votes).map(([label, count]) => `${lookOf(label).name} ${count}`).join(" · ");

/** @param {string} tag  @param {string} className  @param {string} [text] */
function element(tag, className, text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

/** A face's card: number, sentence, ten marks or bars, the last minute. */
export class FaceCard {
  element = element("li", "face-card");
  #words = element("p", "face-words");
  #marks = element("div", "face-marks");
  #tally = element("p", "face-tally");
  #shown = "";

  /** @param {Track} track */
  constructor(track) {
    const number = element("span", "face-number", String(track.id));
    number.dataset.colour = String(track.colour);
    const heading = element("h3", "", " ");
    heading.prepend(number, element("span", "visually-hidden", `Face ${track.id}`));
    const header = element("div", "face-header");
    header.append(heading, this.#words);
    this.timeline = new Timeline(track.id);
    this.element.append(header, this.#marks, this.#tally, this.timeline.element);
    this.element.dataset.face = String(track.id);
  }

  /** @param {Track} track  touches the page only where something changed */
  update(track) {
    const words = sentence(track);
    const counts = track.votes ? tally(track.votes) : bars(track.probabilities).map(({ label, share }) => `${label}${share}`).join();
    if (this.#shown === words + counts) return;
    this.#shown = words + counts;
    this.#words.textContent = words;
    this.#tally.textContent = track.votes ? counts : "This model gives its own probabilities, not people’s votes.";
    this.#marks.replaceChildren(track.votes ? tenMarks(track.votes) : probabilityBars(track.probabilities));
    Object.assign(this.element.dataset, { expression: track.expression, unsure: String(track.unsure) });
  }
}

/** @param {Record<string, number>} votes  @returns {HTMLElement} ten drawn faces, most votes first */
export function tenMarks(votes) {
  const list = element("div", "ten-marks");
  list.setAttribute("role", "img");
  list.setAttribute("aria-label", `Ten votes: ${tally(votes)}`);
  for (const [label, count] of ranked(votes)) for (let i = 0; i < count; i++) list.append(faceIcon(label));
  return list;
}

/** @param {Record<string, number>} probabilities  @returns {{label: string, share: string}[]} two decimals, largest first */
const bars = (probabilities) => ranked(probabilities).map(([label, p]) => ({ label, share: p.toFixed(2) }));

/** @param {Record<string, number>} probabilities  @returns {HTMLElement} a bar a label */
export function probabilityBars(probabilities) {
  const list = element("dl", "bars");
  for (const { label, share } of bars(probabilities)) {
    const name = element("dt", "", lookOf(label).name);
    name.prepend(faceIcon(label));
    const value = element("dd", "", share);
    const bar = element("span", "bar");
    bar.style.width = `${100 * Number(share)}%`;
    bar.style.background = colourVariable(label);
    value.prepend(bar);
    list.append(name, value);
  }
  return list;
}

// The votes so large that people two metres away can read them. The cards beside the video say the same to screen readers.

import { make } from "../ui/dom.js";
import { UNLIKE, UNSURE, faceIcon, styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate } from "../ui/language.js";
import { probabilityBars, tenMarks } from "../ui/votes.js";

/** @typedef {import("../vision/tracking.js").Track} Track */

const MAX_FACES = 4; // the largest; more would be too small to read

/** @param {Track} track */
const area = ({ face }) => face.box.width * face.box.height;

export class LargeVotes {
  #drawn = "";

  /** @param {HTMLElement} list  an <ol> */
  constructor(list) {
    this.list = list;
  }

  /** @param {Track[]} tracks  the faces in view */
  update(tracks) {
    const shown = [...tracks].sort((a, b) => area(b) - area(a)).slice(0, MAX_FACES).sort((a, b) => a.id - b.id);
    const state = shown.map(({ id, votes, probabilities, expression, unsure, unlike }) => [id, expression, unsure, unlike, JSON.stringify(votes ?? rounded(probabilities))].join()).join("|");
    if (state === this.#drawn) return;
    this.#drawn = state;
    this.list.dataset.count = String(shown.length);
    this.list.replaceChildren(...(shown.length ? shown.map((track) => this.#tile(track, shown.length > 1)) : [make("li", "large-none", translate("No face in view"))]));
  }

  /** @param {Track} track  @param {boolean} several */
  #tile(track, several) {
    const tile = make("li", "large-face");
    const { name } = styleOf(track.expression);
    const uncertain = track.unsure || track.unlike;
    const count = uncertain ? "?" : track.votes ? String(track.votes[track.expression] ?? 0) : formatNumber(rounded(track.probabilities)[track.expression], 2);
    const line = make("p", "large-count", make("b", "", count));
    if (track.votes && !uncertain) line.append(make("span", "", translate("of 10 people would say")));
    if (!uncertain) line.prepend(faceIcon(track.expression));
    const nameLine = make("p", "large-name", track.unlike ? UNLIKE : track.unsure ? UNSURE : name);
    if (several) {
      const number = make("span", "face-number", String(track.id));
      number.dataset.color = String(track.color);
      nameLine.prepend(number, " ");
    }
    tile.append(line, nameLine, track.votes ? tenMarks(track.votes) : probabilityBars(track.probabilities));
    return tile;
  }
}

/** @param {Record<string, number>} probabilities */
const rounded = (probabilities) => Object.fromEntries(Object.entries(probabilities).map(([label, p]) => [label, Math.round(100 * p) / 100]));

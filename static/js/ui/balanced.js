// The balanced prediction of a face, on a line of its own beside the votes. It is never shown as votes.

import { make } from "./dom.js";
import { styleOf } from "./expression-styles.js";
import { formatNumber, translate } from "./language.js";

const SHOWN = 2; // expressions on the line
const LEAST = 0.1; // probability of the second

/** @param {Record<string, number>} balanced  @returns {string} such as "sadness 0.52 · neutral 0.31"; the most probable expressions. Pure. */
export const balancedText = (balanced) =>
  Object.entries(balanced)
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .filter(([, probability], i) => i === 0 || probability >= LEAST)
    .map(([label, probability]) => `${styleOf(label).name} ${formatNumber(probability, 2)}`)
    .join(" · ");

/** A line that opens to its explanation; hidden for models without a balanced prediction. */
export class BalancedLine {
  element = document.createElement("details");
  #values = make("span", "");

  constructor() {
    this.element.className = "balanced";
    const summary = make("summary", "", `${translate("Balanced:")} `);
    summary.append(this.#values);
    this.element.append(summary, make("p", "quiet",
      translate("Probabilities, not votes. In the training data neutral and happiness are much more frequent than sadness and anger, and the votes expect the same of every photo. Here part of that preference is removed.")));
  }

  /** @param {Record<string, number> | null | undefined} balanced */
  update(balanced) {
    this.element.hidden = !balanced;
    const text = balanced ? balancedText(balanced) : "";
    if (this.#values.textContent !== text) this.#values.textContent = text;
  }
}

// Colors of the map in the current theme, as #rrggbb strings for a canvas.
import { STYLES, styleOf } from "../ui/expression-styles.js";
import { translate } from "../ui/language.js";

const SERIES = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];
const STEPS = 12;
const NAMES = /** @type {Record<string, string>} */ ({ yes: translate("correct"), no: translate("incorrect"), none: translate("none, or not evaluated") });

/** The value of a custom property. @param {string} name */
const themeColor = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Interpolate two colors. @param {string} from  @param {string} to  @param {number} weight  of `to`, 0 … 1 */
function interpolate(from, to, weight) {
  const channels = (/** @type {string} */ hex) => [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
  const [a, b] = [channels(from), channels(to)];
  return `#${a.map((value, i) => Math.round(value + (b[i] - value) * weight).toString(16).padStart(2, "0")).join("")}`;
}

/**
 * @param {string[] | null} categories  names, or null for a numeric field
 * @param {string} field  title of the numeric field
 * @returns {{colors: string[], legend: {names: string[], colors: string[]}}}
 */
export function mapColors(categories, field) {
  if (!categories) {
    const [low, high] = [themeColor("--chart-1"), themeColor("--bad")];
    const colors = Array.from({ length: STEPS }, (_, step) => interpolate(low, high, step / (STEPS - 1)));
    return { colors, legend: { names: [translate("{field}: low", { field }), translate("high")], colors: [low, high] } };
  }
  let next = 0;
  const colors = categories.map((name) => {
    if (name in STYLES) return themeColor(`--expression-${name}`);
    if (name === "yes") return themeColor("--chart-1");
    if (name === "no") return themeColor("--bad");
    return name === "none" ? themeColor("--line") : themeColor(SERIES[next++ % SERIES.length]);
  });
  return { colors, legend: { names: categories.map((name) => NAMES[name] ?? styleOf(name).name), colors } };
}

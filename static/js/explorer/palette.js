// Colours of the map, in the present theme, as numbers a canvas understands.
import { LOOKS } from "../ui/expression-styles.js";

const OTHERS = ["--chart-1", "--chart-2", "--chart-3", "--chart-4"];
const STEPS = 12;

/** @param {string} name  @returns {string} a custom property as #rrggbb */
function colourOf(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @param {string} from  @param {string} to  @param {number} share  two colours, #rrggbb, mixed */
export function mixed(from, to, share) {
  const parts = (/** @type {string} */ hex) => [1, 3, 5].map((place) => parseInt(hex.slice(place, place + 2), 16));
  const [a, b] = [parts(from), parts(to)];
  return `#${a.map((value, index) => Math.round(value + (b[index] - value) * share).toString(16).padStart(2, "0")).join("")}`;
}

/**
 * @param {string[] | null} categories  names, or null for a number
 * @param {string} words  what the number is
 * @returns {{colours: string[], legend: {names: string[], colours: string[]}}}
 */
export function paletteOf(categories, words) {
  if (!categories) {
    const [low, high] = [colourOf("--chart-1"), colourOf("--bad")];
    const colours = Array.from({ length: STEPS }, (_, step) => mixed(low, high, step / (STEPS - 1)));
    return { colours, legend: { names: [`${words}: low`, "high"], colours: [low, high] } };
  }
  let other = 0;
  const colours = categories.map((name) => {
    if (name in LOOKS) return colourOf(`--expression-${name}`);
    if (name === "yes") return colourOf("--chart-1");
    if (name === "no") return colourOf("--bad");
    return name === "none" ? colourOf("--line") : colourOf(OTHERS[other++ % OTHERS.length]);
  });
  const shown = categories.map((name) => ({ yes: "right", no: "wrong", none: "none, or not judged" })[name] ?? name);
  return { colours, legend: { names: shown, colours } };
}

// /data/NAME/map: all points in WebGL; a lasso opens Browse, a click a sample.
import createScatterplot from "regl-scatterplot";
import { swatch } from "./data/charts.js";
import { paletteOf } from "./data/palette.js";
import { tidyForms } from "./data/tidy.js";

const MOST_CORNERS = 90;
const frame = /** @type {HTMLElement} */ (document.querySelector("#map"));
const canvas = /** @type {HTMLCanvasElement} */ (frame.querySelector("canvas"));
const status = /** @type {HTMLElement} */ (document.querySelector("#status"));
const lasso = /** @type {HTMLButtonElement} */ (document.querySelector("#lasso"));

/** @param {string} words */
const say = (words) => { status.textContent = words; };

/** The points as columns; their layout is told by map.json. @param {ArrayBuffer} bytes  @param {boolean} named */
function columns(bytes, named) {
  const count = new DataView(bytes).getUint32(0, true);
  const column = (/** @type {number} */ place) => 4 + 4 * count * place;
  return { count, x: new Float32Array(bytes, column(0), count), y: new Float32Array(bytes, column(1), count), row: new Uint32Array(bytes, column(2), count),
    colour: named ? Float32Array.from(new Uint8Array(bytes, column(3), count)) : new Float32Array(bytes, column(3), count) };
}

/** Fewer corners, evenly taken. @param {number[][]} corners */
function fewer(corners) {
  const step = Math.max(1, Math.ceil(corners.length / MOST_CORNERS));
  return corners.filter((_, index) => index % step === 0);
}

/** @param {string} address  @param {string} name  @param {string} value */
function withParameter(address, name, value) {
  return `${address}${address.includes("?") ? "&" : "?"}${name}=${value}`;
}

/** @param {string[]} names  @param {string[]} colours */
function showLegend(names, colours) {
  const legend = document.querySelector("#legend");
  legend?.replaceChildren(...names.map((name, index) => {
    const item = document.createElement("li");
    item.append(swatch(colours[index]), name);
    return item;
  }));
}

async function start() {
  say("fetching the points …");
  const about = await (await fetch(frame.dataset.points ?? "")).json();
  const points = columns(await (await fetch(about.points.href)).arrayBuffer(), !!about.categories);
  const { width, height } = frame.getBoundingClientRect();
  const map = createScatterplot({ canvas, width, height, aspectRatio: 1, cameraDistance: Math.max(1, height / width) * 1.05, pointSize: points.count > 100_000 ? 1.5 : 3, opacity: points.count > 100_000 ? 0.35 : 0.6,
    lassoMinDist: 3, spatialIndexUseWorker: false, performanceMode: points.count > 150_000 });
  await map.isSupported;
  const paint = () => {
    const { colours, legend } = paletteOf(about.categories, about.colour);
    const style = getComputedStyle(document.documentElement);
    map.set({ backgroundColor: style.getPropertyValue("--panel").trim(), colorBy: "z", pointColor: colours, pointColorActive: style.getPropertyValue("--ink").trim() });
    showLegend(legend.names, legend.colours);
  };
  paint();
  await map.draw({ x: points.x, y: points.y, z: about.categories ? points.colour : scaled(points.colour) },
    { zDataType: about.categories ? "categorical" : "continuous" });
  document.documentElement.addEventListener("themechange", paint);
  new ResizeObserver(([entry]) => map.set({ width: entry.contentRect.width, height: entry.contentRect.height })).observe(frame);
  listen(map, points);
  say(about.one_in > 1 ? `${points.count} points, one in ${about.one_in}` : `${points.count} points`);
  frame.dataset.ready = String(points.count);
  Object.assign(window, { emoscopeMap: map }); // for the benchmark's and the tests' hand
}

/** Values spread over 0 to 1, unknown ones at 0. @param {Float32Array} values */
function scaled(values) {
  const known = values.filter(Number.isFinite);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  return values.map((value) => (Number.isFinite(value) ? (value - low) / Math.max(1e-9, high - low) : 0));
}

/** @param {ReturnType<typeof createScatterplot>} map  @param {ReturnType<typeof columns>} points */
function listen(map, points) {
  map.subscribe("lassoEnd", ({ coordinates }) => {
    const corners = fewer(/** @type {number[][]} */ (/** @type {unknown} */ (coordinates)));
    if (corners.length < 3) return;
    const area = corners.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(";");
    location.assign(withParameter(frame.dataset.browse ?? "", "lasso", area));
  });
  map.subscribe("select", ({ points: chosen }) => {
    if (chosen.length === 1) location.assign((frame.dataset.sample ?? "").replace("/samples/0", `/samples/${points.row[chosen[0]]}`));
  });
  lasso.addEventListener("click", () => {
    const drawing = map.get("mouseMode") !== "lasso";
    map.set({ mouseMode: drawing ? "lasso" : "panZoom" });
    lasso.setAttribute("aria-pressed", String(drawing));
    say(drawing ? "draw around the points you want to see" : "");
  });
}

tidyForms();
start().catch((error) => {
  say("");
  const words = document.createElement("p");
  words.className = "notice warn";
  words.textContent = "The map needs WebGL, which this browser does not give (or the server did not answer). Browse shows the same rows.";
  frame.replaceWith(words);
  console.warn(error);
});

// /data/NAME/map: all points in WebGL; a lasso opens Browse, a click a sample.
import createScatterplot from "regl-scatterplot";
import { swatch } from "../explorer/charts.js";
import { listenToFingers } from "../explorer/touch.js";
import { lightWhileMoving } from "../explorer/point-thinning.js";
import { paletteOf } from "../explorer/palette.js";
import { tidyForms } from "../explorer/clean-forms.js";

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

/** How many points each category has. @param {Float32Array} places  @param {string[]} categories */
function countsOf(places, categories) {
  const counts = new Array(categories.length).fill(0);
  for (const place of places) counts[place] += 1;
  return counts;
}

/** The address of this map with one category alone. @param {string} field  @param {string} value */
function onlyThese(field, value) {
  const address = new URL(frame.dataset.map ?? "", location.href);
  address.searchParams.set(field, value);
  return address.href;
}

/** @param {string[]} names  @param {string[]} colours  @param {number[] | null} counts  @param {(index: number) => string} address */
function showLegend(names, colours, counts, address) {
  const items = names.map((name, index) => {
    const item = document.createElement("li");
    item.append(swatch(colours[index]));
    if (!counts) item.append(name);
    else {
      const link = document.createElement("a");
      link.href = address(index);
      link.textContent = `${name} ${counts[index].toLocaleString("en")}`;
      item.append(link);
    }
    return item;
  });
  document.querySelector("#legend")?.replaceChildren(...items.filter((_, index) => !counts || counts[index]));
}

async function start() {
  say("fetching the points …");
  const about = await (await fetch(frame.dataset.points ?? "")).json();
  const points = columns(await (await fetch(about.points.href)).arrayBuffer(), !!about.categories);
  const { width, height } = frame.getBoundingClientRect();
  const map = createScatterplot({ canvas, width, height, aspectRatio: 1, cameraDistance: Math.max(1, height / width) * 1.05, pointSize: Math.min(10, Math.max(1.5, 550 / Math.sqrt(points.count))), opacity: points.count > 100_000 ? 0.35 : 0.6,
    lassoMinDist: 3, spatialIndexUseWorker: false, performanceMode: points.count > 150_000 });
  await map.isSupported;
  const counts = about.categories && countsOf(points.colour, about.categories);
  const paint = () => {
    const { colours, legend } = paletteOf(about.categories, about.colour);
    const style = getComputedStyle(document.documentElement);
    map.set({ backgroundColor: style.getPropertyValue("--panel").trim(), colorBy: "z", pointColor: colours, pointColorActive: style.getPropertyValue("--ink").trim() });
    showLegend(legend.names, legend.colours, counts, (index) => onlyThese(about.colour, about.categories[index]));
  };
  paint();
  await map.draw({ x: points.x, y: points.y, z: about.categories ? points.colour : scaled(points.colour) },
    { zDataType: about.categories ? "categorical" : "continuous" });
  document.documentElement.addEventListener("themechange", paint);
  new ResizeObserver(([entry]) => map.set({ width: entry.contentRect.width, height: entry.contentRect.height })).observe(frame);
  listen(map, points);
  lightWhileMoving(map, points.count);
  const count = points.count.toLocaleString("en");
  say(mark(map, points) || (about.one_in > 1 ? `${count} points, one in ${about.one_in}` : `${count} points`));
  frame.dataset.ready = String(points.count);
  Object.assign(window, { emoscopeMap: map }); // for the benchmark's and the tests' hand
}

/** Marks the row that the address names, #row-N. @param {ReturnType<typeof createScatterplot>} map  @param {ReturnType<typeof columns>} points */
function mark(map, points) {
  const row = Number(/^#row-(\d+)$/.exec(location.hash)?.[1] ?? NaN);
  const place = points.row.indexOf(row);
  if (place < 0) return "";
  map.set({ pointSizeSelected: 12 });
  map.select([place], { preventEvent: true });
  return `row ${row} is marked`;
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
  listenToFingers(canvas, () => map.get("mouseMode") === "lasso");
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

// /data/NAME/map: the points in WebGL. A lasso opens Browse, a click opens a sample.
import createScatterplot from "regl-scatterplot";
import { swatch } from "../explorer/charts.js";
import { initForms } from "../explorer/forms.js";
import { mapColors } from "../explorer/map-colors.js";
import { showCardOnHover } from "../explorer/map-hover.js";
import { thinWhileMoving, translateTouches } from "../explorer/map-interaction.js";
import { styleOf } from "../ui/expression-styles.js";
import { formatNumber, translate, translatePlural } from "../ui/language.js";

const MAX_CORNERS = 90;
const frame = /** @type {HTMLElement} */ (document.querySelector("#map"));
const canvas = /** @type {HTMLCanvasElement} */ (frame.querySelector("canvas"));
const status = /** @type {HTMLElement} */ (document.querySelector("#status"));
const lasso = /** @type {HTMLButtonElement} */ (document.querySelector("#lasso"));

/** @param {string} text */
const showStatus = (text) => { status.textContent = text; };

/** The points as columns, in the layout that map.json describes. @param {ArrayBuffer} bytes  @param {boolean} categorical */
function columns(bytes, categorical) {
  const count = new DataView(bytes).getUint32(0, true);
  const column = (/** @type {number} */ index) => 4 + 4 * count * index;
  return { count, x: new Float32Array(bytes, column(0), count), y: new Float32Array(bytes, column(1), count), row: new Uint32Array(bytes, column(2), count),
    color: categorical ? Float32Array.from(new Uint8Array(bytes, column(3), count)) : new Float32Array(bytes, column(3), count) };
}

/** Thin a polygon to at most MAX_CORNERS corners. @param {number[][]} corners */
function simplified(corners) {
  const step = Math.max(1, Math.ceil(corners.length / MAX_CORNERS));
  return corners.filter((_, index) => index % step === 0);
}

/** @param {string} url  @param {string} name  @param {string} value */
function withParameter(url, name, value) {
  return `${url}${url.includes("?") ? "&" : "?"}${name}=${value}`;
}

/** Number of points per category. @param {Float32Array} indices  @param {string[]} categories */
function countsOf(indices, categories) {
  const counts = new Array(categories.length).fill(0);
  for (const index of indices) counts[index] += 1;
  return counts;
}

/** URL of this map, filtered to one category. @param {string} field  @param {string} value */
function filteredUrl(field, value) {
  const url = new URL(frame.dataset.map ?? "", location.href);
  url.searchParams.set(field, value);
  return url.href;
}

/** @param {string[]} names  @param {string[]} colors  @param {number[] | null} counts  @param {(index: number) => string} url */
function showLegend(names, colors, counts, url) {
  const items = names.map((name, index) => {
    const item = document.createElement("li");
    item.append(swatch(colors[index]));
    if (!counts) item.append(name);
    else {
      const link = document.createElement("a");
      link.href = url(index);
      link.textContent = `${name} ${formatNumber(counts[index])}`;
      item.append(link);
    }
    return item;
  });
  document.querySelector("#legend")?.replaceChildren(...items.filter((_, index) => !counts || counts[index]));
}

async function start() {
  showStatus(translate("Loading points …"));
  const about = await (await fetch(frame.dataset.points ?? "")).json();
  const points = columns(await (await fetch(about.points.href)).arrayBuffer(), !!about.categories);
  const { width, height } = frame.getBoundingClientRect();
  const map = createScatterplot({ canvas, width, height, aspectRatio: 1, cameraDistance: Math.max(1, height / width) * 1.05, pointSize: Math.min(10, Math.max(1.5, 550 / Math.sqrt(points.count))), opacity: points.count > 100_000 ? 0.35 : 0.6,
    lassoMinDist: 3, spatialIndexUseWorker: false, performanceMode: points.count > 150_000 });
  await map.isSupported;
  const counts = about.categories && countsOf(points.color, about.categories);
  const paint = () => {
    const { colors, legend } = mapColors(about.categories, titleOf(about.colour));
    const style = getComputedStyle(document.documentElement);
    map.set({ backgroundColor: style.getPropertyValue("--panel").trim(), colorBy: "z", pointColor: colors, pointColorActive: style.getPropertyValue("--ink").trim() });
    showLegend(legend.names, legend.colors, counts, (index) => filteredUrl(about.colour, about.categories[index]));
  };
  paint();
  await map.draw({ x: points.x, y: points.y, z: about.categories ? points.color : normalized(points.color) },
    { zDataType: about.categories ? "categorical" : "continuous" });
  document.documentElement.addEventListener("themechange", paint);
  new ResizeObserver(([entry]) => map.set({ width: entry.contentRect.width, height: entry.contentRect.height })).observe(frame);
  listen(map, points);
  showCardOnHover(map, frame, (point) => {
    const values = { row: points.row[point], value: valueOf(points.color[point], about.categories, about.colour) };
    return { row: values.row, text: translate("Row {row} · {value}", values) };
  });
  thinWhileMoving(map, points.count);
  const count = translatePlural("{n} point", "{n} points", points.count);
  showStatus(selectRow(map, points) || (about.one_in > 1 ? translate("{points}, 1 of every {n}", { points: count, n: formatNumber(about.one_in) }) : count));
  frame.dataset.ready = String(points.count);
  Object.assign(window, { emoscopeMap: map }); // for the tests and the benchmark
}

/** The value by which a point is colored. @param {number} value  @param {string[] | null} categories  @param {string} field */
function valueOf(value, categories, field) {
  if (!categories) return `${titleOf(field)} ${Number.isFinite(value) ? formatNumber(Number(value.toPrecision(3))) : translate("unknown")}`;
  if (field !== "right") return styleOf(categories[value]).name;
  return { yes: translate("correct"), no: translate("incorrect") }[categories[value]] ?? translate("not evaluated");
}

/** The name that the page shows for a field. @param {string} field */
const titleOf = (field) => document.querySelector(`.map-tools option[value="${field}"]`)?.textContent ?? field;

/** Select the row named in the URL fragment, #row-N. @param {ReturnType<typeof createScatterplot>} map  @param {ReturnType<typeof columns>} points */
function selectRow(map, points) {
  const row = Number(/^#row-(\d+)$/.exec(location.hash)?.[1] ?? NaN);
  const index = points.row.indexOf(row);
  if (index < 0) return "";
  map.set({ pointSizeSelected: 12 });
  map.select([index], { preventEvent: true });
  return translate("Row {row} is selected", { row });
}

/** Scale values to 0 … 1; unknown ones become 0. @param {Float32Array} values */
function normalized(values) {
  const known = values.filter(Number.isFinite);
  const low = known.reduce((a, b) => Math.min(a, b), Infinity);
  const high = known.reduce((a, b) => Math.max(a, b), -Infinity);
  return values.map((value) => (Number.isFinite(value) ? (value - low) / Math.max(1e-9, high - low) : 0));
}

/** @param {ReturnType<typeof createScatterplot>} map  @param {ReturnType<typeof columns>} points */
function listen(map, points) {
  map.subscribe("lassoEnd", ({ coordinates }) => {
    const corners = simplified(/** @type {number[][]} */ (/** @type {unknown} */ (coordinates)));
    if (corners.length < 3) return;
    const area = corners.map(([x, y]) => `${x.toFixed(3)},${y.toFixed(3)}`).join(";");
    location.assign(withParameter(frame.dataset.browse ?? "", "lasso", area));
  });
  map.subscribe("select", ({ points: selected }) => {
    if (selected.length === 1) location.assign((frame.dataset.sample ?? "").replace("/samples/0", `/samples/${points.row[selected[0]]}`));
  });
  translateTouches(canvas, () => map.get("mouseMode") === "lasso");
  lasso.addEventListener("click", () => {
    const selecting = map.get("mouseMode") !== "lasso";
    map.set({ mouseMode: selecting ? "lasso" : "panZoom" });
    lasso.setAttribute("aria-pressed", String(selecting));
    showStatus(selecting ? translate("Draw around the points to open") : "");
  });
}

initForms();
start().catch((error) => {
  showStatus("");
  const notice = document.createElement("p");
  notice.className = "notice warn";
  notice.textContent = translate("The map needs WebGL, which is unavailable in this browser, or the server did not respond. Browse lists the same images.");
  frame.replaceWith(notice);
  console.warn(error);
});

// Charts of the data pages. The server renders a table into each figure; the chart is drawn from that table.
import * as Plot from "@observablehq/plot";
import { formatCompact, formatNumber, formatPercent, parseNumber, translate, translatePlural } from "../ui/language.js";

/** @typedef {{options: import("@observablehq/plot").PlotOptions, legend?: string[], colors?: string[]}} Drawing */
/** @typedef {{x: string | number, series: string, value: number, href: string | null}} Cell */

const SERIES = ["var(--chart-1)", "var(--chart-2)", "var(--chart-3)", "var(--chart-4)", "var(--quiet)"];

/** Draw every chart of the page, and redraw it when its width changes. */
export function drawCharts() {
  /** @type {Map<Element, number>} */
  const widths = new Map();
  const observer = new ResizeObserver((entries) => {
    for (const entry of entries) {
      const width = Math.floor(entry.contentRect.width);
      if (width < 1 || widths.get(entry.target) === width) continue;
      widths.set(entry.target, width);
      draw(/** @type {HTMLElement} */ (entry.target.closest("[data-chart]")), width);
    }
  });
  for (const drawing of document.querySelectorAll("[data-chart] .drawing")) observer.observe(drawing);
}

/** @param {HTMLElement} figure  @param {number} width */
function draw(figure, width) {
  const table = figure.querySelector("table");
  const drawing = figure.querySelector(".drawing");
  const kind = figure.dataset.chart ?? "";
  if (!table || !drawing || !(kind in KINDS)) return;
  const { options, legend = [], colors = SERIES } = KINDS[kind](table, width);
  const svg = Plot.plot({ width, className: "plot", ...options });
  svg.querySelector("style")?.remove(); // the content security policy forbids style elements; explorer.css has these rules
  for (const link of svg.querySelectorAll("a")) {
    link.setAttribute("tabindex", "-1"); // keyboard users have the same links in the table
    link.dataset.href = "";
  }
  drawing.replaceChildren(legendOf(legend, colors), svg);
}

/** @param {string[]} names  @param {string[]} colors */
function legendOf(names, colors) {
  const list = document.createElement("ul");
  list.className = "chart-legend";
  for (const [index, name] of names.entries()) {
    const item = document.createElement("li");
    item.append(swatch(colors[index % colors.length]), name);
    list.append(item);
  }
  return list;
}

/** @param {string} color  @returns {SVGSVGElement} a small square of that color */
export function swatch(color) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 8 8");
  svg.setAttribute("aria-hidden", "true");
  const square = document.createElementNS(svg.namespaceURI, "rect");
  for (const [key, value] of Object.entries({ width: "8", height: "8", rx: "2", fill: color })) square.setAttribute(key, value);
  svg.append(square);
  return svg;
}

/** @param {Element | null | undefined} cell */
const numberIn = (cell) => parseNumber(cell?.textContent ?? "") || 0;

/** @param {HTMLTableElement} table */
const headings = (table) => [...table.querySelectorAll("thead th")].map((cell) => cell.textContent ?? "");

/** @param {HTMLTableElement} table  @returns {Cell[]} the cells of a contingency table */
function cellsOf(table) {
  const names = headings(table).slice(1);
  return [...table.querySelectorAll("tbody tr")].flatMap((line) => {
    const x = line.querySelector("th")?.textContent ?? "";
    return [...line.querySelectorAll("td")].map((cell, index) => ({
      x, series: names[index], value: numberIn(cell), href: cell.querySelector("a")?.href ?? null }));
  });
}

/** @param {HTMLTableElement} table  estimates with confidence intervals */
function intervals(table) {
  return [...table.querySelectorAll("tbody tr")].map((line) => {
    const { x, y, low, high } = /** @type {HTMLElement} */ (line).dataset;
    return { x: Number(x), y: Number(y), low: Number(low), high: Number(high), href: line.querySelector("a")?.href ?? null };
  });
}

const accuracyAxis = { label: translate("accuracy"), tickFormat: formatPercent, grid: true };

/** @param {number} fraction  @returns {string} with one decimal, if it is not zero */
const precisePercent = (fraction) => `${formatNumber(Math.round(fraction * 1000) / 10)} %`;

/** Of a tick. @param {number} value */
const axisNumber = (value) => formatNumber(value);

/** @type {Record<string, (table: HTMLTableElement, width: number) => Drawing>} */
const KINDS = {
  // Stacked bars, one color per series.
  stack(table, width) {
    const cells = cellsOf(table);
    const series = headings(table).slice(1);
    const domain = [...new Set(cells.map((cell) => cell.x))];
    return { legend: series, options: {
      height: 260, marginLeft: 52, marginBottom: 44,
      x: { domain, label: null, tickRotate: width < 520 && domain.length < 10 ? -30 : 0 }, y: { grid: true, label: translate("images"), tickFormat: formatCompact },
      color: { domain: series, range: SERIES },
      marks: [Plot.barY(cells, { x: "x", y: "value", fill: "series", href: "href", title: describe }), Plot.ruleY([0])] } };
  },
  // One line of cells per label, shaded by the fraction of the line.
  heat(table) {
    const cells = cellsOf(table);
    const columns = table.dataset.columns ?? translate("plurality label");
    const totals = new Map();
    for (const cell of cells) totals.set(cell.x, (totals.get(cell.x) ?? 0) + cell.value);
    const fractions = cells.map((cell) => ({ ...cell, fraction: totals.get(cell.x) ? cell.value / totals.get(cell.x) : 0 }));
    return { options: {
      height: 320, marginLeft: 78, marginTop: 52, marginBottom: 12, marginRight: 44,
      x: { axis: "top", domain: headings(table).slice(1), label: null, tickRotate: -30 }, y: { domain: [...new Set(cells.map((cell) => cell.x))], label: null },
      marks: [
        Plot.cell(fractions, { x: "series", y: "x", fill: "var(--accent)", fillOpacity: (/** @type {{fraction: number}} */ cell) => cell.fraction, inset: 1, href: "href", title: (/** @type {Cell & {fraction: number}} */ cell) => `${cell.x}, ${columns} ${cell.series}: ${formatNumber(cell.value)}` }),
        Plot.text(fractions, { x: "series", y: "x", text: (/** @type {{fraction: number}} */ cell) => (cell.fraction >= 0.005 ? `${Math.round(cell.fraction * 100)}` : ""), fill: (/** @type {{fraction: number}} */ cell) => (cell.fraction > 0.65 ? "var(--on-accent)" : "var(--ink)"), pointerEvents: "none" }),
      ] } };
  },
  // Histogram.
  histogram(table) {
    const bins = [...table.querySelectorAll("tbody tr")].map((line) => {
      const [low, high, rows] = line.querySelectorAll("td");
      return { low: numberIn(low), high: numberIn(high), value: numberIn(rows), href: rows.querySelector("a")?.href ?? null };
    });
    const logarithmic = bins.length && bins[bins.length - 1].high > 40 * Math.max(1, bins[0].high - bins[0].low) * bins.length;
    return { options: {
      height: 200, marginLeft: 52, x: { label: null, type: logarithmic ? "symlog" : "linear", constant: 10, ticks: logarithmic ? [0, 10, 100, 1000, 10000] : 6, tickFormat: formatCompact },
      y: { grid: true, label: translate("images"), tickFormat: formatCompact },
      marks: [
        Plot.rect(bins, { x1: "low", x2: "high", y1: () => 0, y2: "value", fill: "var(--chart-1)", insetLeft: 0.5, insetRight: 0.5, href: "href", title: (/** @type {{low: number, high: number, value: number}} */ bin) => translate("{low} to {high}: {n}", { low: formatNumber(bin.low), high: formatNumber(bin.high), n: formatNumber(bin.value) }) }),
        Plot.ruleY([0])] } };
  },
  // Reliability diagram: accuracy, or fraction of votes, by confidence.
  reliability(table) {
    return { options: {
      height: 300, marginLeft: 52, marginBottom: 40, x: { domain: [0, 1], label: translate("confidence"), tickFormat: formatPercent }, y: { domain: [0, 1], ...accuracyAxis },
      marks: [
        Plot.line([[0, 0], [1, 1]], { stroke: "var(--quiet)", strokeDasharray: "4 4" }),
        ...withIntervals(intervals(table))] } };
  },
  // Accuracy with confidence intervals.
  intervals(table) {
    const points = intervals(table);
    return { options: {
      height: 260, marginLeft: 52, marginBottom: 40, x: { inset: 12, label: table.dataset.xlabel, ticks: points.map((point) => point.x), tickFormat: "d" }, y: { domain: [0, 1], ...accuracyAxis },
      marks: withIntervals(points) } };
  },
  // One line per column, over the epochs.
  curves(table) {
    const names = headings(table).slice(1);
    const points = [...table.querySelectorAll("tbody tr")].flatMap((line) => {
      const cells = [...line.querySelectorAll("td")];
      return names.map((series, index) => ({ x: numberIn(cells[0]), series, value: cells[index + 1].textContent ? numberIn(cells[index + 1]) : NaN }));
    });
    return { legend: names, options: {
      height: 260, marginLeft: 52, marginBottom: 40, x: { label: translate("epoch") }, y: { grid: true, label: null, zero: true, tickFormat: axisNumber }, color: { domain: names, range: SERIES },
      marks: [Plot.line(points, { x: "x", y: "value", stroke: "series", strokeWidth: 2 })] } };
  },
  // Loss by number of raters, and a dashed line per network.
  juries(table) {
    const lines = /** @type {HTMLElement[]} */ ([...table.querySelectorAll("tbody tr")]);
    const juryName = translate("juries of raters");
    const juries = lines.filter((line) => line.dataset.x).map(({ dataset }) => ({ x: Number(dataset.x), value: Number(dataset.y), series: juryName }));
    const networks = lines.filter((line) => line.dataset.network).map(({ dataset }) => ({ value: Number(dataset.y), series: dataset.network ?? "" }));
    const names = [juryName, ...networks.map(({ series }) => series)];
    return { legend: names, options: {
      height: 300, marginLeft: 44, marginBottom: 40, x: { inset: 8, label: translate("raters"), ticks: juries.map(({ x }) => x), tickFormat: "d" }, y: { grid: true, label: translate("loss"), tickFormat: axisNumber, domain: [0.5, Math.max(...juries.map(({ value }) => value))], nice: true },
      color: { domain: names, range: SERIES },
      marks: [
        Plot.line(juries, { x: "x", y: "value", stroke: "series", strokeWidth: 2 }),
        Plot.dot(juries, { x: "x", y: "value", fill: "series", r: 4, title: (/** @type {{x: number, value: number}} */ jury) => translatePlural("{n} rater: {loss}", "{n} raters: {loss}", jury.x, { loss: formatNumber(jury.value) }) }),
        Plot.ruleY(networks, { y: "value", stroke: "series", strokeWidth: 1.5, strokeDasharray: "6 3", title: (/** @type {{value: number, series: string}} */ network) => `${network.series}: ${formatNumber(network.value)}` }),
      ] } };
  },
  // Dots over the ordered rows: the first column's joined by a line, those of the third (shortened runs), if there is one, hollow. Cells without data-value are not drawn;
  // those with data-low and data-high have a vertical line between the two.
  sweep(table, width) {
    const names = headings(table).slice(1, -1);
    const lines = [...table.querySelectorAll("tbody tr")];
    const domain = lines.map((line) => line.querySelector("th")?.textContent ?? "");
    const points = lines.flatMap((line, index) => [.../** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("td"))].flatMap(
      ({ dataset: { value, low = value, high = value } }, column) => (
        value ? [{ x: domain[index], series: names[column], value: Number(value), low: Number(low), high: Number(high) }] : [])));
    const spreads = points.filter(({ low, high }) => low < high);
    const lowest = Math.min(...points.map(({ low }) => low));
    const highest = Math.max(...points.map(({ high }) => high));
    const [stated, , shortened] = names;
    const color = { domain: names, range: SERIES };
    const title = (/** @type {{x: string, series: string, value: number}} */ point) => `${point.series}, ${point.x}: ${precisePercent(point.value)}`;
    const isTilted = Math.max(...domain.map((value) => value.length)) * 7 > (width - 60) / domain.length;
    return { legend: names, options: {
      height: isTilted ? 320 : 260, marginLeft: 44, marginBottom: isTilted ? 100 : 40, color,
      x: { type: "point", domain, label: null, padding: 0.5, tickRotate: isTilted ? -35 : 0 },
      y: { grid: true, label: null, domain: [Math.max(0, Math.floor(lowest * 10 - 0.2) / 10), Math.min(1, Math.ceil(highest * 10 + 0.2) / 10)], ticks: 5, tickFormat: formatPercent },
      marks: [
        Plot.line(points.filter(({ series }) => series === stated), { x: "x", y: "value", stroke: "series", strokeWidth: 1.5, strokeDasharray: "4 4" }),
        Plot.ruleX(spreads, { x: "x", y1: "low", y2: "high", stroke: "series", strokeWidth: 1.5, marker: "tick" }),
        Plot.dot(points.filter(({ series }) => series !== shortened), { x: "x", y: "value", fill: "series", r: 4, title }),
        Plot.dot(points.filter(({ series }) => series === shortened), { x: "x", y: "value", stroke: "series", strokeWidth: 2, r: 4, title }),
      ] } };
  },
  // One line per column over the ordered rows; cells without data-value are not drawn.
  bands(table) {
    const isPercent = "percent" in table.dataset;
    const names = headings(table).slice(1, -1);
    const colors = SERIES.slice(Number(table.dataset.firstColor ?? 0)); // a series has one color on all charts of the page
    const lines = [...table.querySelectorAll("tbody tr")];
    const domain = lines.map((line) => line.querySelector("th")?.textContent ?? "");
    const points = lines.flatMap((line, index) => [.../** @type {NodeListOf<HTMLElement>} */ (line.querySelectorAll("td[data-value]"))].map(
      (cell, column) => ({ x: domain[index], series: names[column], value: Number(cell.dataset.value) })));
    return { legend: names, colors, options: {
      height: 300, marginLeft: 44, marginBottom: 40, x: { type: "point", domain, label: null }, y: { grid: true, label: null, ...(isPercent ? { domain: [0, 1], tickFormat: formatPercent } : { zero: true, tickFormat: axisNumber }) },
      color: { domain: names, range: colors },
      marks: [
        Plot.line(points, { x: "x", y: "value", stroke: "series", strokeWidth: 2 }),
        Plot.dot(points, { x: "x", y: "value", fill: "series", r: 4, title: (/** @type {{x: string, series: string, value: number}} */ point) => `${point.series}, ${point.x}: ${isPercent ? precisePercent(point.value) : formatNumber(point.value)}` }),
      ] } };
  },
};

/** Marks of points with confidence intervals. @param {ReturnType<typeof intervals>} points */
function withIntervals(points) {
  return [
    Plot.ruleX(points, { x: "x", y1: "low", y2: "high", stroke: "var(--chart-1)", strokeWidth: 2 }),
    Plot.dot(points, { x: "x", y: "y", r: 5, fill: "var(--chart-1)", stroke: "var(--page)", href: "href", title: (/** @type {{x: number, y: number}} */ point) => `${formatNumber(point.x)}: ${precisePercent(point.y)}` }),
  ];
}

/** @param {Cell} cell */
const describe = (cell) => `${cell.x}, ${cell.series}: ${formatNumber(cell.value)}`;

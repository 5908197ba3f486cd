// Checks static/css/ui/tokens.css: sufficient contrast, and eight expression colors that are distinct with color vision
// deficiencies (Machado, Oliveira & Fernandes 2009, severity 1; distances in OKLab, Ottosson 2020).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { STYLES } from "../../../static/js/ui/expression-styles.js";

const css = readFileSync(new URL("../../../static/css/ui/tokens.css", import.meta.url), "utf8");
const [light, dark] = css.split(':root[data-theme="dark"]').map((part) => Object.fromEntries([...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1], linear(match[2])])));

const VISIONS = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protanopia: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deuteranopia: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritanopia: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

/** @param {string} hex  @returns {number[]} linear RGB */
function linear(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
}
const times = (/** @type {number[]} */ m, /** @type {number[]} */ v) => [0, 3, 6].map((row) => m[row] * v[0] + m[row + 1] * v[1] + m[row + 2] * v[2]);
const luminance = (/** @type {number[]} */ v) => 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2];
const contrast = (/** @type {number[]} */ a, /** @type {number[]} */ b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);
const oklab = (/** @type {number[]} */ v) => times([0.2104542553, 0.793617785, -0.0040720468, 1.9779984951, -2.428592205, 0.4505937099, 0.0259040371, 0.7827717662, -0.808675766],
  times([0.4122214708, 0.5363325363, 0.0514459929, 0.2119034982, 0.6806995451, 0.1073969566, 0.0883024619, 0.2817188376, 0.6299787005], v.map((x) => Math.min(1, Math.max(0, x)))).map(Math.cbrt));

for (const [theme, colors] of Object.entries({ light, dark })) {
  const names = Object.keys(STYLES);

  test(`${theme}: text passes WCAG AA`, () => {
    const pairs = [["ink", "page"], ["ink", "panel"], ["ink", "sunken"], ["quiet", "page"], ["quiet", "panel"], ["quiet", "sunken"], ["accent", "page"], ["accent", "panel"],
      ["accent-strong", "accent-wash"], ["on-accent", "accent"], ["on-accent", "accent-strong"], ["ink", "accent-wash"], ["accent", "accent-wash"], ["warn", "warn-wash"], ["ink", "warn-wash"], ["bad", "bad-wash"], ["ink", "bad-wash"]];
    for (const [a, b] of pairs) assert.ok(contrast(colors[a], colors[b]) >= 4.5, `${a} on ${b}: ${contrast(colors[a], colors[b]).toFixed(2)}`);
    for (const back of ["page", "panel"]) assert.ok(contrast(colors.edge, colors[back]) >= 3, `edge on ${back}`);
  });

  test(`${theme}: expression colors contrast with page and panel`, () => {
    for (const name of names) for (const back of ["page", "panel"]) {
      const value = contrast(colors[`expression-${name}`], colors[back]);
      assert.ok(value >= 3, `${name} on ${back}: ${value.toFixed(2)}`);
    }
  });

  for (const [vision, matrix] of Object.entries(VISIONS)) {
    test(`${theme}: expression colors are distinct with ${vision}`, () => {
      const limit = vision === "tritanopia" ? 0.08 : 0.1;
      names.forEach((a, i) => names.slice(i + 1).forEach((b) => {
        const [p, q] = [a, b].map((name) => oklab(times(matrix, colors[`expression-${name}`])));
        const distance = Math.hypot(...p.map((x, k) => x - q[k]));
        assert.ok(distance >= limit, `${a} and ${b}: ${distance.toFixed(3)}`);
      }));
    });
  }
}

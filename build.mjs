// Bundles what the templates ask for: every `asset('NAME')` in templates/ is an entry, static/js/NAME.js
// or static/css/NAME.css, and becomes static/dist/NAME-HASH.js|css. manifest.json maps the one to the other.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { LOOKS } from "./static/js/expressions-look.js";

const TEMPLATES = "templates";
const OUT = "static/dist";
// Scripts that must run before the page is drawn are classic scripts; all others are modules.
const CLASSIC = new Set(["theme.js"]);

/** @returns {Promise<string[]>} names such as "live.js", sorted */
async function assetNames() {
  const files = (await readdir(TEMPLATES, { recursive: true })).filter((file) => file.endsWith(".html"));
  const texts = await Promise.all(files.map((file) => readFile(join(TEMPLATES, file), "utf8")));
  const names = texts.flatMap((text) => [...text.matchAll(/\basset\(\s*['"]([\w-]+\.(?:js|css))['"]\s*\)/g)].map((match) => match[1]));
  return [...new Set(names)].sort();
}

/** @param {string} name */
const sourceOf = (name) => (name.endsWith(".css") ? `static/css/${name}` : `static/js/${name}`);

/** @param {string[]} names  @param {import("esbuild").BuildOptions} options */
async function bundle(names, options) {
  if (!names.length) return {};
  const result = await build({
    entryPoints: names.map(sourceOf), outdir: OUT, entryNames: "[name]-[hash]", chunkNames: "chunk-[hash]",
    bundle: true, minify: true, sourcemap: true, metafile: true, target: ["es2022"], legalComments: "linked", write: false,
    external: ["/static/*"], logLevel: "warning", ...options,
  });
  files.push(...(result.outputFiles ?? []));
  return result.metafile.outputs;
}

/** @type {import("esbuild").OutputFile[]} held back until all is built, so that a failed build leaves the last one */
const files = [];
const wanted = await assetNames();
const names = wanted.filter((name) => existsSync(sourceOf(name)));
for (const name of wanted.filter((name) => !names.includes(name))) {
  console.error(`error: a template asks for asset('${name}'), but there is no ${sourceOf(name)}`);
  process.exitCode = 1; // the other pages are built all the same
}
const outputs = {
  ...(await bundle(names.filter((name) => !CLASSIC.has(name)), { format: "esm", splitting: true })),
  ...(await bundle(names.filter((name) => CLASSIC.has(name)), { format: "iife" })),
};
await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
for (const file of files) await writeFile(file.path, file.contents);

/** @type {Record<string, string>} */
const manifest = {};
for (const [path, output] of Object.entries(outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
}

// The drawn faces as one SVG sprite, for the pages that the server renders: asset('expressions.svg')#LABEL.
const symbols = Object.entries(LOOKS).map(([label, look]) => `<symbol id="${label}" viewBox="0 0 24 24"><path d="${look.path}"/></symbol>`);
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
manifest["expressions.svg"] = `expressions-${createHash("sha256").update(sprite).digest("hex").slice(0, 8).toUpperCase()}.svg`;
await writeFile(join(OUT, manifest["expressions.svg"]), sprite);
await writeFile(join(OUT, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");

console.log("built into static/dist (bytes raw, gzip, brotli):");
for (const path of Object.keys(outputs).filter((path) => /\.(js|css)$/.test(path)).sort()) {
  const bytes = await readFile(path);
  const sizes = [bytes.length, gzipSync(bytes).length, brotliCompressSync(bytes).length];
  console.log("  " + basename(path).padEnd(32) + sizes.map((size) => String(size).padStart(9)).join(""));
}

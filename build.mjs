// Bundles the assets of the templates. Every `asset('NAME')` in templates/ is an entry point from SOURCES and becomes
// static/dist/NAME-HASH.js|css; manifest.json maps names to built files, imports.json scripts to what they import. A catalogue becomes scripts-LANGUAGE-HASH.js and site-LANGUAGE-HASH.webmanifest.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { catalogueScripts, webManifests } from "./tools/catalogues.mjs";
import { closure, compressBuilt, compressNetworks } from "./tools/compress.mjs";
import { STYLES } from "./static/js/ui/expression-styles.js";

const TEMPLATES = "templates";
const SOURCES = ["static/js/pages", "static/js/workers", "static/css/pages", "static/css/ui"];
const OUT = "static/dist";
// Classic scripts: two run before the first paint, the service worker cannot be a module. All others are modules.
const CLASSIC = new Set(["theme.js", "visitor-notice.js", "service-worker.js"]);
// Shares no chunk with the pages: its own code is one file, so that it starts after one request instead of eight.
const DEVICE_WORKER = "device-worker.js";
// Started by scripts or served by the application; no template names them.
const WORKERS = [DEVICE_WORKER, "service-worker.js"];

/** @returns {Promise<string[]>} names such as "live.js", sorted */
async function assetNames() {
  const files = (await readdir(TEMPLATES, { recursive: true })).filter((file) => file.endsWith(".html"));
  const texts = await Promise.all(files.map((file) => readFile(join(TEMPLATES, file), "utf8")));
  const names = texts.flatMap((text) => [...text.matchAll(/\basset\(\s*['"]([\w-]+\.(?:js|css))['"]\s*\)/g)].map((match) => match[1]));
  return [...new Set([...names, ...WORKERS])].sort();
}

/** @param {string} name */
const sourceOf = (name) => SOURCES.map((folder) => `${folder}/${name}`).find(existsSync) ?? `static/js/pages/${name}`;

/** @param {string[]} names  @param {import("esbuild").BuildOptions} options */
async function bundle(names, options) {
  if (!names.length) return {};
  const result = await build({
    entryPoints: names.map(sourceOf), outdir: OUT, entryNames: "[name]-[hash]", chunkNames: "chunk-[hash]",
    bundle: true, minify: true, sourcemap: true, metafile: true, target: ["es2022"], legalComments: "linked", write: false,
    loader: { ".wasm": "file" }, assetNames: "[name]-[hash]",
    external: ["/static/*"], logLevel: "warning", ...options,
  });
  files.push(...(result.outputFiles ?? []));
  return result.metafile.outputs;
}

/** @type {import("esbuild").OutputFile[]} written only after every bundle is built, so that a failed build keeps the previous one */
const files = [];
const requested = await assetNames();
const names = requested.filter((name) => existsSync(sourceOf(name)));
for (const name of requested.filter((name) => !names.includes(name))) {
  console.error(`error: a template uses asset('${name}'), but ${sourceOf(name)} does not exist`);
  process.exitCode = 1; // still build the other pages
}
const modules = names.filter((name) => !CLASSIC.has(name));
const outputs = {
  ...(await bundle(modules.filter((name) => name !== DEVICE_WORKER), { format: "esm", splitting: true })),
  ...(await bundle(modules.filter((name) => name === DEVICE_WORKER), { format: "esm", splitting: true })),
  ...(await bundle(names.filter((name) => CLASSIC.has(name)), { format: "iife" })),
};
const WORK = `${OUT}.partial-${process.pid}`; // replaces OUT when complete
await mkdir(WORK, { recursive: true });
for (const file of files) await writeFile(join(WORK, basename(file.path)), file.contents);

/** @type {Record<string, string>} */
const manifest = {};
for (const [path, output] of Object.entries(outputs)) {
  if (output.entryPoint) manifest[basename(output.entryPoint)] = basename(path);
}

/** Write a generated file and enter it in the manifest. @param {string} name  @param {string} extension  @param {string} content */
async function writeHashed(name, extension, content) {
  const file = `${name}-${createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase()}.${extension}`;
  manifest[`${name}.${extension}`] = file;
  await writeFile(join(WORK, file), content);
}

// The expression icons as one SVG sprite for server-rendered pages: asset('expressions.svg')#LABEL.
const symbols = Object.entries(STYLES).map(([label, style]) => `<symbol id="${label}" viewBox="0 0 24 24"><path d="${style.path}"/></symbol>`);
const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
await writeHashed("expressions", "svg", sprite);
for (const { language, script } of await catalogueScripts()) await writeHashed(`scripts-${language}`, "js", script);
for (const { language, content } of await webManifests()) await writeHashed(`site-${language}`, "webmanifest", content);
await writeFile(join(WORK, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
// The files that each page's script imports, which the page preloads: without that they are known only when it has arrived.
const imports = Object.keys(outputs).filter((path) => outputs[path].entryPoint?.startsWith("static/js/pages/"))
  .map((path) => [basename(outputs[path].entryPoint ?? ""), [...closure(outputs, path)].slice(1)]);
await writeFile(join(WORK, "imports.json"), JSON.stringify(Object.fromEntries(imports), null, 2) + "\n");

const line = (/** @type {string} */ name, /** @type {import("./tools/compress.mjs").Sizes} */ { raw, gzip, brotli }) =>
  console.log("  " + name.padEnd(40) + [raw, gzip, brotli].map((size) => String(size).padStart(9)).join(""));
const sizes = await compressBuilt(WORK, OUT);
console.log("built into static/dist (bytes raw, gzip, brotli):");
for (const [name, size] of Object.entries(sizes)) line(name, size);

// The transfer size of a first visit to Live on the device: page, worker, one backend, detector, network.
const models = (await readdir("static/models", { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => `static/models/${name}/tfjs`);
const networks = await compressNetworks(["static/detector/tfjs", ...models.filter((folder) => existsSync(folder))], WORK, OUT);
console.log("networks for the browser:");
for (const [name, size] of Object.entries(networks)) line(name, size);
const entries = [`${OUT}/${manifest["live.js"]}`, `${OUT}/${manifest["live.css"]}`, `${OUT}/${manifest["site.css"]}`, `${OUT}/${manifest["theme.js"]}`, `${OUT}/${manifest["device-worker.js"]}`];
for (const backend of ["wasm", "webgl", "webgpu"]) {
  const chunk = Object.keys(outputs).find((path) => outputs[path].entryPoint?.includes(`tfjs-backend-${backend}/`));
  if (!chunk) continue;
  const loaded = new Set();
  for (const path of [...entries, chunk]) closure(outputs, path, loaded);
  const binary = Object.keys(sizes).filter((name) => backend === "wasm" && name.startsWith("tfjs-backend-wasm-threaded-simd-"));
  for (const model of ["jury-live", "jury-pocket"].filter((name) => networks[`static/models/${name}/tfjs`])) {
    const parts = [...[...loaded, ...binary].map((name) => sizes[name]), networks["static/detector/tfjs"], networks[`static/models/${model}/tfjs`]].filter(Boolean);
    line(`first visit, ${model}, ${backend}`, parts.reduce((sum, size) => ({ raw: sum.raw + size.raw, gzip: sum.gzip + size.gzip, brotli: sum.brotli + size.brotli }), { raw: 0, gzip: 0, brotli: 0 }));
  }
}
await rm(OUT, { recursive: true, force: true });
await rename(WORK, OUT);

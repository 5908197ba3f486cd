// Builds the reader for other pages, an npm package (docs/javascript.md): npm run build:module [-- FOLDER]
import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";

const OUT = process.argv[2] ?? "build/module";
const ENTRY = "static/js/device/module.js";
const { version, license } = JSON.parse(await readFile("package.json", "utf8"));
const { compilerOptions } = JSON.parse(await readFile("jsconfig.json", "utf8"));

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
await build({
  entryPoints: { emoscope: ENTRY }, outdir: OUT, chunkNames: "chunk-[hash]", assetNames: "[name]",
  bundle: true, format: "esm", splitting: true, minify: true, target: ["es2022"], legalComments: "linked",
  loader: { ".wasm": "file" }, logLevel: "warning",
});
const configuration = `${OUT}/jsconfig.json`;
await writeFile(configuration, JSON.stringify({
  compilerOptions: { ...compilerOptions, noEmit: false, declaration: true, emitDeclarationOnly: true, rootDir: `${process.cwd()}/static/js`, outDir: "types" },
  files: [ENTRY, "static/js/files.d.ts"].map((file) => `${process.cwd()}/${file}`),
}));
execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", configuration], { stdio: "inherit" });
await rm(configuration);
await rm(`${OUT}/types/device/networks.d.ts`); // internal, and needs the types of TensorFlow.js
await cp("LICENSE", `${OUT}/LICENSE`);
const readme = await readFile("docs/javascript.md", "utf8");
await writeFile(`${OUT}/README.md`, readme.replace(/\[([^\]]*)\]\([\w-]+\.md(?:#[\w-]*)?\)/g, "$1")); // the other documents are not in the package
await writeFile(`${OUT}/package.json`, JSON.stringify({
  name: "emoscope", version, license, type: "module", description: "Reads facial expressions in the browser; no image leaves the page",
  exports: { ".": { types: "./types/device/module.d.ts", default: "./emoscope.js" } }, types: "./types/device/module.d.ts",
}, null, 2) + "\n");
console.log(`built into ${OUT}; pack it with: npm pack ./${OUT}`);

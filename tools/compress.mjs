// Compressed copies of the built files and of the networks for the browser, with their transfer sizes.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";

const MAX_RATIO = 0.97; // a compressed copy is written only if it is smaller than this fraction

/** @typedef {{raw: number, gzip: number, brotli: number}} Sizes  bytes transferred per encoding */

/** Write PATH.br and PATH.gz if they are smaller. @param {Buffer} bytes  @param {string} path  @returns {Promise<Sizes>} */
async function compress(bytes, path) {
  const raw = bytes.length;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw } });
  const gzip = gzipSync(bytes, { level: 9 });
  const sizes = { raw, gzip: raw, brotli: raw };
  if (gzip.length < MAX_RATIO * raw) await writeFile(`${path}.gz`, gzip).then(() => (sizes.gzip = gzip.length));
  if (brotli.length < MAX_RATIO * raw) await writeFile(`${path}.br`, brotli).then(() => (sizes.brotli = brotli.length));
  else sizes.brotli = sizes.gzip;
  return sizes;
}

/** Compress the built files of a folder. @param {string} folder  @returns {Promise<Record<string, Sizes>>} by name */
export async function compressBuilt(folder) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  for (const name of (await readdir(folder)).filter((name) => /\.(js|css|svg|wasm)$/.test(name)).sort()) {
    sizes[name] = await compress(await readFile(join(folder, name)), join(folder, name));
  }
  return sizes;
}

/** Compress networks into OUT/compressed, named by hash. @param {string[]} folders  with model.json  @param {string} out */
export async function compressNetworks(folders, out) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  await mkdir(join(out, "compressed"), { recursive: true });
  for (const folder of folders) {
    const sum = (sizes[folder] = { raw: 0, gzip: 0, brotli: 0 });
    for (const name of ["model.json", "weights.bin"]) {
      const bytes = await readFile(join(folder, name)).catch(() => null);
      if (!bytes) continue; // not exported yet: `make detector`, `training export`
      const one = await compress(bytes, join(out, "compressed", createHash("sha256").update(bytes).digest("hex")));
      for (const kind of /** @type {(keyof Sizes)[]} */ (["raw", "gzip", "brotli"])) sum[kind] += one[kind];
    }
  }
  return sizes;
}

/**
 * Built files that a script or style loads statically.
 * @param {import("esbuild").Metafile["outputs"]} outputs  @param {string} path
 * @returns {Set<string>} names
 */
export function closure(outputs, path, found = new Set()) {
  if (found.has(basename(path))) return found;
  found.add(basename(path));
  for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
    if (!external && kind === "import-statement") closure(outputs, next, found);
  }
  return found;
}

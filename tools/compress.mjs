// Compressed copies of what the build made and of the networks for the browser, and how much a first visit transfers.
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile, mkdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";

const GAIN = 0.97; // a copy that is hardly smaller is not worth a file

/** @typedef {{raw: number, gzip: number, brotli: number}} Sizes  bytes; what would travel */

/** Write PLACE.br and PLACE.gz where they gain. @param {Buffer} bytes  @param {string} place  @returns {Promise<Sizes>} */
async function compress(bytes, place) {
  const raw = bytes.length;
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw } });
  const gzip = gzipSync(bytes, { level: 9 });
  const sizes = { raw, gzip: raw, brotli: raw };
  if (gzip.length < GAIN * raw) await writeFile(`${place}.gz`, gzip).then(() => (sizes.gzip = gzip.length));
  if (brotli.length < GAIN * raw) await writeFile(`${place}.br`, brotli).then(() => (sizes.brotli = brotli.length));
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

/** Compress networks into FOLDER/compressed, by their hash. @param {string[]} places  folders with model.json  @param {string} folder */
export async function compressNetworks(places, folder) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  await mkdir(join(folder, "compressed"), { recursive: true });
  for (const place of places) {
    const sum = (sizes[place] = { raw: 0, gzip: 0, brotli: 0 });
    for (const name of ["model.json", "weights.bin"]) {
      const bytes = await readFile(join(place, name)).catch(() => null);
      if (!bytes) continue; // not made yet: `make detector`, `training export`
      const one = await compress(bytes, join(folder, "compressed", createHash("sha256").update(bytes).digest("hex")));
      for (const kind of /** @type {(keyof Sizes)[]} */ (["raw", "gzip", "brotli"])) sum[kind] += one[kind];
    }
  }
  return sizes;
}

/**
 * Built files that a script or style loads, dynamic imports aside.
 * @param {import("esbuild").Metafile["outputs"]} outputs  @param {string} path
 * @returns {Set<string>} names
 */
export function closure(outputs, path, seen = new Set()) {
  if (seen.has(basename(path))) return seen;
  seen.add(basename(path));
  for (const { path: next, kind, external } of outputs[path]?.imports ?? []) {
    if (!external && kind === "import-statement") closure(outputs, next, seen);
  }
  return seen;
}

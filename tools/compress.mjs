// Compressed copies of the built files and of the networks for the browser, with their transfer sizes.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { constants, brotliCompressSync, gzipSync } from "node:zlib";

const MAX_RATIO = 0.97; // a compressed copy is written only if it is smaller than this fraction

/** @typedef {{raw: number, gzip: number, brotli: number}} Sizes  bytes transferred per encoding */

/**
 * Write PATH.br and PATH.gz if they are smaller. Copies of the last build are reused: the names hold a hash of the content.
 * @param {Buffer} bytes  @param {string} path  @param {string} last  path of the same file in the last build  @returns {Promise<Sizes>}
 */
async function compress(bytes, path, last) {
  const raw = bytes.length;
  const reused = await Promise.all(["gz", "br"].map((ending) => reuse(`${last}.${ending}`, `${path}.${ending}`)));
  if (reused[0] && reused[1]) return { raw, gzip: reused[0], brotli: reused[1] };
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: raw } });
  const gzip = gzipSync(bytes, { level: 9 });
  const sizes = { raw, gzip: raw, brotli: raw };
  if (gzip.length < MAX_RATIO * raw) await writeFile(`${path}.gz`, gzip).then(() => (sizes.gzip = gzip.length));
  if (brotli.length < MAX_RATIO * raw) await writeFile(`${path}.br`, brotli).then(() => (sizes.brotli = brotli.length));
  else sizes.brotli = sizes.gzip;
  return sizes;
}

/** Copy a file. @param {string} from  @param {string} to  @returns {Promise<number>} its bytes, 0 if there is none */
async function reuse(from, to) {
  try {
    await copyFile(from, to);
    return (await stat(to)).size;
  } catch {
    return 0;
  }
}

/** Compress the built files of a folder. @param {string} folder  @param {string} last  folder of the last build  @returns {Promise<Record<string, Sizes>>} by name */
export async function compressBuilt(folder, last) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  for (const name of (await readdir(folder)).filter((name) => /\.(js|css|svg|wasm)$/.test(name)).sort()) {
    sizes[name] = await compress(await readFile(join(folder, name)), join(folder, name), join(last, name));
  }
  return sizes;
}

/** Compress networks into OUT/compressed, named by hash. @param {string[]} folders  with model.json  @param {string} out  @param {string} last */
export async function compressNetworks(folders, out, last) {
  /** @type {Record<string, Sizes>} */
  const sizes = {};
  await mkdir(join(out, "compressed"), { recursive: true });
  for (const folder of folders) {
    const sum = (sizes[folder] = { raw: 0, gzip: 0, brotli: 0 });
    for (const name of ["model.json", "weights.bin"]) {
      const bytes = await readFile(join(folder, name)).catch(() => null);
      if (!bytes) continue; // not exported yet: `make detector`, `training export`
      const hash = createHash("sha256").update(bytes).digest("hex");
      const one = await compress(bytes, join(out, "compressed", hash), join(last, "compressed", hash));
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

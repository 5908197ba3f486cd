// ZIP archives of any bytes: items, or an error with a message for the visitor.

import assert from "node:assert/strict";
import { test } from "node:test";
import { archivePaths, loadZip, zipItems } from "../../../static/js/photos/zip.js";

const CASES = Number(process.env.FUZZ_CASES ?? 6000) / 60;

/** A pseudo-random generator (mulberry32). @param {number} seed */
function generator(seed) {
  return (/** @type {number} */ below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** @returns {Promise<Uint8Array>} an archive with images, a folder, a hidden and another file */
async function archive() {
  const zip = await loadZip();
  const writer = new zip.ZipWriter(new zip.Uint8ArrayWriter(), { keepOrder: true });
  for (const [name, level] of /** @type {const} */ ([["a.jpg", 0], ["b/c.png", 6], ["b/.hidden.jpg", 0], ["notes.txt", 6]])) {
    await writer.add(name, new zip.Uint8ArrayReader(new Uint8Array(400).fill(name.length)), { level });
  }
  return writer.close();
}

/** @param {Uint8Array} bytes @param {(below: number) => number} random */
function mutate(bytes, random) {
  let copy = bytes.slice();
  for (let n = 1 + random(4); n > 0; n--) {
    const place = random(2) ? random(copy.length) : copy.length - 1 - random(Math.min(copy.length, 400)); // the directory is at the end
    const kind = random(4);
    if (kind === 0) copy[place] = random(256);
    else if (kind === 1) copy[place] ^= 1 << random(8);
    else if (kind === 2) copy.fill(random(2) * 255, place, place + 4);
    else if (copy.length > 30) copy = copy.slice(0, random(copy.length - 20) + 20);
  }
  return copy;
}

/** @param {Uint8Array} bytes @returns {Promise<string[]>} names of the items that can be unpacked */
async function read(bytes) {
  const names = [];
  for await (const item of zipItems(new Blob([bytes]), "x.zip")) {
    assert.ok(item.path.startsWith("x.zip") && !item.path.split("/").includes(".."));
    try {
      await item.blob();
      names.push(item.name);
    } catch (error) {
      assert.ok(error instanceof Error && error.message);
    }
  }
  return names;
}

test("an archive's images are found, without hidden and other files", async () => {
  assert.deepEqual(await read(await archive()), ["a.jpg", "c.png"]);
});

test("a damaged archive gives items or an error with a message", { timeout: 120_000 }, async () => {
  const bytes = await archive();
  for (let seed = 0; seed < CASES; seed++) {
    try {
      await read(mutate(bytes, generator(seed)));
    } catch (error) {
      if (!(error instanceof Error) || error instanceof assert.AssertionError) throw error;
      assert.match(error.message, /^x\.zip could not be read as a ZIP archive: ./, `seed ${seed}`);
    }
  }
});

test("paths in an archive are unique", () => {
  const paths = archivePaths([{ name: "a.jpg", groups: ["fear"] }, { name: "A.jpg", groups: ["fear", "anger"] }]).flat();
  assert.deepEqual(paths, ["fear/a.jpg", "fear/A (2).jpg", "anger/A.jpg"]);
});

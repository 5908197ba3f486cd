import assert from "node:assert/strict";
import test from "node:test";
import { kindOf } from "../../../static/js/photos/intake.js";
import { archivePaths, writeZip, zipItems } from "../../../static/js/photos/zip.js";

async function* files(...list) {
  for (const [path, text] of list) yield { path, blob: new Blob([text]), modified: Date.UTC(2024, 4, 6) };
}
async function archive(...list) {
  const stream = new TransformStream();
  const blob = new Response(stream.readable).blob();
  await writeZip(files(...list), stream.writable);
  return blob;
}
const collect = async (items) => { const all = []; for await (const item of items) all.push(item); return all; };

test("file names are classified as image, video, archive, other or hidden", () => {
  const expected = { "a.JPG": "image", "b.heic": "image", "c.tiff": "image", "d.mov": "video", "e.zip": "zip", "f.txt": "other", ".DS_Store": "hidden", "Thumbs.db": "hidden" };
  for (const [name, kind] of Object.entries(expected)) assert.equal(kindOf(name), kind, name);
});

test("a ZIP yields its images with their folders and skips other files", async () => {
  const zip = await archive(["beach/a.jpg", "one"], ["notes.txt", "no"], ["__MACOSX/beach/._a.jpg", "no"], ["up.png", "two"]);
  const items = await collect(zipItems(zip, "holiday.zip"));
  assert.deepEqual(items.map(({ path, name }) => [path, name]), [["holiday.zip/beach", "a.jpg"], ["holiday.zip", "up.png"]]);
  assert.equal(await (await items[0].blob()).text(), "one");
  assert.equal(items[0].size, 3);
});

test("a file that is not a ZIP raises an error with its name", async () => {
  await assert.rejects(collect(zipItems(new Blob(["not a zip at all"]), "x.zip")), /x\.zip could not be read as a ZIP/);
});

test("archive paths are grouped by expression and unique", () => {
  const paths = archivePaths([
    { name: "a.jpg", groups: ["happiness"] }, { name: "A.jpg", groups: ["happiness", "sadness"] }, { name: "a.jpg", groups: ["happiness"] },
  ]);
  assert.deepEqual(paths, [["happiness/a.jpg"], ["happiness/A (2).jpg", "sadness/A.jpg"], ["happiness/a (3).jpg"]]);
});

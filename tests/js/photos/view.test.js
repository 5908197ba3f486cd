import assert from "node:assert/strict";
import test from "node:test";
import { viewFromQuery, queryFromView } from "../../../static/js/photos/view.js";
import { counts, DEFAULT_VIEW, folders, isFiltered, markCounts, noFilter, select } from "../../../static/js/photos/view.js";
import { cropPosition } from "../../../static/js/photos/photo.js";
import { csv, json, names as list } from "../../../static/js/photos/export.js";

export const face = (expression, votes, unsure = false) => ({
  box: { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }, landmarks: {}, score: 0.9, expression, unsure,
  probabilities: { [expression]: votes / 10, neutral: 1 - votes / 10 }, votes: { [expression]: votes, neutral: 10 - votes },
});
let order = 0;
const photo = (name, faces, extra = {}) => ({
  id: name, name, path: "", bytes: 1, order: ++order, taken: null, state: "read",
  reading: { picture: { width: 4, height: 3 }, model: { name: "jury-live", version: "1.0.0", label_set: "ferplus" }, faces, milliseconds: {} }, ...extra,
});
const failed = { id: "bad.jpg", name: "bad.jpg", path: "", bytes: 1, order: 99, taken: null, state: "failed", problem: { code: "not_a_picture", message: "not an image" } };
const photos = [
  photo("glad 10.jpg", [face("happiness", 9)], { taken: 30 }),
  photo("glad 9.jpg", [face("happiness", 6)], { taken: 10 }),
  photo("pair.jpg", [face("happiness", 8), face("sadness", 5)], { path: "beach" }),
  photo("split.jpg", [face("fear", 4, true)], { taken: 20 }),
  photo("sky.jpg", []),
  failed,
];
const view = (changes) => ({ ...DEFAULT_VIEW, ...changes });
const names = (changes) => select(photos, view(changes)).map(({ name }) => name);

test("each face counts once, as its expression or as unsure", () => {
  const all = counts(photos, view({}));
  assert.deepEqual(all.get("all"), { photos: 6, faces: 5 });
  assert.deepEqual(all.get("happiness"), { photos: 3, faces: 3 });
  assert.deepEqual(all.get("sadness"), { photos: 1, faces: 1 });
  assert.deepEqual(all.get("unsure"), { photos: 1, faces: 1 });
  assert.equal(all.has("fear"), false);
  const parts = ["happiness", "sadness", "unsure"].map((name) => all.get(name).faces);
  assert.equal(parts.reduce((a, b) => a + b), all.get("all").faces);
});

test("no face, several faces and failed are filters", () => {
  assert.deepEqual(names({ show: "none" }), ["sky.jpg"]);
  assert.deepEqual(names({ show: "several" }), ["pair.jpg"]);
  assert.deepEqual(names({ show: "failed" }), ["bad.jpg"]);
});

test("the count of a filter equals the number of photos it shows", () => {
  for (const changes of [{}, { votes: 7 }, { search: "glad" }, { votes: 5, search: "pa" }]) {
    const all = counts(photos, view(changes));
    for (const show of ["all", "happiness", "sadness", "unsure", "none", "several", "failed"]) {
      assert.equal(names({ ...changes, show }).length, all.get(show)?.photos ?? 0, `${show} ${JSON.stringify(changes)}`);
    }
  }
});

test("minimum votes excludes faces with fewer votes", () => {
  assert.deepEqual(names({ votes: 7 }), ["glad 10.jpg", "pair.jpg"]);
  assert.equal(counts(photos, view({ votes: 7 })).has("sadness"), false);
});

test("sorts by name in natural order, by time, votes and faces", () => {
  assert.deepEqual(names({ sort: "name", search: "glad" }), ["glad 9.jpg", "glad 10.jpg"]);
  assert.deepEqual(names({ sort: "taken" }).slice(0, 3), ["glad 9.jpg", "split.jpg", "glad 10.jpg"]);
  assert.deepEqual(names({ sort: "votes", show: "happiness", descending: true }), ["glad 10.jpg", "pair.jpg", "glad 9.jpg"]);
  assert.equal(names({ sort: "faces", descending: true })[0], "pair.jpg");
});

test("search includes the path", () => {
  assert.deepEqual(names({ search: "BEACH" }), ["pair.jpg"]);
});

test("search needs every word", () => {
  assert.deepEqual(names({ search: " jpg  beach " }), ["pair.jpg"]);
  assert.deepEqual(names({ search: "beach glad" }), []);
});

test("the number of faces is a filter", () => {
  assert.deepEqual(names({ faces: "0" }), ["sky.jpg"]); // not the photo that could not be read
  assert.deepEqual(names({ faces: "1" }), ["glad 10.jpg", "glad 9.jpg", "split.jpg"]);
  assert.deepEqual(names({ faces: "2" }), ["pair.jpg"]);
  const many = photo("many.jpg", Array(5).fill(face("neutral", 6)));
  assert.deepEqual(select([...photos, many], view({ faces: "3" })).map(({ name }) => name), ["many.jpg"]);
});

test("a folder includes its subfolders, and no other folder of a similar name", () => {
  const some = ["a", "a/b", "ab", ""].map((path) => photo(`in ${path}`, [], { path }));
  const inFolder = (folder) => select(some, view({ folder })).map(({ path }) => path);
  assert.deepEqual(inFolder("a"), ["a", "a/b"]);
  assert.deepEqual(inFolder("a/b"), ["a/b"]);
  assert.deepEqual([...folders(some)], [["a", 2], ["a/b", 1], ["ab", 1]]);
});

test("dates include both days; a photo without a date matches none", () => {
  const at = (name, time) => photo(name, [], { taken: time === null ? null : Date.parse(time) });
  const some = [at("1", "2026-05-01T00:00:00Z"), at("2", "2026-05-02T23:59:59Z"), at("3", "2026-05-03T00:00:00Z"), at("none", null)];
  const between = (from, to) => select(some, view({ from, to })).map(({ name }) => name);
  assert.deepEqual(between("2026-05-01", "2026-05-02"), ["1", "2"]);
  assert.deepEqual(between("2026-05-02", ""), ["2", "3"]);
  assert.deepEqual(between("", "2026-05-01"), ["1"]);
  assert.deepEqual(between("", ""), ["1", "2", "3", "none"]);
});

test("marks are a filter, counted among the photos that match the others", () => {
  const some = [photo("1", [face("happiness", 9)], { mark: "keep" }), photo("2", [], { mark: "keep" }), photo("3", [], { mark: "reject" }), photo("4", [])];
  const marked = (changes) => select(some, view(changes)).map(({ name }) => name);
  assert.deepEqual(marked({ mark: "keep" }), ["1", "2"]);
  assert.deepEqual(marked({ mark: "none" }), ["4"]);
  assert.deepEqual(markCounts(some, view({ mark: "reject" })), { keep: 2, reject: 1, none: 1 });
  assert.deepEqual(markCounts(some, view({ show: "happiness" })), { keep: 1, reject: 0, none: 0 });
});

test("sorts by folder, by expression with most votes first, and by certainty", () => {
  assert.equal(names({ sort: "folder", descending: true })[0], "pair.jpg");
  assert.deepEqual(names({ sort: "expression" }).slice(0, 4), ["glad 10.jpg", "pair.jpg", "glad 9.jpg", "split.jpg"]);
  assert.deepEqual(names({ sort: "certainty" }).slice(0, 4), ["pair.jpg", "glad 9.jpg", "split.jpg", "glad 10.jpg"]);
});

test("a filter that is reset shows everything in the same order", () => {
  const one = view({ show: "happiness", votes: 7, faces: "1", folder: "a", from: "2026-05-01", to: "2026-05-02", search: "x", sort: "votes" });
  assert.equal(isFiltered(one), true);
  assert.deepEqual({ ...one, ...noFilter() }, view({ sort: "votes" }));
  assert.equal(isFiltered(view({ sort: "votes", photo: "x" })), false);
});

test("a view round-trips through the query", () => {
  const one = view({ show: "happiness", votes: 7, search: "a&b=c ü", faces: "3", folder: "a/ö b", from: "2026-05-01", to: "2026-06-01", mark: "reject", sort: "certainty", descending: true, stacks: true, stack: "x/é.jpg:1:3", photo: "x/é.jpg:1:2", other: "y.jpg:1:2" });
  assert.deepEqual(viewFromQuery(queryFromView(one)), one);
  assert.equal(queryFromView(view({})), "");
});

test("other query parameters stay", () => {
  assert.equal(queryFromView(view({ votes: 7 }), "?on=device&show=happiness"), "?on=device&votes=7");
});

test("invalid parameters give the default view", () => {
  assert.deepEqual(viewFromQuery("?show=<script>&votes=99&sort=up&order=x&faces=9&from=yesterday&to=2026&mark=maybe"), view({}));
});

test("CSV has one row per face and includes every photo", () => {
  const lines = csv(photos).split("\r\n");
  assert.equal(lines.length, 1 + 5 + 2 + 1); // header, faces, photos without a face, end of the last line
  const width = lines[0].split(",").length;
  for (const line of lines.slice(0, -1)) assert.equal(line.split(",").length, width, line);
  assert.match(lines.at(-2), /not an image/);
});

test("CSV quotes cells and escapes formulas", () => {
  const text = csv([photo('=1+1,"x".jpg', [])]);
  assert.match(text, /"'=1\+1,""x"".jpg"/);
});

test("JSON contains the results unchanged", () => {
  const parsed = JSON.parse(json(photos));
  assert.equal(parsed.photos.length, 6);
  assert.deepEqual(parsed.photos[0].reading, photos[0].reading);
  assert.equal(parsed.photos[5].error.code, "not_a_picture");
});

/** @returns {string[]} the cells of the CSV's column, without quoting */
const column = (some, name) => {
  const [header, ...lines] = csv(some).trimEnd().split("\r\n").map((line) => line.split(","));
  return lines.map((line) => line[header.indexOf(name)]);
};

test("the balanced prediction and the sign for unlike faces are in the exports", () => {
  const odd = { ...face("happiness", 9), balanced: { happiness: 0.6, neutral: 0.4 }, distance: 0.71, unlike: true };
  const some = [photo("a.jpg", [odd, face("happiness", 8)]), photo("b.jpg", [])];
  assert.deepEqual(column(some, "balanced_neutral"), ["0.4", "", ""]);
  assert.deepEqual(column(some, "distance"), ["0.71", "", ""]);
  assert.deepEqual(column(some, "unlike"), ["true", "", ""]);
  const [{ balanced, distance, unlike }] = JSON.parse(json(some)).photos[0].reading.faces;
  assert.deepEqual({ balanced, distance, unlike }, { balanced: { happiness: 0.6, neutral: 0.4 }, distance: 0.71, unlike: true });
});

test("marks are in every export", () => {
  const some = [photo("a.jpg", [], { path: "x/y", mark: "keep" }), photo("b.jpg", [face("happiness", 9)], { mark: "reject" }), photo("c.jpg", [])];
  assert.deepEqual(column(some, "mark"), ["keep", "reject", ""]);
  assert.deepEqual(JSON.parse(json(some)).photos.map(({ mark }) => mark), ["keep", "reject", null]);
  assert.equal(list(some), "x/y/a.jpg\nb.jpg\nc.jpg\n");
});

test("the square crop contains the faces", () => {
  const one = (box, width, height, ...others) => {
    const { faces, ...reading } = photo("x", [face("happiness", 9)]).reading;
    const all = [box, ...others].map((box) => ({ ...faces[0], box }));
    return cropPosition({ ...photo("x", []), reading: { ...reading, picture: { width, height }, faces: all } });
  };
  assert.deepEqual(cropPosition(photo("x", [])), { x: 0.5, y: 0.5 });
  assert.deepEqual(one({ x: 0, y: 0, width: 0.2, height: 0.1 }, 300, 600), { x: 0.5, y: 0 });
  assert.deepEqual(one({ x: 0.4, y: 0.9, width: 0.2, height: 0.1 }, 300, 600), { x: 0.5, y: 1 });
  const { x, y } = one({ x: 0.25, y: 0.4, width: 0.2, height: 0.2 }, 600, 300); // center .35: 210 of 600, 60 left of the square
  assert.equal(y, 0.5);
  assert.ok(Math.abs(x - 0.2) < 1e-9);
  const left = { x: 0.1, y: 0.4, width: 0.1, height: 0.2 }, right = { x: 0.8, y: 0.4, width: 0.1, height: 0.3 };
  assert.equal(one(left, 600, 300, right).x, 1); // too far apart: the larger
  assert.ok(Math.abs(one({ ...left, x: 0.6 }, 600, 300, right).x - 1) < 1e-9); // .6 to .9: both
  assert.ok(Math.abs(one({ ...left, x: 0.4 }, 600, 300, right).x - 0.8) < 1e-9); // .4 to .9, as wide as the square
});

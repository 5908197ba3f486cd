import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { catalogueScripts, messagesOf } from "../../../tools/catalogues.mjs";
import { errorText } from "../../../static/js/ui/errors.js";
import { catalogue, formatNumber, formatPercent, language, parseNumber, translate, translatePlural, useCatalogue } from "../../../static/js/ui/language.js";

const SPANISH = {
  language: "es",
  messages: { "Face {face}": "Cara {face}", "{n} photo": ["{n} foto", "{n} fotos"], "The image is incomplete or damaged.": "La imagen está incompleta o dañada." },
};

afterEach(() => useCatalogue({ language: "en", messages: {} }));

test("without a catalogue the English texts are shown", () => {
  assert.equal(language(), "en");
  assert.equal(translate("Face {face}", { face: 2 }), "Face 2");
  assert.equal(translatePlural("{n} photo", "{n} photos", 1), "1 photo");
  assert.equal(translatePlural("{n} photo", "{n} photos", 1200), "1,200 photos");
});

test("a catalogue gives texts, plural forms and numbers of its language", () => {
  useCatalogue(SPANISH);
  assert.equal(catalogue(), SPANISH);
  assert.equal(translate("Face {face}", { face: 2 }), "Cara 2");
  assert.deepEqual([0, 1, 2, 1_000_000].map((n) => translatePlural("{n} photo", "{n} photos", n)), ["0 fotos", "1 foto", "2 fotos", "1.000.000 fotos"]);
  assert.equal(formatNumber(0.5, 2), "0,50");
  assert.equal(formatNumber(1234.5), "1234,5");
  assert.equal(formatPercent(0.934), "93 %");
});

test("a number is parsed as the page's language writes it, or as a program does", () => {
  assert.deepEqual(["1,234.5", "28,709", "0.5012", "-3", ""].map(parseNumber), [1234.5, 28709, 0.5012, -3, NaN]);
  useCatalogue(SPANISH);
  assert.deepEqual(["1234,5", "28.709", "1.028.709,25", "0,5", "0.5012", "0.512", "-3", "–"].map(parseNumber), [1234.5, 28709, 1028709.25, 0.5, 0.5012, 0.512, -3, NaN]);
});

test("a message that the catalogue lacks is English, with English plural forms", () => {
  useCatalogue(SPANISH);
  assert.equal(translate("Start"), "Start");
  assert.equal(translatePlural("{n} file", "{n} files", 3), "3 files");
});

test("a value that is not given stays visible, and values are inserted once", () => {
  assert.equal(translate("{file} of {folder}", { file: "{folder}" }), "{folder} of {folder}");
});

test("the plural form follows the rules of the language", () => {
  useCatalogue({ language: "pl", messages: { "{n} photo": ["{n} zdjęcie", "{n} zdjęcia", "{n} zdjęć"] } });
  assert.deepEqual([1, 3, 5, 1.5].map((n) => translatePlural("{n} photo", "{n} photos", n)), ["1 zdjęcie", "3 zdjęcia", "5 zdjęć", "1,5 zdjęć"]);
});

test("the server's errors are worded by their code; on English pages, and for an unknown code, its message is shown", () => {
  const truncated = { code: "truncated", message: "The image is incomplete or damaged." }, unknown = { code: "new", message: "Something new." };
  assert.equal(errorText({ code: "truncated", message: "Its end is missing." }), "Its end is missing.");
  useCatalogue(SPANISH);
  assert.equal(errorText(truncated), "La imagen está incompleta o dañada.");
  assert.equal(errorText(unknown), "Something new.");
});

test("a .po file gives its translated messages", () => {
  const text = [
    'msgid ""', 'msgstr ""', '"Language: es\\n"', "",
    "#: static/js/one.js", 'msgid "one \\"quoted\\""', 'msgstr "uno «citado»"', "",
    'msgid ""', '"a long "', '"text"', 'msgstr ""', '"un texto "', '"largo\\n"', "",
    'msgid "{n} photo"', 'msgid_plural "{n} photos"', 'msgstr[0] "{n} foto"', 'msgstr[1] "{n} fotos"', "",
    "#, fuzzy", 'msgid "guessed"', 'msgstr "adivinado"', "",
    'msgid "untranslated"', 'msgstr ""', "",
    '#~ msgid "obsolete"', '#~ msgstr "obsoleto"', "",
  ].join("\n");
  assert.deepEqual(messagesOf(text), { 'one "quoted"': "uno «citado»", "a long text": "un texto largo\n", "{n} photo": ["{n} foto", "{n} fotos"] });
  assert.throws(() => messagesOf("msgid unquoted"), /must be a comment or a quoted string/);
});

test("the script of a catalogue gives the pages its messages", async () => {
  const scripts = await catalogueScripts();
  assert.ok(scripts.some((one) => one.language === "es"));
  for (const { language: code, script } of scripts) {
    (0, eval)(script);
    assert.equal(language(), code);
    assert.notEqual(translate("happiness"), "happiness");
  }
});

// The translations of the scripts as scripts of their own: each gives static/js/ui/language.js the messages of one language.
// And the web manifest in each language.
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";

const FOLDER = "webapp/translations";

/**
 * The messages of a gettext catalogue, as Babel writes it: one entry per block, strings over several lines.
 * @param {string} text  of a .po file
 * @returns {Record<string, string | string[]>} English text -> translation; an array for a message with plural forms. Without
 *   untranslated and fuzzy messages, and without the header
 */
export function messagesOf(text) {
  /** @type {Record<string, string | string[]>} */
  const messages = {};
  for (const block of text.split(/\n\s*\n/)) {
    const lines = block.split("\n").filter((line) => line.trim() && !line.startsWith("#~"));
    if (lines.some((line) => /^#,.*\bfuzzy\b/.test(line))) continue;
    const fields = fieldsOf(lines.filter((line) => !line.startsWith("#")));
    const forms = Object.keys(fields).filter((name) => name.startsWith("msgstr")).sort().map((name) => fields[name]);
    if (!fields.msgid || !forms.length || forms.some((form) => !form)) continue;
    messages[fields.msgid] = "msgid_plural" in fields ? forms : forms[0];
  }
  return messages;
}

/** @param {string[]} lines  without comments  @returns {Record<string, string>} "msgid", "msgstr[0]" … -> text */
function fieldsOf(lines) {
  /** @type {Record<string, string>} */
  const fields = {};
  let field = "";
  for (const line of lines) {
    const [, name, quoted] = /^(?:(msg\w+(?:\[\d+\])?)\s+)?(".*")\s*$/.exec(line) ?? [];
    if (quoted === undefined) throw new Error(`a line of a catalogue must be a comment or a quoted string, got ${line}`);
    if (name) fields[(field = name)] = "";
    fields[field] += JSON.parse(quoted);
  }
  return fields;
}

/** @returns {Promise<{language: string, script: string}[]>} of every language that has a catalogue */
export async function catalogueScripts() {
  return (await catalogues("scripts")).map(({ language, messages }) => (
    { language, script: `globalThis.emoscopeCatalogue=${JSON.stringify({ language, messages })};\n` }));
}

/** @returns {Promise<{language: string, content: string}[]>} static/site.webmanifest in every language that has a catalogue */
export async function webManifests() {
  const english = JSON.parse(await readFile("static/site.webmanifest", "utf8"));
  return (await catalogues("messages")).map(({ language, messages }) => (
    { language, content: JSON.stringify({ ...english, lang: language, description: messages[english.description] ?? english.description }) }));
}

/** @param {string} domain */
async function catalogues(domain) {
  const languages = existsSync(FOLDER) ? (await readdir(FOLDER)).sort() : [];
  const found = languages.map((language) => ({ language, path: `${FOLDER}/${language}/LC_MESSAGES/${domain}.po` })).filter(({ path }) => existsSync(path));
  return Promise.all(found.map(async ({ language, path }) => ({ language, messages: messagesOf(await readFile(path, "utf8")) })));
}

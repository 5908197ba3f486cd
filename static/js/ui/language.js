// The language of the scripts. The English text is the key of a message; the build makes static/dist/scripts-LANGUAGE.js from
// webapp/translations/LANGUAGE/LC_MESSAGES/scripts.po, which a page in that language loads before all other scripts.

/** @typedef {{language: string, messages: Record<string, string | string[]>}} Catalogue  of a message with a number: a text for each plural form */

/** @type {Catalogue} */
const ENGLISH = { language: "en", messages: {} };
const PLURAL_FORMS = ["zero", "one", "two", "few", "many", "other"]; // the order of the forms in a catalogue

/** The loaded one; a worker gets it from the page. @returns {Catalogue} */
export const catalogue = () => /** @type {{emoscopeCatalogue?: Catalogue}} */ (globalThis).emoscopeCatalogue ?? ENGLISH;

/** In a worker, use the catalogue of the page. @param {Catalogue} given */
export function useCatalogue(given) {
  /** @type {any} */ (globalThis).emoscopeCatalogue = given;
}

/** @returns {string} such as "es"; the language of the catalogue, so that texts, numbers and dates always agree */
export const language = () => catalogue().language;

/**
 * @param {string} text  in English, with the names of values in braces: "Face {face}". Always a literal, for the extraction
 * @param {Record<string, string | number>} [values]  numbers are not formatted: see formatNumber()
 * @returns {string} in the page's language; in English if the catalogue lacks the message
 */
export function translate(text, values = {}) {
  const found = catalogue().messages[text];
  return filled((Array.isArray(found) ? found[0] : found) ?? text, values);
}

/**
 * @param {string} one  the English text for one thing  @param {string} many  for several; it may use {n}
 * @param {number} n  @param {Record<string, string | number>} [values]  beside n
 * @returns {string}
 */
export function translatePlural(one, many, n, values = {}) {
  const found = catalogue().messages[one];
  const forms = Array.isArray(found) ? found : [one, many];
  const rules = pluralRules(Array.isArray(found) ? language() : "en");
  const categories = PLURAL_FORMS.filter((form) => rules.resolvedOptions().pluralCategories.some((category) => category === form));
  return filled(forms[Math.min(categories.indexOf(rules.select(n)), forms.length - 1)], { n: formatNumber(n), ...values });
}

/** @param {string} text  @param {Record<string, string | number>} values */
const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** @param {number} value  @param {number} [decimals]  exactly so many  @returns {string} */
export function formatNumber(value, decimals) {
  const key = `${language()} ${decimals}`;
  const format = numberFormats.get(key) ?? new Intl.NumberFormat(language(), { minimumFractionDigits: decimals, maximumFractionDigits: decimals ?? 3 });
  numberFormats.set(key, format);
  return format.format(value);
}

/** @param {number} value  @returns {string} such as 12K */
export const formatCompact = (value) => new Intl.NumberFormat(language(), { notation: "compact" }).format(value);

/**
 * @param {string} text  a number as the page's language writes it, such as 1,234.5; also one that a program wrote, such as 0.5012
 * @returns {number} NaN if it is none
 */
export function parseNumber(text) {
  const parts = new Intl.NumberFormat(language()).formatToParts(12345.6);
  const [group, decimal] = ["group", "decimal"].map((type) => parts.find((part) => part.type === type)?.value ?? "");
  const grouped = new RegExp(`^-?[1-9]\\d{0,2}(?:\\${group}\\d{3})+(?!\\d)`).test(text.trim());
  const plain = (grouped ? text.replaceAll(group, "") : text).replace(decimal, ".").trim();
  return plain ? Number(plain) : NaN;
}

/** @param {number} fraction  0-1  @returns {string} such as "93 %" */
export const formatPercent = (fraction) => `${formatNumber(Math.round(100 * fraction))} %`;

/** @param {Date | number} time  @returns {string} date and time of day, as usual in the language; on English pages as the browser is set */
export const formatTime = (time) => new Date(time).toLocaleString(language() === "en" ? undefined : language());

/** @type {Map<string, Intl.NumberFormat>} */
const numberFormats = new Map();
/** @type {Map<string, Intl.PluralRules>} */
const rulesOf = new Map();

/** @param {string} locale */
function pluralRules(locale) {
  const rules = rulesOf.get(locale) ?? new Intl.PluralRules(locale);
  rulesOf.set(locale, rules);
  return rules;
}

// Files for the visitor: CSV text, file names, and the download itself.

/** @param {unknown[][]} rows  the header first  @returns {string} CSV by RFC 4180 */
export const csvText = (rows) => rows.map((cells) => cells.map(cell).join(",") + "\r\n").join("");

const QUOTED = /[",\r\n]/;

/** @param {unknown} value  @returns {string} numbers rounded to five decimals; quoted where necessary */
function cell(value) {
  const text = typeof value === "number" ? String(Math.round(value * 1e5) / 1e5) : String(value);
  // A spreadsheet must not take a file name for a formula.
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return QUOTED.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Hand a file to the visitor. @param {Blob} blob  @param {string} name */
export function download(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** @param {string} content  such as "session"  @param {string} extension  @returns {string} such as emoscope-session-2026-05-04-130512.csv */
export function fileName(content, extension) {
  const stamp = new Date().toISOString().slice(0, 19).replace("T", "-").replaceAll(":", "");
  return `emoscope-${content}-${stamp}.${extension}`;
}

// The sample album: photos that may be published, in one archive of the site (made by tools/sample_album.py).

import { translate } from "../ui/language.js";
import { zipItems } from "./zip.js";

const FOLDER = "sample album"; // of its photos; stored, so the same in every language

/** @typedef {import("./intake.js").Item} Item */

/**
 * @param {string} url  of the archive  @returns {AsyncGenerator<Item>}
 * @throws {Error} with a message for the visitor if it cannot be loaded
 */
export async function* sampleAlbum(url) {
  const response = await fetch(url).catch(() => null);
  if (!response?.ok) throw new Error(translate("The sample album could not be loaded. Check the connection and try again."));
  yield* zipItems(await response.blob(), FOLDER);
}

/** A photo's folders as the visitor sees them. @param {string} path */
export const shownPath = (path) => (isSample({ path }) ? translate("sample album") + path.slice(FOLDER.length) : path);

/** @param {{path: string}} photo */
export const isSample = ({ path }) => path === FOLDER || path.startsWith(`${FOLDER}/`);

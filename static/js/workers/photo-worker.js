// The photo worker: reads when a photo was taken and makes its thumbnail and preview, off the page's thread.

import ExifReader from "exifreader";
import { makePreviews } from "../photos/previews.js";

const HEAD = 512 * 1024; // bytes; the metadata precedes the pixels
const OPTIONS = /** @type {const} */ ({ expanded: true, async: true, excludeTags: { xmp: true, mpf: true } }); // workers cannot parse XMP

/** @param {Blob} blob  @returns {Promise<{taken: number | null, width: number, height: number}>} null and 0 if missing */
async function readMetadata(blob) {
  try {
    const { file = {}, exif = {}, pngFile = {} } = /** @type {any} */ (await ExifReader.load(await blob.slice(0, HEAD).arrayBuffer(), OPTIONS));
    const size = (/** @type {string} */ side) => Number(file[`Image ${side}`]?.value ?? pngFile[`Image ${side}`]?.value ?? 0) || 0;
    return { taken: takenAt(exif.DateTimeOriginal?.description ?? exif.DateTimeDigitized?.description), width: size("Width"), height: size("Height") };
  } catch {
    return { taken: null, width: 0, height: 0 }; // no metadata, or not an image: the reader reports that
  }
}

/**
 * @param {string | undefined} text  "2024:05:06 07:08:09", in the time of the camera clock
 * @returns {number | null} milliseconds since 1970; the camera clock counts as UTC, so the order is the same in every time zone
 */
function takenAt(text) {
  const match = /^(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text ?? "");
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  return year > 1900 && Number.isFinite(time) ? time : null;
}

self.addEventListener("message", async ({ data: { id, blob } }) => {
  const { taken, width, height } = await readMetadata(blob);
  const previews = await makePreviews(blob, width && height ? width * height : 0);
  self.postMessage({ id, taken, ...previews });
});

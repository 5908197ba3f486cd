// What a picture file says about itself: its size, and when it was taken.

import ExifReader from "exifreader";

const HEAD = 512 * 1024; // bytes: the record stands before the pixels
const OPTIONS = /** @type {const} */ ({ expanded: true, async: true, excludeTags: { xmp: true, mpf: true } }); // workers cannot parse XMP

/** @param {Blob} blob  @returns {Promise<{taken: number | null, width: number, height: number}>} zeros where it does not say */
export async function lookInside(blob) {
  try {
    const { file = {}, exif = {}, pngFile = {} } = /** @type {any} */ (await ExifReader.load(await blob.slice(0, HEAD).arrayBuffer(), OPTIONS));
    const size = (/** @type {string} */ side) => Number(file[`Image ${side}`]?.value ?? pngFile[`Image ${side}`]?.value ?? 0) || 0;
    return { taken: takenAt(exif.DateTimeOriginal?.description ?? exif.DateTimeDigitized?.description), width: size("Width"), height: size("Height") };
  } catch {
    return { taken: null, width: 0, height: 0 }; // no record, or a file that is no picture: the reader will say so
  }
}

/**
 * @param {string | undefined} text  "2024:05:06 07:08:09", the camera's own clock
 * @returns {number | null} milliseconds since 1970, the camera's clock taken as UTC so that it sorts alike everywhere
 */
export function takenAt(text) {
  const match = /^(\d{4}):(\d\d):(\d\d)[ T](\d\d):(\d\d):(\d\d)/.exec(text ?? "");
  if (!match) return null;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  return year > 1900 && Number.isFinite(time) ? time : null;
}

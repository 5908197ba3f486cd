// What the server offers for reading on this device, as the page states it: webapp/pages/on_device.py writes it.

/** @typedef {import("./files.js").File} File */
/**
 * @typedef {object} OfferedModel
 * @property {string} name
 * @property {string} title
 * @property {import("../vision/expressions.js").Card} card
 * @property {boolean} default
 * @property {Record<string, File>} files
 */
/**
 * @typedef {object} Offer
 * @property {string} worker  address of the worker's script
 * @property {{sizes: [number, number][], files: Record<string, File>}} detector
 * @property {OfferedModel[]} models  the default first
 * @property {{live: number, photo: number}} thresholds  least scores of a face
 */

/** @returns {Offer | null} null: this server offers nothing for the device */
export function readOffer() {
  const text = document.getElementById("device-offer")?.textContent;
  return text ? JSON.parse(text) : null;
}

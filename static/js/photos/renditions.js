// The two pictures kept of a photo: a thumbnail for the grid, a preview for the single view.

export const THUMBNAIL = 256; // pixels of the long side
export const PREVIEW = 1280;
export const MAX_PIXELS = 60e6; // more is not decoded in the browser: 60 million are 240 MB
const QUALITY = 0.8;

/** @typedef {{thumbnail: Blob, preview: Blob, width: number, height: number}} Pictures */

/**
 * @param {Blob} blob  @param {number} [pixels]  how many it has, 0 if its header does not say
 * @returns {Promise<{pictures: Pictures} | {refused: string}>} upright by EXIF, the first frame of an animation
 */
export async function makePictures(blob, pixels = 0) {
  if (pixels > MAX_PIXELS) return { refused: `more than ${MAX_PIXELS / 1e6} megapixels` };
  const bitmap = await createImageBitmap(blob, { imageOrientation: "from-image" }).catch(() => null);
  if (!bitmap) return { refused: "a format this browser does not read" };
  try {
    const preview = draw(bitmap, PREVIEW);
    const [large, small] = await Promise.all([encode(preview), encode(draw(preview, THUMBNAIL))]);
    return { pictures: { preview: large, thumbnail: small, width: bitmap.width, height: bitmap.height } };
  } finally {
    bitmap.close();
  }
}

/** @param {ImageBitmap | OffscreenCanvas} source  @param {number} longSide  @returns {OffscreenCanvas} */
function draw(source, longSide) {
  const scale = Math.min(1, longSide / Math.max(source.width, source.height));
  const canvas = new OffscreenCanvas(Math.max(1, Math.round(source.width * scale)), Math.max(1, Math.round(source.height * scale)));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, canvas.width, canvas.height);
  return canvas;
}

/** @param {OffscreenCanvas} canvas */
const encode = (canvas) => canvas.convertToBlob({ type: "image/webp", quality: QUALITY });

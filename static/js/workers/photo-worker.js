// Off the page's thread: the time a photo was taken, and its two small pictures.

import { lookInside } from "../photos/metadata.js";
import { makePictures } from "../photos/renditions.js";

self.addEventListener("message", async ({ data: { id, blob } }) => {
  const { taken, width, height } = await lookInside(blob);
  const pictures = await makePictures(blob, width && height ? width * height : 0);
  self.postMessage({ id, taken, ...pictures });
});

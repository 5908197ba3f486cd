// The words for the error codes of the API and of the live socket (docs/api.md, docs/socket.md).

import { language, translate } from "./language.js";

/** Made when needed, because a worker receives its catalogue after this module. @returns {Record<string, string>} */
const texts = () => ({
  not_a_picture: translate("The file is not an image in a supported format."),
  truncated: translate("The image is incomplete or damaged."),
  too_many_pixels: translate("The image has more pixels than the limit allows."),
  too_many_scans: translate("The JPEG has too many scans; save it as a baseline JPEG."),
  too_large: translate("The file is larger than this server accepts."),
  unsupported: translate("The pixel format of the image is not supported; save it as an 8-bit image."),
  busy: translate("The server is overloaded or restarting; try again in a moment."),
  not_ready: translate("The server is busy or still starting. Try again in a moment."),
  too_fast: translate("Too many requests. Wait a moment, then try again."),
  refused: translate("The server has reached its maximum number of live clients; try again later."),
  unknown_model: translate("The server does not have this model. Reload the page."),
  too_many_errors: translate("The server did not understand the request. Reload the page."),
  wrong_type: translate("The server did not understand the request. Reload the page."),
  wrong_order: translate("The server received the frames in the wrong order."),
  bad_request: translate("The server did not understand the request. Reload the page."),
  bad_face: translate("The server did not understand the request. Reload the page."),
  no_such_face: translate("The image has no such face."),
  not_found: translate("The server has no such address. Reload the page."),
  failed: translate("The image could not be read because of an unexpected error. Try again."),
});

/**
 * @param {{code: string, message: string}} error  of the server; its message is English and may name the limit
 * @returns {string} in the page's language; the message itself on English pages and for an unknown code
 */
export const errorText = ({ code, message }) => (language() === "en" ? message : texts()[code] ?? message);

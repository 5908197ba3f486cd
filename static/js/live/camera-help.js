// What to do in this browser when the camera is not available. Pure.

import { translate } from "../ui/language.js";

/** @typedef {"insecure" | "refused" | "none" | "taken" | "unplugged" | "failed"} CameraCode */
/** @typedef {"ios" | "safari" | "firefox" | "android" | "chromium"} Browser */

/** @param {string} userAgent  @param {number} [touchPoints]  an iPad reports the user agent of a Mac  @returns {Browser} */
export function browserOf(userAgent, touchPoints = 0) {
  if (/iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && touchPoints > 1)) return "ios";
  if (/Firefox\//.test(userAgent)) return "firefox";
  if (/Android/.test(userAgent)) return "android";
  if (/Safari\//.test(userAgent) && !/Chrome\/|Chromium\//.test(userAgent)) return "safari";
  return "chromium";
}

/** Where to allow the camera. @type {Record<Browser, string>} */
const ALLOW = {
  chromium: translate("Select the icon left of the address, switch Camera to Allow, then try again."),
  android: translate("Tap the icon left of the address, then Permissions, and allow the camera. If it is still blocked, allow it for the browser in the Android settings."),
  firefox: translate("Select the crossed-out camera left of the address and remove the block, then try again."),
  safari: translate("In the menu Safari, open Settings for This Website, set Camera to Allow, then try again."),
  ios: translate("Tap the page menu beside the address, open Website Settings, and set Camera to Allow. In another browser than Safari, allow it in the Settings app under the browser's name."),
};

/** Where the system hides a camera from every page. @type {Record<Browser, string>} */
const SYSTEM = {
  chromium: translate("If one is connected, check that the privacy settings of the system allow the browser to use it."),
  firefox: translate("If one is connected, check that the privacy settings of the system allow Firefox to use it."),
  safari: translate("If one is connected, check System Settings, Privacy & Security, Camera."),
  android: translate("If the device has one, check that the Android privacy settings do not switch it off."),
  ios: translate("If the device has one, check Settings, Screen Time, Content & Privacy Restrictions."),
};

/**
 * Title and advice for the message over the video.
 * @param {CameraCode} code  @param {{browser: Browser, host: string}} page  `host`: of this page's address, with its port
 * @returns {{title: string, text: string}}
 */
export function cameraHelp(code, { browser, host }) {
  const port = /:\d+$/.exec(host)?.[0] ?? "";
  switch (code) {
    case "insecure":
      return { title: translate("This address cannot use a camera"),
        text: translate("Browsers allow the camera only over HTTPS or on localhost. Open {https} if the server offers HTTPS, or {local} on the computer that runs the server.", { https: `https://${host}/live`, local: `http://localhost${port}/live` }) };
    case "refused":
      return { title: translate("The camera is blocked"), text: `${translate("The browser denied access to the camera.")} ${ALLOW[browser]}` };
    case "none":
      return { title: translate("No camera was found"), text: `${translate("Connect a camera or switch it on, then try again.")} ${SYSTEM[browser]}` };
    case "taken":
      return { title: translate("The camera is in use"),
        text: browser === "ios" || browser === "android" ? translate("Another program or tab is using it, for example a video call. Close that app, then try again.")
          : translate("Another program or tab is using it, for example a video call. Close that program or tab, then try again.") };
    case "unplugged":
      return { title: translate("The camera stopped"), text: translate("It was unplugged, switched off, or its permission was revoked. Reconnect it, then try again.") };
    default:
      return { title: translate("The camera did not start"), text: translate("The browser reported no reason. Try again, restart the browser, or choose another camera.") };
  }
}

// The Live page's reader on this device, which starts before the page is complete (pages/device-start.js).

import { DeviceReader } from "../device/reader.js";
import { backendChoice } from "../ui/inference-location.js";

/** @type {DeviceReader | null} */
let reader = null;

/** The one reader of this page; a model in the link answers from the first frame. */
export function liveDeviceReader() {
  const model = new URLSearchParams(location.search).get("model") ?? "";
  return (reader ??= new DeviceReader({ model, backend: backendChoice(), interim: !model }));
}

// Starts the networks of the Live page on this device while the page itself is still loading.

import { liveDeviceReader } from "../live/device-reader.js";

liveDeviceReader().load();

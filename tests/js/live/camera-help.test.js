import assert from "node:assert/strict";
import { test } from "node:test";

import { browserOf, cameraHelp } from "../../../static/js/live/camera-help.js";

const AGENTS = {
  chromium: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
  firefox: "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
  safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
  android: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
};

test("the browser is recognized by its user agent; an iPad reports that of a Mac", () => {
  for (const [browser, agent] of Object.entries(AGENTS)) assert.equal(browserOf(agent), browser);
  assert.equal(browserOf(AGENTS.safari, 5), "ios");
});

test("every error has a title and advice in every browser", () => {
  for (const browser of /** @type {(keyof typeof AGENTS)[]} */ (Object.keys(AGENTS))) {
    for (const code of /** @type {const} */ (["insecure", "refused", "none", "taken", "unplugged", "failed"])) {
      const { title, text } = cameraHelp(code, { browser, host: "example.org" });
      assert.ok(title && text.endsWith("."), `${code} in ${browser}`);
    }
  }
});

test("a blocked camera is allowed elsewhere in each browser", () => {
  const texts = Object.keys(AGENTS).map((browser) => cameraHelp("refused", { browser: /** @type {any} */ (browser), host: "x" }).text);
  assert.equal(new Set(texts).size, texts.length);
});

test("an insecure address is answered with the addresses that work", () => {
  const { text } = cameraHelp("insecure", { browser: "chromium", host: "192.168.0.5:8000" });
  assert.match(text, /https:\/\/192\.168\.0\.5:8000\/live/);
  assert.match(text, /http:\/\/localhost:8000\/live/);
});

/** Lighthouse on pages of a running site, in one Chromium, $CHROME_PATH: node run.mjs OPTIONS, which is JSON:
 * {base, paths, categories, form: "desktop" or "phone", skip: [audits]}.
 * Prints a line of JSON per page: {path, scores: {category: 0 to 1 or null}, problems: [text]}. */
import * as launcher from "chrome-launcher";
import lighthouse, { desktopConfig } from "lighthouse";

const { base, paths, categories, form, skip } = JSON.parse(process.argv[2]);
// Throttling is simulated, so the page itself loads at full speed; there is nothing to wait for after it.
const flags = {
  onlyCategories: categories, skipAudits: skip, throttlingMethod: "simulate", logLevel: "error", maxWaitForLoad: 45_000,
  disableFullPageScreenshot: true,
  ...(categories.includes("performance") ? {} : { networkQuietThresholdMs: 300, cpuQuietThresholdMs: 0, pauseAfterLoadMs: 0 }),
};
const config = form === "desktop" ? desktopConfig : undefined;

function problems(report) {
  const weighted = Object.values(report.categories).flatMap(({ id, auditRefs }) => id === "performance" ? [] : auditRefs)
    .filter(({ weight }) => weight > 0);
  return [...new Set(weighted.map(({ id }) => id))].map((id) => report.audits[id])
    .filter(({ score }) => score !== null && score < 1)
    .map(({ id, title, details }) => `${id}: ${title}: ` + (details?.items ?? []).slice(0, 4)
      .map((item) => item.node?.snippet ?? item.description ?? JSON.stringify(item)).join(", "));
}

const chrome = await launcher.launch({ chromeFlags: ["--headless=new", "--no-sandbox", "--no-first-run"] });
try {
  for (const path of paths) {
    const { lhr } = await lighthouse(base + path, { ...flags, port: chrome.port }, config);
    const scores = Object.fromEntries(Object.entries(lhr.categories).map(([id, { score }]) => [id, score]));
    console.log(JSON.stringify({ path, scores, problems: problems(lhr) }));
  }
} finally {
  chrome.kill();
}

// Offline use: asks the service worker to cache this page with every file it uses.

import { translate } from "../ui/language.js";

/** @typedef {"kept" | "networks" | "refused"} Offline  page and networks are cached; only the networks; nothing */

/** The message for each state. @type {Record<Offline, string>} */
export const OFFLINE_MESSAGES = {
  kept: translate("Ready for offline use."),
  networks: translate("The networks are cached, but this page is not: it opens only online."),
  refused: translate("This browser refuses to cache the networks (a private window, or no space left). Everything works; each visit downloads them again."),
};
const TIMEOUT = 60_000; // ms

/** @param {import("./reader.js").DeviceReader} reader  in the ready state  @returns {Promise<Offline>} */
export async function keepForOffline(reader) {
  if (!(await reader.cached())) return "refused";
  const page = location.pathname === "/" ? "/" : `${location.pathname}?on=device`; // the front page always reads on the device
  try {
    const registration = await navigator.serviceWorker.register("/sw.js");
    const ready = await navigator.serviceWorker.ready;
    const response = await request(ready.active ?? registration.active, { page, files: await filesOf(reader) });
    if (!response.kept) throw new Error(response.reason);
    await reader.prune();
    return "kept";
  } catch (error) {
    console.info("Not cached for offline use:", error instanceof Error ? error.message : error);
    return "networks";
  }
}

/** @param {import("./reader.js").DeviceReader} reader  @returns {Promise<string[]>} URL paths of this page's files; elements name in data-file what they load later, separated by spaces */
async function filesOf(reader) {
  const entries = performance.getEntriesByType("resource").map(({ name }) => new URL(name, location.href));
  const own = entries.filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/static/")).map(({ pathname }) => pathname);
  const named = [...document.querySelectorAll("link[href], script[src], img[src], [data-file]")]
    .flatMap((element) => (["href", "src", "data-file"].map((name) => element.getAttribute(name)).find(Boolean) ?? "").split(" "))
    .map((address) => new URL(address, location.href).pathname)
    .filter((path) => path.startsWith("/static/"));
  return [...new Set([...own, ...named, ...(await keptPhotos()), new URL(reader.offer?.worker ?? "", location.href).pathname, ...(await reader.resources())])];
}

/** Photos of this page that an earlier visit chose. @returns {Promise<string[]>} URL paths */
async function keptPhotos() {
  const offered = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-photo]"))].map(({ dataset }) => dataset.photo ?? "");
  const kept = await Promise.all(offered.map((path) => caches.match(path)));
  return offered.filter((path, i) => kept[i]);
}

/** @param {ServiceWorker | null} worker  @param {object} keep  page and files  @returns {Promise<{kept: boolean, reason?: string}>} */
function request(worker, keep) {
  return new Promise((resolve, reject) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => resolve(data);
    setTimeout(() => reject(new Error("the service worker did not respond")), TIMEOUT);
    if (!worker) reject(new Error("there is no active service worker"));
    worker?.postMessage({ keep }, [channel.port2]);
  });
}

// The service worker: pages that run on this device work offline after the first visit. It caches a page only together
// with every file it uses; each built file's name contains a hash, so an old page never loads a new script.
// The pages cache the networks themselves (device/files.js).

/** @typedef {{page: string, files: string[]}} CacheRequest */

const worker = /** @type {any} */ (self); // TypeScript's DOM library does not declare service workers
const CACHE = "emoscope-pages";
/** Path of a page -> address of its form that runs on this device. @type {Record<string, string>} */
const PAGES = { "/": "/", "/live": "/live?on=device", "/photos": "/photos?on=device" };
const FILES = /^\/static\/(dist\/|icons\/|samples\/|report\.css|icon\.svg|site\.webmanifest)/;

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (/** @type {any} */ event) => {
  event.waitUntil(cachePage(event.data.keep).then(() => ({ kept: true }), (error) => ({ kept: false, reason: String(error.message ?? error) }))
    .then((response) => event.ports[0]?.postMessage(response)));
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== location.origin) return;
  if (event.request.mode === "navigate" && url.pathname in PAGES) event.respondWith(page(event.request, url));
  else if (FILES.test(url.pathname)) event.respondWith(file(event.request));
});

/** The page from the server; offline the cached one. @param {Request} request  @param {URL} url */
async function page(request, url) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = PAGES[url.pathname];
    const cached = await caches.match(kept);
    if (!cached) throw error;
    if (kept === "/" || url.searchParams.get("on") === "device") return cached;
    url.searchParams.set("on", "device");
    return Response.redirect(url.href);
  }
}

/** @param {Request} request */
const file = async (request) => (await caches.match(request)) ?? fetch(request);

/**
 * Cache a page and the files it lists; files that no cached page uses are deleted.
 * @param {CacheRequest} request  @throws {Error} the previous cache then stays unchanged
 */
async function cachePage({ page, files }) {
  const cache = await caches.open(CACHE);
  const response = await fetch(page);
  const text = await response.clone().text();
  const scripts = files.filter((path) => /\/dist\/(front|live|photos)-\w+\.js$/.test(path));
  if (!response.ok || !scripts.some((path) => text.includes(path))) throw new Error("the page was replaced in the meantime");
  const missing = [];
  for (const path of new Set(files)) if (!(await cache.match(path))) missing.push(path);
  await cache.addAll(missing);
  await cache.put(page, response);
  await cache.put(listOf(page), new Response(JSON.stringify(files)));
  await prune(cache);
}

/** The key of the list of a page's files. @param {string} page */
const listOf = (page) => `${page}${page.includes("?") ? "&" : "?"}files`;

/** @param {Cache} cache */
async function prune(cache) {
  const pages = Object.values(PAGES);
  const used = new Set(pages.flatMap((page) => [page, listOf(page)]));
  for (const page of pages) {
    const list = await cache.match(listOf(page));
    for (const name of list ? await list.json() : []) used.add(name);
  }
  for (const { url } of await cache.keys()) {
    const { pathname, search } = new URL(url);
    if (!used.has(pathname + search)) await cache.delete(url);
  }
}

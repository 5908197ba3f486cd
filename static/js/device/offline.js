// For the next visit without a network: asks the service worker to keep this page with all that it uses.

/** @typedef {"kept" | "networks" | "refused"} Offline  all is kept; the networks alone; nothing is */

/** What to say of it. @type {Record<Offline, string>} */
export const WORDS = {
  kept: "Ready for use without a network.",
  networks: "This browser keeps the networks, but not this page: it needs the network to open.",
  refused: "This browser refuses to keep the networks (a private window, or no room left). Everything works; they are fetched anew at each visit.",
};
const PATIENCE = 60_000; // milliseconds

/** @param {import("./reader.js").DeviceReader} reader  that is ready  @returns {Promise<Offline>} */
export async function keepForOffline(reader) {
  if (!(await reader.kept())) return "refused";
  try {
    const registration = await navigator.serviceWorker.register("/sw.js");
    const ready = await navigator.serviceWorker.ready;
    const answer = await ask(ready.active ?? registration.active, { page: `${location.pathname}?on=device`, files: await used(reader) });
    if (!answer.kept) throw new Error(answer.reason);
    await reader.prune();
    return "kept";
  } catch (error) {
    console.info("not kept for offline use:", error instanceof Error ? error.message : error);
    return "networks";
  }
}

/** @param {import("./reader.js").DeviceReader} reader  @returns {Promise<string[]>} addresses of this page's files */
async function used(reader) {
  const entries = performance.getEntriesByType("resource").map(({ name }) => new URL(name, location.href));
  const own = entries.filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/static/")).map(({ pathname }) => pathname);
  const named = [...document.querySelectorAll("link[href], script[src], img[src]")]
    .map((element) => new URL(element.getAttribute("href") ?? element.getAttribute("src") ?? "", location.href).pathname)
    .filter((path) => path.startsWith("/static/"));
  return [...new Set([...own, ...named, new URL(reader.offer?.worker ?? "", location.href).pathname, ...(await reader.resources())])];
}

/** @param {ServiceWorker | null} worker  @param {object} keep  @returns {Promise<{kept: boolean, reason?: string}>} */
function ask(worker, keep) {
  return new Promise((resolve, reject) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = ({ data }) => resolve(data);
    setTimeout(() => reject(new Error("the service worker did not answer")), PATIENCE);
    if (!worker) reject(new Error("no service worker"));
    worker?.postMessage({ keep }, [channel.port2]);
  });
}

// @ts-check
/**
 * Lets the till open without a connection: its page, scripts, styles and the code reader are kept. The page
 * itself is always asked for anew first; everything below /static/ carries its version in its address, so
 * what is kept never grows old. Sales are not this script's business: the page keeps and sends them.
 */

const KEPT = "comptoir-till-1";
const PAGE = "/till/";
const PAGE_LIMIT_MS = 4_000; // then a slow network counts as none

const worker = /** @type {any} */ (self);

worker.addEventListener("install", () => worker.skipWaiting());
worker.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));
worker.addEventListener("message", (/** @type {any} */ event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep));
  if (event.data?.forget) event.waitUntil(caches.delete(KEPT));
});
worker.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(asset(request));
});

/**
 * The page as the server has it now, or as it was last seen.
 * @param {Request} request
 */
async function page(request) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PAGE_LIMIT_MS) });
    if (answer.status < 500) {
      if (answer.ok && !answer.redirected) (await caches.open(KEPT)).put(PAGE, answer.clone());
      return answer;
    }
    return (await caches.match(PAGE)) ?? answer;
  } catch (error) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

/** @param {Request} request */
async function asset(request) {
  const kept = await caches.match(request);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok && answer.type === "basic") (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
}

/**
 * Keeps these addresses and lets go of what belongs to an earlier release.
 * @param {string[]} addresses
 */
async function keep(addresses) {
  const cache = await caches.open(KEPT);
  const wanted = new Set(addresses.map((address) => new URL(address, worker.location.origin).href));
  for (const request of await cache.keys()) {
    const isPage = new URL(request.url).pathname === PAGE;
    if (!isPage && !wanted.has(request.url)) await cache.delete(request);
  }
  for (const address of wanted) {
    if (await cache.match(address)) continue;
    const answer = await fetch(address, { cache: "no-cache" }).catch(() => null);
    if (answer?.ok && !answer.redirected) await cache.put(new URL(address).pathname === PAGE ? PAGE : address, answer);
  }
}

/**
 * The phone's service worker: the app opens without a network. It keeps the app's own files and nothing else: no answer
 * of the gateway's API ever passes through it.
 */

const CACHE = "vaka-phone";
const SHELL = "/phone";
const PAGES = new Set(["/phone", "/phone/", "/phone/tag"]);
/** Files that a page names: they carry their digest in their names, or hardly ever change. */
const NAMED = /"(\/(?:desk\/assets|phone)\/[^"]+)"/g;

interface Lasting extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Fetching extends Lasting {
  readonly request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Worker extends EventTarget {
  skipWaiting(): Promise<void>;
  readonly clients: { claim(): Promise<void> };
}
const worker = self as unknown as Worker;

/** The page with all its files, or nothing: an app that was fetched by half would not open. */
async function renew(): Promise<void> {
  const page = await fetch(SHELL, { cache: "no-cache", credentials: "omit" });
  if (!page.ok) return;
  const text = await page.clone().text();
  const names = [...new Set([...text.matchAll(NAMED)].map((match) => match[1]!))];
  const cache = await caches.open(CACHE);
  for (const name of names) {
    if (!(await cache.match(name))) await cache.add(name);
  }
  await cache.put(SHELL, page);
  const kept = new Set([SHELL, ...names]);
  for (const request of await cache.keys()) {
    if (!kept.has(new URL(request.url).pathname)) await cache.delete(request);
  }
}

async function kept(request: Request | string): Promise<Response | undefined> {
  return (await caches.open(CACHE)).match(request);
}

/** At once from the phone; the newest version is fetched beside it and shown the next time. A tag's address is sent to
 * nobody as an address. */
async function page(request: Request): Promise<Response> {
  return (await kept(SHELL)) ?? fetch(request);
}

async function file(request: Request): Promise<Response> {
  return (await kept(request)) ?? fetch(request);
}

worker.addEventListener("install", (event) => {
  (event as Lasting).waitUntil(renew().then(() => worker.skipWaiting()));
});

worker.addEventListener("activate", (event) => {
  (event as Lasting).waitUntil(worker.clients.claim());
});

worker.addEventListener("fetch", (event) => {
  const { request } = event as Fetching;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate" && PAGES.has(pathname)) {
    (event as Fetching).respondWith(page(request));
    (event as Fetching).waitUntil(renew().catch(() => undefined));
  } else if (/^\/(desk\/assets|phone)\//.test(pathname)) {
    (event as Fetching).respondWith(file(request));
  }
});

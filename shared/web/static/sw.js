// Keeps what somebody has read, so that it can be read without a network: the last pages and offers, and the files they
// need.  FILES stands above this line when the worker is served (shared/web/public/offline.py says how to take it back).
//
// Pages: from the network first, so nobody reads an old page while there is a network; without one the last kept copy,
// marked with its time (register.js shows it), else the page /offline.  Files with a version in their address never
// change, so they come from the cache first.  Forms, the desk, subscriptions and answers that must not be stored are
// not touched: what is somebody's own matter is not kept on a device that others may use.
"use strict";

const base = new URL(registration.scope).pathname;
const NAMES = { files: `kreisweit-files ${base}`, pages: `kreisweit-pages ${base}`, offers: `kreisweit-offers ${base}` };
const MOST = { files: 40, pages: 30, offers: 50 };
const OFFLINE = new URL("offline", registration.scope).href;
const OFFER = /^\/angebote\/[0-9a-f]{32}$/;
const OWN_MATTER = /^\/(pult|abo|rueckmeldung|bestaetigen|aendern|antwort|feed|mirror|catalogue|roster|federation|livez|readyz|\.well-known)(\/|$)|\/(hinweis|danke|melden|abo)(\/|$)/;
const LOOSE = { ignoreVary: true };

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    for (const file of FILES) {
      const url = new URL(file, registration.scope).href;
      const answer = await fetch(url, { cache: url === OFFLINE ? "no-cache" : "default" });
      if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
      await keep("files", url, answer);
    }
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    await clients.claim();
    // The page from which this worker came was loaded before it: the server says "unchanged" and it is kept too.
    for (const client of await clients.matchAll({ type: "window" })) {
      const path = pathOf(new URL(client.url));
      if (path !== null && !OWN_MATTER.test(path)) await visit(client.url, path).catch(() => {});
    }
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  const path = pathOf(url);
  if (request.method !== "GET" || path === null || OWN_MATTER.test(path)) return;
  if (url.searchParams.has("v") && /^\/(static\/|stadt\.css$|stadt\/logo$)/.test(path)) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(page(event, path));
});

// The path below where the application is served; null for what is not ours.
function pathOf(url) {
  const isOurs = url.origin === location.origin && url.pathname.startsWith(base);
  return isOurs ? "/" + url.pathname.slice(base.length) : null;
}

async function file(request) {
  const kept = await (await caches.open(NAMES.files)).match(request, LOOSE);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await keep("files", request.url, answer.clone());
  return answer;
}

async function page(event, path) {
  try {
    const answer = await fetch(event.request);
    event.waitUntil(note(event.request.url, path, answer.clone()));
    return answer;
  } catch {
    const kept = await find(event.request.url, path);
    if (kept) return marked(kept);
    return (await (await caches.open(NAMES.files)).match(OFFLINE, LOOSE)) ?? Response.error();
  }
}

async function visit(url, path) {
  await note(url, path, await fetch(url));
}

// Keeps a page that may be kept; forgets one that is gone.
async function note(url, path, answer) {
  const isPage = (answer.headers.get("content-type") ?? "").startsWith("text/html");
  const isOpen = !/no-store|private/.test(answer.headers.get("cache-control") ?? "");
  const kind = OFFER.test(path) ? "offers" : "pages";
  if (answer.status === 404 || answer.status === 410) await (await caches.open(NAMES[kind])).delete(plain(url), LOOSE);
  if (answer.status !== 200 || !isPage || !isOpen || path === "/offline") return;
  const headers = new Headers(answer.headers);
  headers.set("kept-at", new Date().toISOString());
  await keep(kind, plain(url), new Response(await answer.blob(), { headers }));
}

async function find(url, path) {
  return (await caches.open(NAMES[OFFER.test(path) ? "offers" : "pages"])).match(plain(url), LOOSE);
}

// The newest stands last; what is beyond the number leaves from the front.
async function keep(kind, url, answer) {
  const cache = await caches.open(NAMES[kind]);
  await cache.delete(url, LOOSE);
  await cache.put(url, answer);
  const kept = await cache.keys();
  for (const old of kept.slice(0, Math.max(0, kept.length - MOST[kind]))) await cache.delete(old, LOOSE);
}

function plain(url) {
  return url.split("#")[0];
}

// The same page, saying from when it is.
async function marked(kept) {
  const text = await kept.text();
  const time = kept.headers.get("kept-at");
  return new Response(text.replace("<html ", `<html data-kept="${time}" `), { headers: kept.headers });
}

// Keeps all files of the page, so that it works without a network. Made by har-export page: with other files the name of
// the cache is another one. The browser loads all of them before it uses any, once no page with the old ones is open.

const CACHE = "@CACHE@";
const FILES = @FILES@;

addEventListener("install", (event) => {
  event.waitUntil(
    caches.open(CACHE).then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })))),
  );
});

addEventListener("activate", (event) => {
  event.waitUntil(
    caches.keys().then(async (names) => {
      const old = names.filter((name) => name.startsWith("haredge-") && name !== CACHE);
      await Promise.all(old.map((name) => caches.delete(name)));
      await clients.claim();
    }),
  );
});

addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  const find = async () => {
    const cache = await caches.open(CACHE);
    const kept = await cache.match(request, { ignoreSearch: true });
    if (kept) return kept;
    // Another name of the page itself, e.g. index.html.
    const page = request.mode === "navigate" && request.url.endsWith("/index.html") ? await cache.match("./") : null;
    return page ?? fetch(request);
  };
  event.respondWith(find());
});

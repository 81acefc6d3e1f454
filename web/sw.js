// Keeps the app's own files, so that it works without a network once it has been there. Another build has another name, and
// takes the place of the one before.
const NAME = 'picojoule-@DIGEST@', FILES = [@FILES@];

addEventListener('install', event => event.waitUntil((async () => {
    await (await caches.open(NAME)).addAll(FILES);
    await skipWaiting();
})()));

addEventListener('activate', event => event.waitUntil((async () => {
    for (const name of await caches.keys())
        if (name.startsWith('picojoule-') && name !== NAME)
            await caches.delete(name);
    await clients.claim();
})()));

addEventListener('fetch', event => event.respondWith((async () => await (await caches.open(NAME)).match(
    event.request, {ignoreSearch: true}) ?? fetch(event.request))()));

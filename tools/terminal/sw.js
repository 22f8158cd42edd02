// The service worker of one build. It knows its own folder alone, and no page.
//
// A worker that computes cannot read its messages, but it can wait for a request: `ask/input` ends
// when something was typed, `ask/signal` tells at once whether Ctrl-C was pressed. And what was
// fetched from the folder stays, so that Python can be started again without a network.

const CACHE = `course-terminal ${new URL("./", self.location).pathname}`; // disk.mjs has the same
const PATIENCE = 20_000; // ms; a request must not wait for ever

const waiting = new Map(); // session → answers the request
const typed = new Map(); // session → what was typed before it was asked for
const signals = new Map(); // session → the last press of Ctrl-C

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

function type(session, text) {
  const answer = waiting.get(session);
  waiting.delete(session);
  if (answer) answer(text);
  else typed.set(session, text);
}

self.addEventListener("message", ({ data }) => {
  if (data.type === "input") type(data.session, data.text);
  if (data.type === "signal") {
    if (waiting.has(data.session)) type(data.session, "\x03");
    else signals.set(data.session, data.press);
  }
});

function answered(text, status = 200) {
  return new Response(status === 204 ? null : text, {
    status,
    headers: { "cache-control": "no-store" },
  });
}

function input(session) {
  if (typed.has(session)) {
    const text = typed.get(session);
    typed.delete(session);
    return answered(text);
  }
  return new Promise((resolve) => {
    waiting.set(session, (text) => resolve(answered(text)));
    setTimeout(() => {
      if (waiting.delete(session)) resolve(answered("", 204));
    }, PATIENCE);
  });
}

function signal(session) {
  const press = signals.get(session) ?? null;
  signals.delete(session);
  return answered(JSON.stringify(press));
}

async function cached(request) {
  const cache = await caches.open(CACHE).catch(() => null);
  const found = await cache?.match(request);
  if (found) return found;
  const response = await fetch(request);
  if (response.ok) await cache?.put(request, response.clone()).catch(() => {});
  return response;
}

self.addEventListener("fetch", (event) => {
  const { pathname, searchParams } = new URL(event.request.url);
  const session = searchParams.get("session");
  if (pathname.endsWith("/ask/input")) event.respondWith(input(session));
  else if (pathname.endsWith("/ask/signal")) event.respondWith(signal(session));
  else event.respondWith(cached(event.request));
});

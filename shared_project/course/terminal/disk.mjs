// What the browser keeps: the files that differ from the course's, and the memory of a started
// Python. Where it keeps nothing, both last as long as the page.

const DATABASE = "course-terminal";
const STORE = "files";
const SHOP = "var/";
const MEMORY = "memory";
const CACHE = "course-terminal-";

/** Return what an IndexedDB request gives. */
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function digest(bytes) {
  if (!bytes) return null;
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Disk {
  /** `originals` are the course's files by their paths; `shop` stands for the shop's tables. */
  constructor(originals, shop, tell) {
    this.originals = originals;
    this.shop = shop;
    this.tell = tell;
    this.files = new Map(); // path → bytes, or null where it was removed
  }

  /** Read what was kept, and say what no longer fits the course as it is now. */
  async open() {
    try {
      const opening = indexedDB.open(DATABASE, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "path" });
      this.database = await result(opening);
      const records = await result(this.database.transaction(STORE).objectStore(STORE).getAll());
      await this.take(records);
    } catch {
      this.tell("Your browser keeps nothing for this site. What you change lasts until you leave.");
    }
  }

  async take(records) {
    const outdated = records.some(({ path, based }) => isShop(path) && based !== this.shop);
    if (outdated) {
      this.tell("The demo shop's tables have changed, so its database starts afresh.");
    }
    const dropped = {};
    for (const { path, bytes, based } of records) {
      if (isShop(path)) {
        if (!outdated) this.files.set(path, bytes);
        else dropped[path] = undefined;
        continue;
      }
      const original = this.originals.get(path);
      if (same(bytes, original)) {
        dropped[path] = undefined;
        continue;
      }
      this.files.set(path, bytes);
      if ((await digest(original)) !== based) {
        this.tell(`${path} has changed in the course since you edited it. Your edit is kept.`);
      }
    }
    await this.store(dropped);
  }

  /** Keep `files`, an object of bytes by path (null: removed), beyond this page. */
  async save(files) {
    const stored = {};
    for (const [path, bytes] of Object.entries(files)) {
      const isOriginal = same(bytes, this.originals.get(path));
      if (isOriginal) this.files.delete(path);
      else this.files.set(path, bytes);
      stored[path] = isOriginal ? undefined : bytes;
    }
    await this.store(stored);
  }

  async clear() {
    const files = Object.fromEntries([...this.files.keys()].map((path) => [path, undefined]));
    this.files.clear();
    await this.store(files);
  }

  async store(files) {
    if (!this.database || !Object.keys(files).length) return;
    const records = await Promise.all(
      Object.entries(files).map(async ([path, bytes]) => ({
        path,
        bytes,
        based: isShop(path) ? this.shop : await digest(this.originals.get(path)),
      })),
    );
    try {
      const transaction = this.database.transaction(STORE, "readwrite");
      const store = transaction.objectStore(STORE);
      for (const record of records) {
        if (record.bytes === undefined) store.delete(record.path);
        else store.put(record);
      }
      await new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = transaction.onerror = () => reject(transaction.error);
      });
    } catch (error) {
      const full = error?.name === "QuotaExceededError";
      this.complain(full ? "The browser's storage is full" : "The browser could not store a change");
    }
  }

  complain(what) {
    if (this.complained) return;
    this.complained = true;
    this.tell(`${what}. What you change lasts until you leave this page.`);
  }
}

function isShop(path) {
  return path.startsWith(SHOP);
}

function same(one, other) {
  if (!one || !other) return (one ?? null) === (other ?? null);
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

// --- The memory of a started Python ---

function checksum(memory) {
  const words = new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  let sum = memory.byteLength | 0;
  for (let index = 0; index < words.length; index++) {
    sum = (Math.imul(sum, 31) + words[index]) | 0;
  }
  return String(sum);
}

/** Return the stored memory of this build, or null where there is none that can be trusted. */
export async function readMemory(build) {
  try {
    const cache = await caches.open(CACHE + build);
    const response = await cache.match(MEMORY);
    if (!response) return null;
    const memory = new Uint8Array(await response.arrayBuffer());
    if (checksum(memory) === response.headers.get("x-checksum")) return memory;
    await cache.delete(MEMORY);
  } catch {
    // Without storage every page starts Python anew.
  }
  return null;
}

export async function storeMemory(build, memory) {
  try {
    const cache = await caches.open(CACHE + build);
    const headers = { "x-checksum": checksum(memory) };
    await cache.put(MEMORY, new Response(memory, { headers }));
  } catch {
    // Full, or forbidden: it is only faster with it.
  }
}

export async function dropMemory(build) {
  try {
    await (await caches.open(CACHE + build)).delete(MEMORY);
  } catch {
    // There was none.
  }
}

/** Remove what other builds of the course have left. */
export async function dropOtherBuilds(build) {
  try {
    for (const name of await caches.keys()) {
      if (name.startsWith(CACHE) && name !== CACHE + build) await caches.delete(name);
    }
  } catch {
    // Nothing is stored.
  }
}

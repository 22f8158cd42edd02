// What the browser keeps: the files that differ from the course's, and the memory of a started
// Python. Where it keeps nothing, both last as long as the page.

import { course } from "../course.mjs";
import { BUILD, BUILDS } from "./fetching.mjs";

/** Another course on the same address has another name for everything that is stored. */
export const NAME = `course-terminal ${new URL(BUILDS).pathname}`;
const CACHE = `course-terminal ${new URL(BUILD).pathname}`; // sw.js has the same
const STORE = "files";
// The same for every page, in whichever folder it is.
const MEMORY = `${BUILD}memory`;
const PATIENCE = 5000; // ms; some browsers never answer

// Return what an IndexedDB request gives.
function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

// Return a number that another content of the file would hardly have.
function digest(bytes) {
  if (!bytes) return null;
  let [one, other] = [0x811c9dc5, bytes.length];
  for (const byte of bytes) {
    one = Math.imul(one ^ byte, 0x01000193);
    other = (Math.imul(other, 31) + byte) | 0;
  }
  return `${bytes.length} ${one >>> 0} ${other >>> 0}`;
}

export class Disk {
  /** `originals` are the course's files by their paths; `tables` stands for those of the database. */
  constructor(originals, tables, notify) {
    this.originals = originals;
    this.tables = tables;
    this.notify = notify;
    this.files = new Map(); // path → bytes, or null where it was removed
    this.storing = Promise.resolve(); // one after the other
  }

  /** Read what was kept, and say what no longer fits the course as it is now. */
  async open() {
    let records = [];
    try {
      const opening = indexedDB.open(NAME, 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "path" });
      const late = new Promise((_, reject) => setTimeout(reject, PATIENCE));
      this.database = await Promise.race([result(opening), late]);
      records = await result(this.database.transaction(STORE).objectStore(STORE).getAll());
    } catch {
      this.database = undefined;
      this.complain("Your browser keeps nothing for this site");
    }
    await this.take(records);
  }

  async take(records) {
    const outdated = records.some(({ path, based }) => isData(path) && based !== this.tables);
    if (outdated) this.notify(course.outdated);
    const stored = {};
    for (const { path, bytes, based } of records) {
      if (isData(path)) {
        if (!outdated) this.files.set(path, bytes);
        else stored[path] = undefined;
        continue;
      }
      const original = this.originals.get(path);
      if (same(bytes, original)) {
        stored[path] = undefined;
        continue;
      }
      this.files.set(path, bytes);
      if (digest(original) !== based) {
        this.notify(`${path} has changed in the course since you edited it. Your edit is kept.`);
        stored[path] = bytes; // said once
      }
    }
    await this.store(stored);
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

  store(files) {
    if (!this.database || !Object.keys(files).length) return this.storing;
    const records = Object.entries(files).map(([path, bytes]) => ({
      path,
      bytes,
      based: isData(path) ? this.tables : digest(this.originals.get(path)),
    }));
    this.storing = this.storing.then(() => this.put(records));
    return this.storing;
  }

  async put(records) {
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
      this.complain(`The browser ${full ? "has no room for" : "could not store"} a change`);
    }
  }

  complain(what) {
    if (this.complained) return;
    this.complained = true;
    this.notify(`${what}. What you change lasts until you leave this page.`);
  }
}

function isData(path) {
  return path.startsWith(course.data);
}

function same(one, other) {
  if (!one || !other) return (one ?? null) === (other ?? null);
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

// --- The memory of a started Python ---

function checksum(memory) {
  const numbers = new Uint32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  let sum = memory.byteLength | 0;
  for (let index = 0; index < numbers.length; index++) {
    sum = (Math.imul(sum, 31) + numbers[index]) | 0;
  }
  return String(sum);
}

/** Return the stored memory of this build, or null where there is none that can be trusted. */
export async function readMemory() {
  try {
    const cache = await caches.open(CACHE);
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

export async function storeMemory(memory) {
  try {
    const cache = await caches.open(CACHE);
    const headers = { "x-checksum": checksum(memory) };
    await cache.put(MEMORY, new Response(memory, { headers }));
  } catch {
    // Full, or forbidden: it is only faster with it.
  }
}

export async function dropMemory() {
  try {
    await (await caches.open(CACHE)).delete(MEMORY);
  } catch {
    // There was none.
  }
}

/** Remove what other builds of the course have left. */
export async function dropOtherBuilds() {
  try {
    for (const name of await caches.keys()) {
      if (name.startsWith(NAME) && name !== CACHE) await caches.delete(name);
    }
  } catch {
    // Nothing is stored.
  }
}

// A pack is many files in one: the length of its index as four bytes, the index as JSON
// ([[path, size], …]), and then the files' bytes one after the other.

/** Return `[path, bytes]` pairs as a pack, in the order of their paths. */
export function pack(files) {
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  const index = new TextEncoder().encode(
    JSON.stringify(sorted.map(([path, bytes]) => [path, bytes.length])),
  );
  const size = sorted.reduce((sum, [, bytes]) => sum + bytes.length, 4 + index.length);
  const whole = new Uint8Array(size);
  new DataView(whole.buffer).setUint32(0, index.length, true);
  whole.set(index, 4);
  let start = 4 + index.length;
  for (const [, bytes] of sorted) {
    whole.set(bytes, start);
    start += bytes.length;
  }
  return whole;
}

/** Yield the `[path, bytes]` pairs of a pack; the bytes share its memory. */
export function* unpack(whole) {
  const size = new DataView(whole.buffer, whole.byteOffset).getUint32(0, true);
  const index = JSON.parse(new TextDecoder().decode(whole.subarray(4, 4 + size)));
  let start = 4 + size;
  for (const [path, length] of index) {
    yield [path, whole.subarray(start, start + length)];
    start += length;
  }
}

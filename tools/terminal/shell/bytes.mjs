// Bytes and text. "Raw" text has a character for each byte, so that regular expressions, sorting
// and cutting work on bytes, whatever they mean.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const PIECE = 8192;

export const encode = (text) => encoder.encode(text);
export const decode = (bytes) => decoder.decode(bytes);

export function toRaw(bytes) {
  const pieces = [];
  for (let at = 0; at < bytes.length; at += PIECE) {
    pieces.push(String.fromCharCode.apply(null, bytes.subarray(at, at + PIECE)));
  }
  return pieces.join("");
}

export function fromRaw(text) {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** What raw text means in UTF-8. Most lines are ASCII and stay as they are. */
export const fromRawToText = (raw) => (/[\x80-\xff]/.test(raw) ? decode(fromRaw(raw)) : raw);
export const fromTextToRaw = (text) => (/[^\0-\x7f]/.test(text) ? toRaw(encode(text)) : text);

export function join(pieces) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/**
 * UTF-8 as Go reads it: every byte that is not part of a valid sequence counts alone, whereas web
 * decoders replace a whole truncated sequence at once (docs/format.md, section 9).
 */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Bytes of the sequence that starts at `at`, 1 to 4, or 0 when the byte there belongs to none:
 * continuation bytes, overlong forms, surrogates, values above U+10FFFF, truncated sequences.
 */
export function sequenceLength(bytes: Uint8Array, at: number, end = bytes.length): number {
  const b = bytes[at]!;
  if (b < 0x80) return 1;
  if (b < 0xc2 || b > 0xf4) return 0;
  const need = b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;
  if (at + need > end) return 0;
  const second = bytes[at + 1]!;
  const low = b === 0xe0 ? 0xa0 : b === 0xf0 ? 0x90 : 0x80;
  const high = b === 0xed ? 0x9f : b === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let i = 2; i < need; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 0;
  return need;
}

/** The code point of a valid sequence of `length` bytes at `at`. */
export function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  const b = bytes[at]!;
  if (length === 1) return b;
  let code = b & (length === 2 ? 0x1f : length === 3 ? 0x0f : 0x07);
  for (let i = 1; i < length; i++) code = (code << 6) | (bytes[at + i]! & 0x3f);
  return code;
}

/** True when all bytes form valid UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length;) {
    const n = sequenceLength(bytes, i);
    if (n === 0) return false;
    i += n;
  }
  return true;
}

/** Text of `bytes[start, end)`; each invalid byte becomes one U+FFFD. A byte-order mark is kept. */
export function decodeUtf8(bytes: Uint8Array, start = 0, end = bytes.length): string {
  let ascii = "";
  if (end - start <= 48) {
    let i = start;
    while (i < end && bytes[i]! < 0x80) ascii += String.fromCharCode(bytes[i++]!);
    if (i === end) return ascii;
  }
  try {
    return strict.decode(bytes.subarray(start, end));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return decodeLossy(bytes, start, end);
  }
}

function decodeLossy(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end;) {
    const n = sequenceLength(bytes, i, end);
    text += n === 0 ? "\ufffd" : String.fromCodePoint(codePointAt(bytes, i, n));
    i += n || 1;
  }
  return text;
}

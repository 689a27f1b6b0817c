/**
 * Passing over JSON without reading it, with full syntax checks: the inner loop of tree scanning.
 * Each function returns the offset after the value, or `~offset` (negative) of the first fault.
 */

/** Deeper nesting than any repository object has is refused, which bounds the stack. */
const MAX_DEPTH = 100;

/** Offset of the first byte in [at, end) that is no white space; `end` when all is. */
export function skipWhitespace(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end) {
    const b = bytes[i]!;
    if (b !== 0x20 && b !== 0x0a && b !== 0x0d && b !== 0x09) break;
    i++;
  }
  return i;
}

/** Per byte: 0 passes within a string, 1 ends or escapes, or is a control character. */
const STRING_STOP = new Uint8Array(256);
STRING_STOP.fill(1, 0, 0x20);
STRING_STOP[0x22] = 1;
STRING_STOP[0x5c] = 1;

/**
 * Offset of the quote that closes a string without escapes, whose opening quote is at `at`; -1 when
 * there is an escape or a fault, for {@link skipString} to tell.
 */
export function plainStringEnd(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1;
  while (i < end && STRING_STOP[bytes[i]!] === 0) i++;
  return i < end && bytes[i] === 0x22 ? i : -1;
}

/** A string whose opening quote is at `at`. */
export function skipString(bytes: Uint8Array, at: number, end: number): number {
  let i = at + 1;
  for (;;) {
    while (i < end && STRING_STOP[bytes[i]!] === 0) i++;
    if (i >= end) return ~end;
    const b = bytes[i]!;
    if (b === 0x22) return i + 1;
    if (b !== 0x5c) return ~i;
    const escape = skipEscape(bytes, i, end);
    if (escape < 0) return escape;
    i = escape;
  }
}

/** A backslash sequence. */
function skipEscape(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return ~end;
  switch (bytes[at + 1]!) {
    case 0x22: // "
    case 0x5c: // \
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return at + 2;
    case 0x75: // u
      for (let i = at + 2; i < at + 6; i++) {
        if (i >= end) return ~end;
        const b = bytes[i]!;
        const lower = b | 0x20;
        if (!(b >= 0x30 && b <= 0x39) && !(lower >= 0x61 && lower <= 0x66)) return ~i;
      }
      return at + 6;
    default:
      return ~at;
  }
}

function skipDigits(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && bytes[i]! >= 0x30 && bytes[i]! <= 0x39) i++;
  return i;
}

/** A number in JSON's grammar. */
export function skipNumber(bytes: Uint8Array, at: number, end: number): number {
  let i = at;
  if (i < end && bytes[i] === 0x2d) i++;
  const digits = i;
  i = skipDigits(bytes, i, end);
  if (i === digits || (bytes[digits] === 0x30 && i > digits + 1)) return ~digits;
  if (i < end && bytes[i] === 0x2e) {
    const fraction = i + 1;
    i = skipDigits(bytes, fraction, end);
    if (i === fraction) return ~i;
  }
  if (i < end && (bytes[i]! | 0x20) === 0x65) {
    i++;
    if (i < end && (bytes[i] === 0x2b || bytes[i] === 0x2d)) i++;
    const exponent = i;
    i = skipDigits(bytes, exponent, end);
    if (i === exponent) return ~i;
  }
  return i;
}

const WORDS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

function skipWord(bytes: Uint8Array, at: number, end: number): number {
  for (const word of WORDS) {
    if (word[0] !== bytes[at]) continue;
    for (let i = 0; i < word.length; i++) {
      if (at + i >= end) return ~end;
      if (bytes[at + i] !== word[i]) return ~(at + i);
    }
    return at + word.length;
  }
  return ~at;
}

/** Any value, white space before it included. */
export function skipValue(bytes: Uint8Array, from: number, end: number, depth = 0): number {
  const at = skipWhitespace(bytes, from, end);
  if (at >= end) return ~end;
  switch (bytes[at]!) {
    case 0x22:
      return skipString(bytes, at, end);
    case 0x7b:
      return depth >= MAX_DEPTH ? ~at : skipGroup(bytes, at, end, depth, 0x7d);
    case 0x5b:
      return depth >= MAX_DEPTH ? ~at : skipGroup(bytes, at, end, depth, 0x5d);
    case 0x74:
    case 0x66:
    case 0x6e:
      return skipWord(bytes, at, end);
    default:
      return skipNumber(bytes, at, end);
  }
}

/** An object or array whose bracket is at `at`. */
function skipGroup(
  bytes: Uint8Array,
  at: number,
  end: number,
  depth: number,
  closing: number,
): number {
  let i = skipWhitespace(bytes, at + 1, end);
  if (i < end && bytes[i] === closing) return i + 1;
  for (;;) {
    if (closing === 0x7d) {
      i = skipKey(bytes, i, end);
      if (i < 0) return i;
    }
    i = skipValue(bytes, i, end, depth + 1);
    if (i < 0) return i;
    i = skipWhitespace(bytes, i, end);
    if (i >= end) return ~end;
    if (bytes[i] === closing) return i + 1;
    if (bytes[i] !== 0x2c) return ~i;
    i++;
  }
}

/** A member's name and its colon. */
export function skipKey(bytes: Uint8Array, from: number, end: number): number {
  let i = skipWhitespace(bytes, from, end);
  if (i >= end) return ~end;
  if (bytes[i] !== 0x22) return ~i;
  i = skipString(bytes, i, end);
  if (i < 0) return i;
  i = skipWhitespace(bytes, i, end);
  if (i >= end) return ~end;
  return bytes[i] === 0x3a ? i + 1 : ~i;
}

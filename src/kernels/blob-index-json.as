/**
 * Reader of JSON tokens for blob-index-scan.as, over bytes in memory. AssemblyScript. It accepts
 * what RFC 8259 allows to a depth of 64; bytes beyond ASCII are not checked, as strings that matter
 * have none.
 *
 * Memory: hex digits at 256, decoded string at 512, text at 65536 with 128 zero bytes behind it. A
 * zero is no part of any token, so no step runs past the end.
 */

const HEX: usize = 256;
const DECODED: usize = 512;
export const TEXT: usize = 65536;
const PADDING: usize = 128;

const MAX_DEPTH: u32 = 64;
/** No name or value of interest is longer; more of a string with escapes is not kept. */
const MAX_DECODED: u32 = 200;

/** Reasons, in the order of REASONS in blob-index-scanner.ts. */
export const MALFORMED: u32 = 1;
export const WRONG_TYPE: u32 = 2;
export const TOO_DEEP: u32 = 3;
export const BARE_LIST: u32 = 4;
export const MISSING_FIELD: u32 = 5;
export const REPEATED_FIELD: u32 = 6;
export const BAD_ID: u32 = 7;
export const BAD_NUMBER: u32 = 8;
export const BAD_BLOB_TYPE: u32 = 9;

export const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const BACKSLASH: u32 = 0x5c;
export const OPEN_LIST: u32 = 0x5b;
export const CLOSE_LIST: u32 = 0x5d;
export const OPEN_OBJECT: u32 = 0x7b;
export const CLOSE_OBJECT: u32 = 0x7d;

let pos: usize = 0;
let end: usize = 0;
/** Right behind an opening bracket, where no comma is due. */
let isFirst: bool = true;
let stringAt: usize = 0;
let stringLength: u32 = 0;
let reason: u32 = 0;
let reasonAt: usize = 0;

export function errorReason(): u32 {
  return reason;
}

export function errorPosition(): u32 {
  return <u32>(reasonAt - TEXT);
}

/** Address of the next byte. */
@inline
export function position(): usize {
  return pos;
}

@inline
export function moveTo(address: usize): void {
  pos = address;
}

/** Address of the string read last. */
@inline
export function stringStart(): usize {
  return stringAt;
}

/** Bytes of the string read last. */
@inline
export function stringSize(): u32 {
  return stringLength;
}

/** Leaves the whole scan by a trap, which the caller of the module catches. */
export function fail(why: u32, at: usize): void {
  reason = why;
  reasonAt = at;
  unreachable();
}

/** Starts on `length` bytes of text. */
export function openText(length: u32): void {
  memory.fill(HEX, 0xff, 256);
  for (let i = 0; i < 10; i++) store<u8>(HEX + 0x30 + i, <u8>i);
  for (let i = 0; i < 6; i++) {
    store<u8>(HEX + 0x41 + i, <u8>(10 + i));
    store<u8>(HEX + 0x61 + i, <u8>(10 + i));
  }
  pos = TEXT;
  end = TEXT + length;
  memory.fill(end, 0, PADDING);
  reason = 0;
}

/** Only white space may be left. */
export function closeText(): void {
  peek();
  if (pos != end) fail(MALFORMED, pos);
}

/** Passes the opening bracket here. */
export function enter(): void {
  pos++;
  isFirst = true;
}

/** Skips white space; the byte that follows it. */
@inline
export function peek(): u32 {
  let byte = <u32>load<u8>(pos);
  while (byte <= 0x20 && (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09)) {
    byte = load<u8>(++pos);
  }
  return byte;
}

/** True with `pos` at the next member or element; false behind the closing bracket. */
export function more(close: u32): bool {
  const byte = peek();
  if (byte == close) {
    pos++;
    isFirst = false;
    return false;
  }
  if (isFirst) {
    isFirst = false;
    return true;
  }
  if (byte != COMMA) fail(MALFORMED, pos);
  pos++;
  // A bracket right after the comma begins no member and no element, so the reader of those fails.
  peek();
  return true;
}

/** Reads a member's name; the position is at its value then. */
export function readName(): void {
  readString();
  if (peek() != COLON) fail(MALFORMED, pos);
  pos++;
  peek();
}

/** Sets `stringAt` and `stringLength` to the string's bytes, decoded if it has escapes. */
export function readString(): void {
  if (load<u8>(pos) != QUOTE) fail(MALFORMED, pos);
  const start = pos + 1;
  let at = start;
  let byte = <u32>load<u8>(at);
  while (byte != QUOTE) {
    if (byte == BACKSLASH) {
      readEscaped(start, at);
      return;
    }
    if (byte < 0x20) fail(MALFORMED, at);
    byte = load<u8>(++at);
  }
  stringAt = start;
  stringLength = <u32>(at - start);
  pos = at + 1;
}

function readEscaped(start: usize, firstEscape: usize): void {
  stringAt = DECODED;
  stringLength = 0;
  for (let at = start; at < firstEscape; at++) keep(load<u8>(at));
  pos = firstEscape;
  for (;;) {
    const byte = <u32>load<u8>(pos);
    if (byte < 0x20) fail(MALFORMED, pos);
    pos++;
    if (byte == QUOTE) return;
    keep(byte == BACKSLASH ? readEscape() : byte);
  }
}

@inline
function keep(byte: u32): void {
  if (stringLength < MAX_DECODED) store<u8>(DECODED + stringLength, <u8>byte);
  stringLength++;
}

/** The escaped character; 0xff, which is in no name or value of interest, for any beyond ASCII. */
function readEscape(): u32 {
  const byte = <u32>load<u8>(pos++);
  if (byte == QUOTE || byte == BACKSLASH || byte == 0x2f) return byte;
  if (byte == 0x62) return 0x08;
  if (byte == 0x66) return 0x0c;
  if (byte == 0x6e) return 0x0a;
  if (byte == 0x72) return 0x0d;
  if (byte == 0x74) return 0x09;
  if (byte != 0x75) fail(MALFORMED, pos - 1);
  let unit: u32 = 0;
  for (let i = 0; i < 4; i++) {
    const digit = <u32>load<u8>(HEX + load<u8>(pos));
    if (digit == 0xff) fail(MALFORMED, pos);
    unit = (unit << 4) | digit;
    pos++;
  }
  return unit < 0x80 ? unit : 0xff;
}

/** Decodes 64 hex digits at `at`. The answer is above 0xff when they are not. */
@inline
export function decodeId(at: usize, to: usize): u32 {
  let all: u32 = 0;
  for (let i: usize = 0; i < 32; i++) {
    const high = <u32>load<u8>(HEX + load<u8>(at + 2 * i));
    const low = <u32>load<u8>(HEX + load<u8>(at + 2 * i, 1));
    // 0xff shifted leaves the byte, and 0xff unshifted is moved up to be seen as well.
    all |= (high << 4) | ((low & 0xf0) << 4);
    store<u8>(to + i, <u8>((high << 4) | low));
  }
  return all;
}

/** An integer of 32 bits without sign, fraction or exponent. */
export function readInteger(): u32 {
  const start = pos;
  let value: u64 = 0;
  let digit = <u32>load<u8>(pos) - 0x30;
  if (digit > 9) fail(BAD_NUMBER, start);
  while (digit <= 9) {
    value = value * 10 + digit;
    if (value > 0xffffffff) fail(BAD_NUMBER, start);
    digit = <u32>load<u8>(++pos) - 0x30;
  }
  if (load<u8>(start) == 0x30 && pos != start + 1) fail(MALFORMED, start);
  // What follows other than a comma or bracket (a fraction, an exponent) is refused by the caller.
  return <u32>value;
}

export function takeNull(): bool {
  if (load<u32>(pos) != 0x6c6c756e) return false;
  pos += 4;
  return true;
}

/** Passes any value, checking its grammar. `depth` lists and objects are open around it. */
export function skipValue(depth: u32): void {
  const byte = peek();
  if (byte == QUOTE) readString();
  else if (byte == OPEN_OBJECT || byte == OPEN_LIST) skipNested(byte, depth + 1);
  else if (byte == 0x2d || byte - 0x30 <= 9) skipNumber();
  else if (takeNull() || load<u32>(pos) == 0x65757274) {
    if (byte == 0x74) pos += 4;
  } else if (byte == 0x66 && load<u32>(pos, 1) == 0x65736c61) pos += 5;
  else fail(MALFORMED, pos);
}

function skipNested(open: u32, depth: u32): void {
  if (depth > MAX_DEPTH) fail(TOO_DEEP, pos);
  enter();
  if (open == OPEN_LIST) {
    while (more(CLOSE_LIST)) skipValue(depth);
  } else {
    while (more(CLOSE_OBJECT)) {
      readName();
      skipValue(depth);
    }
  }
}

function skipNumber(): void {
  if (load<u8>(pos) == 0x2d) pos++;
  if (load<u8>(pos) == 0x30) pos++;
  else skipDigits();
  if (load<u8>(pos) == 0x2e) {
    pos++;
    skipDigits();
  }
  if ((load<u8>(pos) | 0x20) != 0x65) return;
  pos++;
  const sign = load<u8>(pos);
  if (sign == 0x2b || sign == 0x2d) pos++;
  skipDigits();
}

function skipDigits(): void {
  if (<u32>load<u8>(pos) - 0x30 > 9) fail(MALFORMED, pos);
  while (<u32>load<u8>(pos) - 0x30 <= 9) pos++;
}

/**
 * Scanner of index files: JSON bytes in, blob records out, no objects between. AssemblyScript with a
 * memory of its own. Grammar and rules: docs/format.md, section 7; what it accepts, the plain index
 * accepts with the same content.
 *
 * Memory: pack id at 0, hex digits at 256, decoded string at 512, records at 1024, text at 65536 with
 * 128 zero bytes behind it. A zero is no part of any JSON token, so no step runs past the end.
 */

const HEX: usize = 256;
const DECODED: usize = 512;
const RECORDS: usize = 1024;
const TEXT: usize = 65536;
const PADDING: usize = 128;

const MAX_RECORDS: u32 = 1024;
const MAX_DEPTH: u32 = 64;
/** No name or value of interest is longer; more of a string with escapes is not kept. */
const MAX_DECODED: u32 = 200;

const END: u32 = 0;
const PACK_EVENT: u32 = 1;
const BATCH_EVENT: u32 = 2;

/** Reasons, in the order of REASONS in blob-index-scanner.ts. */
const MALFORMED: u32 = 1;
const WRONG_TYPE: u32 = 2;
const TOO_DEEP: u32 = 3;
const BARE_LIST: u32 = 4;
const MISSING_FIELD: u32 = 5;
const REPEATED_FIELD: u32 = 6;
const BAD_ID: u32 = 7;
const BAD_NUMBER: u32 = 8;
const BAD_BLOB_TYPE: u32 = 9;

/** Fields, as bit numbers. */
const OTHER: u32 = 0;
const ID: u32 = 1;
const TYPE: u32 = 2;
const OFFSET: u32 = 3;
const LENGTH: u32 = 4;
const RAW_LENGTH: u32 = 5;
const PACKS: u32 = 6;
const BLOBS: u32 = 7;
const NEEDED_OF_BLOB: u32 = (1 << ID) | (1 << TYPE) | (1 << OFFSET) | (1 << LENGTH);
const NEEDED_OF_PACK: u32 = (1 << ID) | (1 << BLOBS);

/** Where the scan stands between two calls of `next`. */
const IN_TOP: u32 = 0;
const IN_PACKS: u32 = 1;
const IN_PACK: u32 = 2;
const AT_BLOBS: u32 = 3;
const IN_BLOBS: u32 = 4;
const AT_END: u32 = 5;

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const BACKSLASH: u32 = 0x5c;
const OPEN_LIST: u32 = 0x5b;
const CLOSE_LIST: u32 = 0x5d;
const OPEN_OBJECT: u32 = 0x7b;
const CLOSE_OBJECT: u32 = 0x7d;

let pos: usize = 0;
let end: usize = 0;
let state: u32 = AT_END;
let isFirst: bool = true;
let seenPacks: bool = false;
let seenOfPack: u32 = 0;
let packAt: usize = 0;
/** Place of "blobs" when it came before the pack's id; read after the id is known. */
let blobsAt: usize = 0;
/** Where to go on after such blobs. */
let resumeAt: usize = 0;
let count: u32 = 0;
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

export function batchCount(): u32 {
  return count;
}

/** Leaves the whole scan by a trap, which the caller of the module catches. */
function fail(why: u32, at: usize): void {
  reason = why;
  reasonAt = at;
  unreachable();
}

/** Starts on `length` bytes of text at 65536; memory reaches at least 128 bytes further. */
export function begin(length: u32): void {
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
  state = IN_TOP;
  isFirst = true;
  seenPacks = false;
  resumeAt = 0;
  const first = peek();
  if (first == OPEN_LIST) fail(BARE_LIST, pos);
  if (first != OPEN_OBJECT) fail(MALFORMED, pos);
  pos++;
}

/** Goes on to the next pack (its id at 0), batch of records of that pack, or the end. */
export function next(): u32 {
  while (state != AT_END) {
    if (state == IN_BLOBS) {
      if (readBlobs()) return BATCH_EVENT;
    } else if (state == AT_BLOBS) enterBlobs();
    else if (state == IN_PACK) {
      if (readPack()) return PACK_EVENT;
    } else if (state == IN_PACKS) readPacks();
    else readTop();
  }
  return END;
}

function readTop(): void {
  while (more(CLOSE_OBJECT)) {
    const at = pos;
    const field = readKey();
    if (field != PACKS) {
      skipValue(1);
      continue;
    }
    if (seenPacks) fail(REPEATED_FIELD, at);
    seenPacks = true;
    if (takeNull()) continue;
    if (load<u8>(pos) != OPEN_LIST) fail(WRONG_TYPE, pos);
    pos++;
    isFirst = true;
    state = IN_PACKS;
    return;
  }
  if (!seenPacks) fail(MISSING_FIELD, TEXT);
  peek();
  if (pos != end) fail(MALFORMED, pos);
  state = AT_END;
}

function readPacks(): void {
  if (!more(CLOSE_LIST)) {
    state = IN_TOP;
    return;
  }
  if (load<u8>(pos) != OPEN_OBJECT) fail(WRONG_TYPE, pos);
  packAt = pos++;
  isFirst = true;
  seenOfPack = 0;
  blobsAt = 0;
  state = IN_PACK;
}

/** True when the id is known and the blobs come next. */
function readPack(): bool {
  while (more(CLOSE_OBJECT)) {
    const at = pos;
    const field = readKey();
    if (field == ID || field == BLOBS) {
      if ((seenOfPack & (1 << field)) != 0) fail(REPEATED_FIELD, at);
      seenOfPack |= 1 << field;
    }
    if (field == ID) readId(0);
    else if (field == BLOBS && (seenOfPack & (1 << ID)) != 0) {
      state = AT_BLOBS;
      return true;
    } else {
      if (field == BLOBS) blobsAt = pos;
      skipValue(3);
    }
  }
  if ((seenOfPack & NEEDED_OF_PACK) != NEEDED_OF_PACK) fail(MISSING_FIELD, packAt);
  state = IN_PACKS;
  if (blobsAt == 0) return false;
  resumeAt = pos;
  pos = blobsAt;
  state = AT_BLOBS;
  return true;
}

function enterBlobs(): void {
  if (takeNull()) leaveBlobs();
  else {
    if (load<u8>(pos) != OPEN_LIST) fail(WRONG_TYPE, pos);
    pos++;
    isFirst = true;
    state = IN_BLOBS;
  }
}

function leaveBlobs(): void {
  state = IN_PACK;
  if (resumeAt == 0) return;
  pos = resumeAt;
  resumeAt = 0;
  state = IN_PACKS;
}

/** True when there are records to hand over. */
function readBlobs(): bool {
  count = 0;
  while (count < MAX_RECORDS) {
    if (!more(CLOSE_LIST)) {
      leaveBlobs();
      return count != 0;
    }
    readBlob(RECORDS + count * 48);
    count++;
  }
  return true;
}

function readBlob(to: usize): void {
  const start = pos;
  if (load<u8>(pos) != OPEN_OBJECT) fail(WRONG_TYPE, pos);
  pos++;
  isFirst = true;
  let seen: u32 = 0;
  store<u32>(to, 0, 44);
  while (more(CLOSE_OBJECT)) {
    const at = pos;
    const field = readKey();
    if (field == OTHER || field >= PACKS) {
      skipValue(5);
      continue;
    }
    if ((seen & (1 << field)) != 0) fail(REPEATED_FIELD, at);
    seen |= 1 << field;
    if (field == ID) readId(to);
    else if (field == TYPE) store<u32>(to, readBlobType() << 24, 32);
    else if (field == OFFSET) store<u32>(to, readInteger(), 36);
    else if (field == LENGTH) store<u32>(to, readInteger(), 40);
    else if (!takeNull()) store<u32>(to, readInteger(), 44);
  }
  if ((seen & NEEDED_OF_BLOB) != NEEDED_OF_BLOB) fail(MISSING_FIELD, start);
}

/** Skips white space; the byte that follows it. */
@inline
function peek(): u32 {
  let byte = <u32>load<u8>(pos);
  while (byte <= 0x20 && (byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09)) {
    byte = load<u8>(++pos);
  }
  return byte;
}

/** True with `pos` at the next member or element; false behind the closing bracket. */
function more(close: u32): bool {
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

/** The field named here, with `pos` at its value. */
function readKey(): u32 {
  readString();
  const field = fieldNamed(stringAt, stringLength);
  if (peek() != COLON) fail(MALFORMED, pos);
  pos++;
  peek();
  return field;
}

function fieldNamed(at: usize, length: u32): u32 {
  if (length == 2) return load<u16>(at) == 0x6469 ? ID : OTHER;
  if (length == 4) return load<u32>(at) == 0x65707974 ? TYPE : OTHER;
  if (length == 5) {
    if (load<u8>(at, 4) != 0x73) return OTHER;
    const four = load<u32>(at);
    return four == 0x6b636170 ? PACKS : four == 0x626f6c62 ? BLOBS : OTHER;
  }
  if (length == 6) {
    const four = load<u32>(at);
    const two = load<u16>(at, 4);
    if (four == 0x7366666f && two == 0x7465) return OFFSET;
    return four == 0x676e656c && two == 0x6874 ? LENGTH : OTHER;
  }
  if (length != 19) return OTHER;
  // "uncompressed_length"
  const same =
    load<u64>(at) == 0x6572706d6f636e75 &&
    load<u64>(at, 8) == 0x6e656c5f64657373 &&
    load<u16>(at, 16) == 0x7467 &&
    load<u8>(at, 18) == 0x68;
  return same ? RAW_LENGTH : OTHER;
}

/** Sets `stringAt` and `stringLength` to the string's bytes, decoded if it has escapes. */
function readString(): void {
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
function decodeId(at: usize, to: usize): u32 {
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

function readId(to: usize): void {
  const start = pos;
  if (load<u8>(pos) == QUOTE) {
    const all = decodeId(pos + 1, to);
    if (all <= 0xff && load<u8>(pos, 65) == QUOTE) {
      pos += 66;
      return;
    }
  } else fail(BAD_ID, start);
  readString();
  if (stringLength != 64 || decodeId(stringAt, to) > 0xff) fail(BAD_ID, start);
}

/** 0 for data, 1 for tree. */
function readBlobType(): u32 {
  const start = pos;
  if (load<u8>(pos) != QUOTE) fail(BAD_BLOB_TYPE, start);
  readString();
  if (stringLength == 4) {
    const four = load<u32>(stringAt);
    if (four == 0x61746164) return 0;
    if (four == 0x65657274) return 1;
  }
  fail(BAD_BLOB_TYPE, start);
  return 0;
}

/** An integer of 32 bits without sign, fraction or exponent. */
function readInteger(): u32 {
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

function takeNull(): bool {
  if (load<u32>(pos) != 0x6c6c756e) return false;
  pos += 4;
  return true;
}

/** Passes any value, checking its grammar. `depth` lists and objects are open around it. */
function skipValue(depth: u32): void {
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
  pos++;
  isFirst = true;
  if (open == OPEN_LIST) {
    while (more(CLOSE_LIST)) skipValue(depth);
  } else {
    while (more(CLOSE_OBJECT)) {
      readKey();
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

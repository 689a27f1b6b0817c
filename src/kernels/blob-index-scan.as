/**
 * Scanner of index files: JSON bytes in, blob records out, no objects between. AssemblyScript with
 * a memory of its own, on the tokens of blob-index-json.as. Rules: docs/format.md, section 7; what
 * it accepts, the plain index accepts with the same content.
 *
 * Memory: pack id at 0, records at 1024, the rest as in blob-index-json.as.
 */
import {
  BAD_BLOB_TYPE,
  BAD_ID,
  BARE_LIST,
  CLOSE_LIST,
  CLOSE_OBJECT,
  closeText,
  decodeId,
  enter,
  fail,
  MALFORMED,
  MISSING_FIELD,
  more,
  moveTo,
  OPEN_LIST,
  OPEN_OBJECT,
  openText,
  peek,
  position,
  QUOTE,
  readInteger,
  readName,
  readString,
  REPEATED_FIELD,
  skipValue,
  stringSize,
  stringStart,
  takeNull,
  TEXT,
  WRONG_TYPE,
} from "./blob-index-json";

export { errorPosition, errorReason } from "./blob-index-json";

const RECORDS: usize = 1024;
const MAX_RECORDS: u32 = 1024;

const END: u32 = 0;
const PACK_EVENT: u32 = 1;
const BATCH_EVENT: u32 = 2;

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

let state: u32 = AT_END;
let seenPacks: bool = false;
let seenOfPack: u32 = 0;
let packAt: usize = 0;
/** Place of "blobs" when it came before the pack's id; read after the id is known. */
let blobsAt: usize = 0;
/** Where to go on after such blobs. */
let resumeAt: usize = 0;
let count: u32 = 0;

export function batchCount(): u32 {
  return count;
}

/** Starts on `length` bytes of text at 65536; memory reaches at least 128 bytes further. */
export function begin(length: u32): void {
  openText(length);
  state = IN_TOP;
  seenPacks = false;
  resumeAt = 0;
  const first = peek();
  if (first == OPEN_LIST) fail(BARE_LIST, position());
  if (first != OPEN_OBJECT) fail(MALFORMED, position());
  enter();
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
    const at = position();
    const field = readKey();
    if (field != PACKS) {
      skipValue(1);
      continue;
    }
    if (seenPacks) fail(REPEATED_FIELD, at);
    seenPacks = true;
    if (takeNull()) continue;
    if (load<u8>(position()) != OPEN_LIST) fail(WRONG_TYPE, position());
    enter();
    state = IN_PACKS;
    return;
  }
  if (!seenPacks) fail(MISSING_FIELD, TEXT);
  closeText();
  state = AT_END;
}

function readPacks(): void {
  if (!more(CLOSE_LIST)) {
    state = IN_TOP;
    return;
  }
  if (load<u8>(position()) != OPEN_OBJECT) fail(WRONG_TYPE, position());
  packAt = position();
  enter();
  seenOfPack = 0;
  blobsAt = 0;
  state = IN_PACK;
}

/** True when the id is known and the blobs come next. */
function readPack(): bool {
  while (more(CLOSE_OBJECT)) {
    const at = position();
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
      if (field == BLOBS) blobsAt = position();
      skipValue(3);
    }
  }
  if ((seenOfPack & NEEDED_OF_PACK) != NEEDED_OF_PACK) fail(MISSING_FIELD, packAt);
  state = IN_PACKS;
  if (blobsAt == 0) return false;
  resumeAt = position();
  moveTo(blobsAt);
  state = AT_BLOBS;
  return true;
}

function enterBlobs(): void {
  if (takeNull()) leaveBlobs();
  else {
    if (load<u8>(position()) != OPEN_LIST) fail(WRONG_TYPE, position());
    enter();
    state = IN_BLOBS;
  }
}

function leaveBlobs(): void {
  state = IN_PACK;
  if (resumeAt == 0) return;
  moveTo(resumeAt);
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
  const start = position();
  if (load<u8>(position()) != OPEN_OBJECT) fail(WRONG_TYPE, position());
  enter();
  let seen: u32 = 0;
  store<u32>(to, 0, 44);
  while (more(CLOSE_OBJECT)) {
    const at = position();
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

/** The field named here, with the position at its value. */
function readKey(): u32 {
  readName();
  return fieldNamed(stringStart(), stringSize());
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

function readId(to: usize): void {
  const start = position();
  if (load<u8>(start) == QUOTE) {
    const all = decodeId(start + 1, to);
    if (all <= 0xff && load<u8>(start, 65) == QUOTE) {
      moveTo(start + 66);
      return;
    }
  } else fail(BAD_ID, start);
  readString();
  if (stringSize() != 64 || decodeId(stringStart(), to) > 0xff) fail(BAD_ID, start);
}

/** 0 for data, 1 for tree. */
function readBlobType(): u32 {
  const start = position();
  if (load<u8>(start) != QUOTE) fail(BAD_BLOB_TYPE, start);
  readString();
  if (stringSize() == 4) {
    const four = load<u32>(stringStart());
    if (four == 0x61746164) return 0;
    if (four == 0x65657274) return 1;
  }
  fail(BAD_BLOB_TYPE, start);
  return 0;
}


/**
 * Operations of the blob table, over the memory of blob-index-memory.as. Lookups take no lock;
 * whatever changes the table takes the one lock.
 *
 * Each thread passes the address of its own page: id at 0, location (four u32) at 32, a count at
 * 48, records at 64. `type` is 0 for data, 1 for tree.
 */
import {
  acquire,
  beginRead,
  ENTRIES,
  entryAt,
  INDEX_MASK,
  isStill,
  loadWord,
  PACK_MASK,
  packAt,
  PACKS,
  packSlotAt,
  PACK_SLOT_MASK,
  packTagOf,
  release,
  reserveEntry,
  reservePack,
  sameId,
  SLOT_MASK,
  slotAt,
  STORED_ENTRIES,
  storeWord,
  tagOf,
  TAG_MASK,
} from "./blob-index-memory";

export { attach, init, setMayWait } from "./blob-index-memory";

const TYPE_SHIFT: u32 = 24;
const STATE_SHIFT: u32 = 25;
/** A claim given up; the next claim or copy of the same blob takes its place. */
const RELEASED: u32 = 0;
const CLAIMED: u32 = 1;
const STORED: u32 = 2;

const RECORDS: usize = 64;
const MAX_RECORDS: u32 = 1024;
const MAX_COPIES: u32 = 3072;

/** Results of the writing calls. */
const DONE: i32 = 1;
const NOT_NEEDED: i32 = 0;
const NO_MEMORY: i32 = -1;
const NO_PACK: i32 = -2;

/** Slots passed by the search of this thread so far; set to 0 to begin a search. */
let passed: u32 = 0;

/** The next entry of this blob, whatever its state, or 0 with `passed` at the free slot. */
function nextEntry(id: usize, type: u32): usize {
  const first = load<u32>(id);
  const tag = tagOf(id);
  const mask = loadWord(SLOT_MASK);
  let step = passed;
  // A search that meets a table being filled in must end too; its miss is then not believed.
  while (step <= mask) {
    const slot = loadWord(slotAt((first + step) & mask));
    if (slot == 0) break;
    step++;
    if ((slot & TAG_MASK) != tag) continue;
    const entry = entryAt((slot & INDEX_MASK) - 1);
    if (sameId(entry, id) && ((load<u32>(entry, 32) >> TYPE_SHIFT) & 1) == type) {
      passed = step;
      return entry;
    }
  }
  passed = step;
  return 0;
}

@inline
function copyLocation(entry: usize, word: u32, to: usize): void {
  store<u32>(to, word & PACK_MASK);
  store<u32>(to, load<u32>(entry, 36), 4);
  store<u32>(to, load<u32>(entry, 40), 8);
  store<u32>(to, load<u32>(entry, 44), 12);
}

export function lookup(page: usize, type: u32): bool {
  let sequence: u32;
  do {
    sequence = beginRead();
    passed = 0;
    let entry: usize;
    while ((entry = nextEntry(page, type)) != 0) {
      const word = loadWord(entry + 32);
      if (word >> STATE_SHIFT != STORED) continue;
      copyLocation(entry, word, page + 32);
      return true;
    }
  } while (!isStill(sequence));
  return false;
}

/** Writes up to 3072 locations of 16 bytes after leaving out `skip` copies; returns how many. */
export function copies(page: usize, type: u32, skip: u32): u32 {
  let sequence: u32;
  let seen: u32;
  do {
    sequence = beginRead();
    seen = 0;
    passed = 0;
    while (seen < skip + MAX_COPIES) {
      const entry = nextEntry(page, type);
      if (entry == 0) break;
      const word = loadWord(entry + 32);
      if (word >> STATE_SHIFT != STORED) continue;
      if (seen >= skip) copyLocation(entry, word, page + RECORDS + ((seen - skip) << 4));
      seen++;
    }
  } while (!isStill(sequence));
  return seen > skip ? seen - skip : 0;
}

export function has(page: usize, type: u32): bool {
  let sequence: u32;
  do {
    sequence = beginRead();
    passed = 0;
    let entry: usize;
    while ((entry = nextEntry(page, type)) != 0) {
      if (loadWord(entry + 32) >> STATE_SHIFT != RELEASED) return true;
    }
  } while (!isStill(sequence));
  return false;
}

/** Appends an entry at the free slot where the search ended. Published last, by its slot. */
function append(id: usize, word: u32, offset: u32, length: u32, rawLength: u32): void {
  const index = load<u32>(ENTRIES);
  const entry = entryAt(index);
  memory.copy(entry, id, 32);
  store<u32>(entry, word, 32);
  store<u32>(entry, offset, 36);
  store<u32>(entry, length, 40);
  store<u32>(entry, rawLength, 44);
  // Counted before it can be found, so that a walk never misses what a lookup has seen.
  storeWord(ENTRIES, index + 1);
  const slot = slotAt((load<u32>(id) + passed) & load<u32>(SLOT_MASK));
  storeWord(slot, tagOf(id) | (index + 1));
}

export function claim(page: usize, type: u32): i32 {
  if (has(page, type)) return NOT_NEEDED;
  acquire();
  const result = claimLocked(page, type);
  release();
  return result;
}

function claimLocked(page: usize, type: u32): i32 {
  if (!reserveEntry()) return NO_MEMORY;
  const word = (type << TYPE_SHIFT) | (CLAIMED << STATE_SHIFT);
  let vacant: usize = 0;
  passed = 0;
  let entry: usize;
  while ((entry = nextEntry(page, type)) != 0) {
    if (load<u32>(entry, 32) >> STATE_SHIFT != RELEASED) return NOT_NEEDED;
    vacant = entry;
  }
  if (vacant != 0) storeWord(vacant + 32, word);
  else append(page, word, 0, 0, 0);
  return DONE;
}

export function unclaim(page: usize, type: u32): void {
  acquire();
  passed = 0;
  let entry: usize;
  while ((entry = nextEntry(page, type)) != 0) {
    if (load<u32>(entry, 32) >> STATE_SHIFT == CLAIMED) {
      storeWord(entry + 32, (type << TYPE_SHIFT) | (RELEASED << STATE_SHIFT));
      break;
    }
  }
  release();
}

/** Adds the blob at the page's start with the location behind it. */
export function add(page: usize, type: u32): i32 {
  const pack = load<u32>(page, 32);
  acquire();
  const result = pack < load<u32>(PACKS) ? addLocked(page, type, pack) : NO_PACK;
  release();
  return result;
}

/** Adds `count` records of 48 bytes, each with only its type in the word, all of one known pack. */
export function addBatch(page: usize, count: u32, pack: u32): i32 {
  let result = DONE;
  acquire();
  for (let i: u32 = 0; i < count && result != NO_MEMORY; i++) {
    const record = page + RECORDS + i * 48;
    result = addLocked(record, load<u32>(record, 32) >> TYPE_SHIFT, pack);
  }
  release();
  return result;
}

function addLocked(record: usize, type: u32, pack: u32): i32 {
  if (!reserveEntry()) return NO_MEMORY;
  const offset = load<u32>(record, 36);
  const word = pack | (type << TYPE_SHIFT) | (STORED << STATE_SHIFT);
  let vacant: usize = 0;
  passed = 0;
  let entry: usize;
  while ((entry = nextEntry(record, type)) != 0) {
    const known = load<u32>(entry, 32);
    if (known == word && load<u32>(entry, 36) == offset) return NOT_NEEDED;
    if (known >> STATE_SHIFT != STORED) vacant = entry;
  }
  if (vacant != 0) {
    store<u32>(vacant, offset, 36);
    store<u32>(vacant, load<u32>(record, 40), 40);
    store<u32>(vacant, load<u32>(record, 44), 44);
    storeWord(vacant + 32, word);
  } else {
    append(record, word, offset, load<u32>(record, 40), load<u32>(record, 44));
  }
  storeWord(STORED_ENTRIES, load<u32>(STORED_ENTRIES) + 1);
  return DONE;
}

/** Number of the pack whose id is at the page's start, newly given if need be. */
export function addPack(page: usize): i32 {
  acquire();
  const result = addPackLocked(page);
  release();
  return result;
}

function addPackLocked(id: usize): i32 {
  const tag = packTagOf(id);
  let mask = load<u32>(PACK_SLOT_MASK);
  let index = load<u32>(id) & mask;
  for (;;) {
    const slot = load<u32>(packSlotAt(index));
    if (slot == 0) break;
    if ((slot & ~PACK_MASK) == tag) {
      const pack = (slot & PACK_MASK) - 1;
      if (sameId(packAt(pack), id)) return pack;
    }
    index = (index + 1) & mask;
  }
  if (!reservePack()) return NO_MEMORY;
  mask = load<u32>(PACK_SLOT_MASK);
  index = load<u32>(id) & mask;
  while (load<u32>(packSlotAt(index)) != 0) index = (index + 1) & mask;
  const pack = load<u32>(PACKS);
  memory.copy(packAt(pack), id, 32);
  store<u32>(packSlotAt(index), tag | (pack + 1));
  storeWord(PACKS, pack + 1);
  return pack;
}

export function packId(page: usize, pack: u32): bool {
  if (pack >= loadWord(PACKS)) return false;
  memory.copy(page, packAt(pack), 32);
  return true;
}

/**
 * Copies stored entries from number `from` on, at most 1024; returns where to go on, count at 48.
 */
export function readBatch(page: usize, from: u32): u32 {
  const end = loadWord(ENTRIES);
  let count: u32 = 0;
  let index = from;
  while (index < end && count < MAX_RECORDS) {
    const entry = entryAt(index++);
    const word = loadWord(entry + 32);
    if (word >> STATE_SHIFT != STORED) continue;
    memory.copy(page + RECORDS + count * 48, entry, 48);
    count++;
  }
  store<u32>(page, count, 48);
  return index;
}

export function blobCount(): u32 {
  return loadWord(STORED_ENTRIES);
}

export function packCount(): u32 {
  return loadWord(PACKS);
}

/**
 * Memory of the blob table: layout, lock, growth. AssemblyScript, compiled with and without
 * threads.
 *
 * Nothing ever moves or is given back: records stay where they were appended, and a slot table
 * grows by taking more pages and filling in all its slots anew. So a reader may follow any slot at
 * any time; only a miss can be wrong, while the slots are filled in, and the sequence number tells
 * it to look again.
 *
 * Page 0: control words and the directories of page numbers. Page 1: directory of entry segments.
 *   entry, 48 bytes: id 32, word (pack 24 bits, type 1 bit, state 2 bits), offset, length, raw
 *   slot of an entry: 5 bits of the id as tag, 27 bits of entry number + 1; 0 is free
 *   pack, 32 bytes: id. Slot of a pack: 8 bits of tag, 24 bits of pack number + 1
 */

/**
 * 0 free, 1 held, 2 held and somebody may wait. Alone on its cache line with the write counters.
 */
const LOCK: usize = 0;
export const ENTRIES: usize = 4;
export const STORED_ENTRIES: usize = 8;
const ENTRY_SEGMENTS: usize = 12;
const PACK_SEGMENTS: usize = 16;
/** Odd while slots are filled in anew. These words change rarely, so readers keep the line. */
const SEQUENCE: usize = 64;
export const SLOT_MASK: usize = 68;
export const PACK_SLOT_MASK: usize = 72;
export const PACKS: usize = 76;
const MAGIC_AT: usize = 80;
const MAGIC: u32 = 0x31584942;

const PACK_DIR: usize = 1024;
const PACK_SLOT_DIR: usize = 17408;
const SLOT_DIR: usize = 21504;
const ENTRY_DIR: usize = 65536;

const PAGE_SHIFT: u32 = 16;
/** 4096 entries of 48 bytes fill three pages. */
const ENTRY_PAGES: i32 = 3;
const MAX_SLOTS: u32 = 1 << 27;
const MAX_PACK_SLOTS: u32 = 1 << 25;
export const MAX_PACKS: u32 = (1 << 24) - 1;

export const INDEX_MASK: u32 = 0x07ffffff;
export const TAG_MASK: u32 = 0xf8000000;
export const PACK_MASK: u32 = 0x00ffffff;

/** Polls of a held lock before sleeping: a single insert takes less than that. */
const SPINS: i32 = 200;

/** False in a browser's main thread, where waiting traps. Each thread has its own instance. */
let mayWait: bool = true;

export function setMayWait(value: bool): void {
  mayWait = value;
}

@inline
export function loadWord(at: usize): u32 {
  if (ASC_FEATURE_THREADS) {
    return atomic.load<u32>(at);
  } else {
    return load<u32>(at);
  }
}

@inline
export function storeWord(at: usize, value: u32): void {
  if (ASC_FEATURE_THREADS) {
    atomic.store<u32>(at, value);
  } else {
    store<u32>(at, value);
  }
}

/** A thread that is terminated while it holds the lock blocks all others: the process is ending. */
@inline
export function acquire(): void {
  if (ASC_FEATURE_THREADS) {
    if (atomic.cmpxchg<u32>(LOCK, 0, 1) != 0) acquireSlowly();
  }
}

function acquireSlowly(): void {
  if (ASC_FEATURE_THREADS) {
    let polls = 0;
    while (polls < SPINS || !mayWait) {
      if (atomic.load<u32>(LOCK) == 0 && atomic.cmpxchg<u32>(LOCK, 0, 1) == 0) return;
      polls++;
    }
    while (atomic.xchg<u32>(LOCK, 2) != 0) atomic.wait<i32>(LOCK, 2, -1);
  }
}

@inline
export function release(): void {
  if (ASC_FEATURE_THREADS) {
    if (atomic.xchg<u32>(LOCK, 0) == 2) atomic.notify(LOCK, 1);
  }
}

/** The sequence number before a lock-free search; waits while slots are being filled in. */
export function beginRead(): u32 {
  let sequence = loadWord(SEQUENCE);
  while ((sequence & 1) != 0) {
    acquire();
    release();
    sequence = loadWord(SEQUENCE);
  }
  return sequence;
}

/** True when a miss since `beginRead` is a true miss. */
@inline
export function isStill(sequence: u32): bool {
  return loadWord(SEQUENCE) == sequence;
}

@inline
export function slotAt(index: u32): usize {
  return (<usize>load<u16>(SLOT_DIR + ((index >> 14) << 1)) << PAGE_SHIFT) + ((index & 16383) << 2);
}

@inline
export function entryAt(index: u32): usize {
  const page = <usize>load<u16>(ENTRY_DIR + ((index >> 12) << 1));
  return (page << PAGE_SHIFT) + (index & 4095) * 48;
}

@inline
export function packSlotAt(index: u32): usize {
  const page = <usize>load<u16>(PACK_SLOT_DIR + ((index >> 14) << 1));
  return (page << PAGE_SHIFT) + ((index & 16383) << 2);
}

@inline
export function packAt(index: u32): usize {
  return (<usize>load<u16>(PACK_DIR + ((index >> 11) << 1)) << PAGE_SHIFT) + ((index & 2047) << 5);
}

@inline
export function tagOf(id: usize): u32 {
  return load<u32>(id, 4) << 27;
}

@inline
export function packTagOf(id: usize): u32 {
  return load<u32>(id, 4) << 24;
}

@inline
export function sameId(a: usize, b: usize): bool {
  return (
    ((load<u64>(a) ^ load<u64>(b)) |
      (load<u64>(a, 8) ^ load<u64>(b, 8)) |
      (load<u64>(a, 16) ^ load<u64>(b, 16)) |
      (load<u64>(a, 24) ^ load<u64>(b, 24))) ==
    0
  );
}

/** Lays out a fresh memory of at least two pages. False when memory is refused. */
export function init(): bool {
  const page = memory.grow(2);
  if (page < 0) return false;
  store<u16>(SLOT_DIR, <u16>page);
  store<u16>(PACK_SLOT_DIR, <u16>(page + 1));
  store<u32>(SLOT_MASK, 16383);
  store<u32>(PACK_SLOT_MASK, 16383);
  storeWord(MAGIC_AT, MAGIC);
  return true;
}

/**
 * Address of a page of its own for one thread, never given back; 0 for a foreign memory or none
 * left.
 */
export function attach(): u32 {
  if (loadWord(MAGIC_AT) != MAGIC) return 0;
  const page = memory.grow(1);
  return page < 0 ? 0 : <u32>page << PAGE_SHIFT;
}

/** Makes room for one more entry. Under the lock. False when memory is refused. */
export function reserveEntry(): bool {
  const count = load<u32>(ENTRIES);
  const segments = load<u32>(ENTRY_SEGMENTS);
  if (count >> 12 >= segments) {
    const page = memory.grow(ENTRY_PAGES);
    if (page < 0) return false;
    store<u16>(ENTRY_DIR + (segments << 1), <u16>page);
    store<u32>(ENTRY_SEGMENTS, segments + 1);
  }
  const slots = load<u32>(SLOT_MASK) + 1;
  if (count < (slots >> 2) * 3 + (slots >> 5)) return true;
  if (slots < MAX_SLOTS && growSlots(slots)) return true;
  return count < slots - (slots >> 4);
}

function growSlots(slots: u32): bool {
  const pages = slots >> 14;
  const page = memory.grow(pages);
  if (page < 0) return false;
  const mask = slots * 2 - 1;
  storeWord(SEQUENCE, load<u32>(SEQUENCE) + 1);
  for (let i: u32 = 0; i < pages; i++) {
    store<u16>(SLOT_DIR + ((pages + i) << 1), <u16>(page + i));
    memory.fill(slotAt(i << 14), 0, 65536);
  }
  storeWord(SLOT_MASK, mask);
  const count = load<u32>(ENTRIES);
  for (let entry: u32 = 0; entry < count; entry++) {
    const id = entryAt(entry);
    let index = load<u32>(id) & mask;
    while (load<u32>(slotAt(index)) != 0) index = (index + 1) & mask;
    store<u32>(slotAt(index), tagOf(id) | (entry + 1));
  }
  storeWord(SEQUENCE, load<u32>(SEQUENCE) + 1);
  return true;
}

/** Makes room for one more pack. Under the lock. False when memory is refused or packs run out. */
export function reservePack(): bool {
  const count = load<u32>(PACKS);
  if (count == MAX_PACKS) return false;
  const segments = load<u32>(PACK_SEGMENTS);
  if (count >> 11 >= segments) {
    const page = memory.grow(1);
    if (page < 0) return false;
    store<u16>(PACK_DIR + (segments << 1), <u16>page);
    store<u32>(PACK_SEGMENTS, segments + 1);
  }
  const slots = load<u32>(PACK_SLOT_MASK) + 1;
  return count < (slots >> 2) * 3 || (slots < MAX_PACK_SLOTS && growPackSlots(slots));
}

/** Pack slots are searched under the lock only, so no sequence number is needed. */
function growPackSlots(slots: u32): bool {
  const pages = slots >> 14;
  const page = memory.grow(pages);
  if (page < 0) return false;
  const mask = slots * 2 - 1;
  for (let i: u32 = 0; i < pages; i++) {
    store<u16>(PACK_SLOT_DIR + ((pages + i) << 1), <u16>(page + i));
    memory.fill(packSlotAt(i << 14), 0, 65536);
  }
  store<u32>(PACK_SLOT_MASK, mask);
  const count = load<u32>(PACKS);
  for (let pack: u32 = 0; pack < count; pack++) {
    const id = packAt(pack);
    let index = load<u32>(id) & mask;
    while (load<u32>(packSlotAt(index)) != 0) index = (index + 1) & mask;
    store<u32>(packSlotAt(index), packTagOf(id) | (pack + 1));
  }
  return true;
}

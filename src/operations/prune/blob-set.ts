/**
 * Which blobs are used: ids in pages that never move, a slot table over them, one byte each for how
 * many copies the index has. Memory: 32 bytes an id, 5.3 to 10.7 of slots, 2 of marks: 45 at most,
 * as no array is ever copied to grow but the slots.
 */
import type { BlobType } from "#repository/blob-index.ts";

const ID_BYTES = 32;
const PAGE_IDS = 1 << 14;
const FIRST_SLOTS = 1 << 12;

/** Ids of one type, numbered in order of arrival. */
export class BlobSet {
  readonly #pages: Uint8Array[] = [];
  /** Open addressing; holds number + 1, 0 where free. */
  #slots = new Uint32Array(FIRST_SLOTS);
  readonly #copies: Uint8Array[] = [];
  readonly #marks: Uint8Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Bytes held. */
  get byteLength(): number {
    return this.#pages.length * PAGE_IDS * (ID_BYTES + 2) + this.#slots.byteLength;
  }

  /** Adds the id at `ids[at, at + 32)`, which is copied. True if it is new. */
  add(ids: Uint8Array, at = 0): boolean {
    const slot = this.#slotOf(ids, at);
    if (this.#slots[slot] !== 0) return false;
    const number = this.#size++;
    const page = Math.floor(number / PAGE_IDS);
    if (page === this.#pages.length) {
      this.#pages.push(new Uint8Array(PAGE_IDS * ID_BYTES));
      this.#copies.push(new Uint8Array(PAGE_IDS));
      this.#marks.push(new Uint8Array(PAGE_IDS));
    }
    const base = (number % PAGE_IDS) * ID_BYTES;
    const bytes = this.#pages[page]!;
    for (let i = 0; i < ID_BYTES; i++) bytes[base + i] = ids[at + i]!;
    this.#slots[slot] = number + 1;
    if (this.#size * 4 > this.#slots.length * 3) this.#rehash();
    return true;
  }

  /** Number of the id, or -1. */
  find(ids: Uint8Array, at = 0): number {
    return this.#slots[this.#slotOf(ids, at)]! - 1;
  }

  /** Copies the id of a number to `into[to, to + 32)`. */
  copyId(number: number, into: Uint8Array, to = 0): void {
    const base = (number % PAGE_IDS) * ID_BYTES;
    into.set(this.#pages[Math.floor(number / PAGE_IDS)]!.subarray(base, base + ID_BYTES), to);
  }

  /** 0 to 255, where 255 means "or more". */
  copies(number: number): number {
    return this.#copies[Math.floor(number / PAGE_IDS)]![number % PAGE_IDS]!;
  }

  setCopies(number: number, copies: number): void {
    this.#copies[Math.floor(number / PAGE_IDS)]![number % PAGE_IDS] = Math.min(255, copies);
  }

  /** Whether a home of the blob has been decided. */
  isPlaced(number: number): boolean {
    return this.#marks[Math.floor(number / PAGE_IDS)]![number % PAGE_IDS] !== 0;
  }

  place(number: number): void {
    this.#marks[Math.floor(number / PAGE_IDS)]![number % PAGE_IDS] = 1;
  }

  #slotOf(ids: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1;
    // Ids are hashes, so any four bytes spread well; hostile ones need a SHA-256 preimage each.
    const word = ids[at]! | (ids[at + 1]! << 8) | (ids[at + 2]! << 16) | (ids[at + 3]! << 24);
    for (let slot = word & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]!;
      if (held === 0 || this.#equals(held - 1, ids, at)) return slot;
    }
  }

  #equals(number: number, ids: Uint8Array, at: number): boolean {
    const base = (number % PAGE_IDS) * ID_BYTES;
    const bytes = this.#pages[Math.floor(number / PAGE_IDS)]!;
    for (let i = 0; i < ID_BYTES; i++) if (bytes[base + i] !== ids[at + i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    const id = new Uint8Array(ID_BYTES);
    for (let number = 0; number < this.#size; number++) {
      this.copyId(number, id);
      this.#slots[this.#slotOf(id, 0)] = number + 1;
    }
  }
}

/** Used blobs of both types. */
export type UsedBlobs = Readonly<Record<BlobType, BlobSet>>;

/** Two empty sets. */
export function createUsedBlobs(): UsedBlobs {
  return { data: new BlobSet(), tree: new BlobSet() };
}

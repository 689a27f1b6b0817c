/**
 * A set of 32-byte ids that numbers its members in order of arrival: about 48 bytes an id, where a
 * Set of hex strings takes 150. For walks over all trees of a repository.
 */

const ID_BYTES = 32;
const FIRST_SLOTS = 1024;

export class IdTable {
  /** Ids joined, in order of arrival. */
  #ids = new Uint8Array((FIRST_SLOTS / 2) * ID_BYTES);
  /** Open addressing; holds number + 1, 0 where free. */
  #slots = new Uint32Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /**
   * Number of the id at `ids[at, at + 32)`, added if new; the id is copied. New ones get `size` as
   * it was before, so compare with that to know.
   */
  add(ids: Uint8Array, at = 0): number {
    const slot = this.#find(ids, at);
    const held = this.#slots[slot]!;
    if (held !== 0) return held - 1;
    const number = this.#size++;
    if ((number + 1) * ID_BYTES > this.#ids.length) {
      const grown = new Uint8Array(this.#ids.length * 2);
      grown.set(this.#ids);
      this.#ids = grown;
    }
    for (let i = 0; i < ID_BYTES; i++) this.#ids[number * ID_BYTES + i] = ids[at + i]!;
    this.#slots[slot] = number + 1;
    if (this.#size * 2 > this.#slots.length) this.#rehash();
    return number;
  }

  /** Number of the id, or -1. */
  find(ids: Uint8Array, at = 0): number {
    return this.#slots[this.#find(ids, at)]! - 1;
  }

  has(ids: Uint8Array, at = 0): boolean {
    return this.find(ids, at) >= 0;
  }

  /** The id of a number, newly allocated. */
  idAt(number: number): Uint8Array {
    return this.#ids.slice(number * ID_BYTES, (number + 1) * ID_BYTES);
  }

  #find(ids: Uint8Array, at: number): number {
    const mask = this.#slots.length - 1;
    // Ids are hashes, so any four bytes spread well; hostile ones need a SHA-256 preimage each.
    const word = ids[at]! | (ids[at + 1]! << 8) | (ids[at + 2]! << 16) | (ids[at + 3]! << 24);
    for (let slot = word & mask; ; slot = (slot + 1) & mask) {
      const held = this.#slots[slot]!;
      if (held === 0 || this.#equals(held - 1, ids, at)) return slot;
    }
  }

  #equals(number: number, ids: Uint8Array, at: number): boolean {
    const base = number * ID_BYTES;
    for (let i = 0; i < ID_BYTES; i++) if (this.#ids[base + i] !== ids[at + i]) return false;
    return true;
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let number = 0; number < this.#size; number++) {
      this.#slots[this.#find(this.#ids, number * ID_BYTES)] = number + 1;
    }
  }
}

/**
 * The distinct data blobs that a restore needs: id, place in the packs, plaintext length. Open
 * addressing over flat arrays, about 60 bytes a blob.
 */
import { equalBytes } from "#base/bytes.ts";
import { SEAL_OVERHEAD } from "#crypto/crypto.ts";
import { ID_BYTES } from "#format/id.ts";
import { Column, u32, u8 } from "#operations/restore/columns.ts";
import type { BlobIndex, BlobLocation } from "#repository/blob-index.ts";

export class BlobTable {
  readonly #index: BlobIndex;
  readonly #ids = new Column(u8);
  readonly pack = new Column(u32);
  readonly offset = new Column(u32);
  /** Stored length. */
  readonly stored = new Column(u32);
  /** As in the index: 0 when not compressed. */
  readonly rawLength = new Column(u32);
  /** Row + 1 by hash; 0 is free. */
  #slots = new Uint32Array(1024);
  readonly #found: BlobLocation = { pack: 0, offset: 0, length: 0, rawLength: 0 };

  constructor(index: BlobIndex) {
    this.#index = index;
  }

  get length(): number {
    return this.pack.length;
  }

  /** Row of a blob, added when new; undefined when the index does not know it. */
  rowOf(id: Uint8Array): number | undefined {
    let slot = this.#slotOf(id);
    const known = this.#slots[slot]!;
    if (known !== 0) return known - 1;
    const at = this.#found;
    if (!this.#index.lookup("data", id, at) || at.length < SEAL_OVERHEAD) return undefined;
    if ((this.length + 1) * 2 > this.#slots.length) {
      this.#rehash();
      slot = this.#slotOf(id);
    }
    const row = this.length;
    const start = this.#ids.length;
    this.#ids.extend(ID_BYTES);
    this.#ids.values.set(id, start);
    this.pack.push(at.pack);
    this.offset.push(at.offset);
    this.stored.push(at.length);
    this.rawLength.push(at.rawLength);
    this.#slots[slot] = row + 1;
    return row;
  }

  /** Plaintext bytes. */
  plainLength(row: number): number {
    const raw = this.rawLength.values[row]!;
    return raw === 0 ? this.stored.values[row]! - SEAL_OVERHEAD : raw;
  }

  /** A view, valid until the next blob is added. */
  id(row: number): Uint8Array {
    return this.#ids.values.subarray(row * ID_BYTES, (row + 1) * ID_BYTES);
  }

  /** Ids of the rows, joined. */
  ids(rows: Uint32Array): Uint8Array {
    const out = new Uint8Array(rows.length * ID_BYTES);
    rows.forEach((row, i) => out.set(this.id(row), i * ID_BYTES));
    return out;
  }

  /** The slot that holds the id, or the free one where it belongs. Ids are hashes already. */
  #slotOf(id: Uint8Array): number {
    const mask = this.#slots.length - 1;
    let slot = ((id[0]! | (id[1]! << 8) | (id[2]! << 16) | (id[3]! << 24)) >>> 0) & mask;
    for (;;) {
      const known = this.#slots[slot]!;
      if (known === 0 || equalBytes(this.id(known - 1), id)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #rehash(): void {
    this.#slots = new Uint32Array(this.#slots.length * 2);
    for (let row = 0; row < this.length; row++) this.#slots[this.#slotOf(this.id(row))] = row + 1;
  }
}

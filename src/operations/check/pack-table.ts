/** What the index and the listing say of each pack; a few dozen bytes a pack. */
import { idFromBytes, type HexId } from "#format/id.ts";
import { IdTable } from "#repository/id-table.ts";

/** Bits of {@link PackTable.flags}. */
export const PACK = {
  /** Named by an index. */
  indexed: 1,
  /** Found in the storage. */
  present: 2,
  /** An error of the pack or its index entries is recorded. */
  faulty: 4,
  hasData: 8,
  hasTrees: 16,
  /** Needed by the snapshots that the check is limited to. */
  needed: 32,
} as const;

/** Columns by pack number, which is the order of arrival. */
export class PackTable {
  readonly #ids = new IdTable();
  readonly flags: number[] = [];
  /** Bytes that the file must have by its index entries. */
  readonly expectedSize: number[] = [];
  /** Bytes that the file has. */
  readonly actualSize: number[] = [];
  /** Index entries, distinct ones. */
  readonly entries: number[] = [];
  /** Fingerprint of the entries, to tell whether two indexes agree. */
  readonly fingerprint: string[] = [];
  /** The pack's number in the blob index; −1 for packs that no index names. */
  readonly indexNumber: number[] = [];
  /** The error recorded for it, −1 if none. */
  readonly finding: number[] = [];
  /** Pack number by number in the blob index. */
  readonly byIndexNumber: number[] = [];

  get size(): number {
    return this.#ids.size;
  }

  add(id: Uint8Array): number {
    const before = this.#ids.size;
    const pack = this.#ids.add(id);
    if (pack === before) {
      this.flags.push(0);
      this.expectedSize.push(0);
      this.actualSize.push(0);
      this.entries.push(0);
      this.fingerprint.push("");
      this.indexNumber.push(-1);
      this.finding.push(-1);
    }
    return pack;
  }

  id(pack: number): HexId {
    return idFromBytes(this.#ids.idAt(pack));
  }

  has(pack: number, flag: number): boolean {
    return (this.flags[pack]! & flag) !== 0;
  }

  set(pack: number, flag: number): void {
    this.flags[pack]! |= flag;
  }

  link(pack: number, indexNumber: number): void {
    this.indexNumber[pack] = indexNumber;
    this.byIndexNumber[indexNumber] = pack;
  }
}

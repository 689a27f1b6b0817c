/**
 * Where each blob lies: id → pack, offset, length. One table for all threads of a process, so that
 * a worker decides by itself that a blob is stored already. Implementations: the WASM table in
 * shared memory (`kernels/`), and a plain Map as reference.
 */

export type BlobType = "data" | "tree";

/** Filled by {@link BlobIndex.lookup}; reused between calls so that lookups allocate nothing. */
export interface BlobLocation {
  /** Index into the pack list; see {@link BlobIndex.packId}. */
  pack: number;
  /** First byte within the pack file. */
  offset: number;
  /** Stored length in bytes, with the 32 bytes of the seal. */
  length: number;
  /** Plaintext length if the payload is compressed, else 0. */
  rawLength: number;
}

export interface BlobIndex {
  /** Stored blob entries; several copies of one blob count each. */
  readonly blobCount: number;
  readonly packCount: number;
  /** Memory held, in bytes. */
  readonly byteLength: number;

  /** Registers a pack (32-byte id) and returns its number; the same id gets the same number. */
  addPack(packId: Uint8Array): number;
  /** 32-byte id of a pack number. */
  packId(pack: number): Uint8Array;

  /** Adds a copy of a blob. An equal entry (same type, id, pack and offset) is not added twice. */
  add(type: BlobType, id: Uint8Array, location: BlobLocation): void;

  /**
   * Adds all packs of one index file, given its plain JSON bytes (docs/format.md, section 7).
   * Unknown fields are skipped; `packs_to_delete` (rustic) is not added.
   * @returns the number of blob entries read
   * @throws BAD_FORMAT when the text is not an index; the table may then hold part of it
   */
  loadIndexFile(json: Uint8Array): number;

  /** Finds one stored copy. Returns false when the blob is unknown or only claimed. */
  lookup(type: BlobType, id: Uint8Array, into: BlobLocation): boolean;
  /** Every stored copy; empty when unknown. For the rare paths: recovery, check, duplicates. */
  lookupAll(type: BlobType, id: Uint8Array): BlobLocation[];
  /** Stored, or claimed by a thread that is about to store it. */
  has(type: BlobType, id: Uint8Array): boolean;

  /**
   * Reserves a blob for storing: true exactly once among all threads, false when it is stored or
   * claimed already. Follow with {@link add} (turns the claim into an entry) or {@link unclaim}.
   */
  claim(type: BlobType, id: Uint8Array): boolean;
  unclaim(type: BlobType, id: Uint8Array): void;

  /**
   * Walks all stored entries in no particular order. `id` and `location` are reused between calls.
   */
  forEach(visit: (type: BlobType, id: Uint8Array, location: BlobLocation) => void): void;

  /** A value that `postMessage` carries to another thread, where the kernel attaches to it. */
  share(): unknown;
}

/** A pack as the index needs it: plain typed arrays, so that it crosses threads without a copy. */
import { toHex } from "#base/bytes.ts";
import type { HexId } from "#format/id.ts";
import { indexedPack, type IndexedPack } from "#format/index-file.ts";
import type { PackEntry } from "#format/pack-header.ts";
import type { BlobIndex, BlobType } from "#repository/blob-index.ts";

export interface FinishedPack {
  /** 32-byte id, the SHA-256 of the file. */
  readonly id: Uint8Array;
  readonly type: BlobType;
  /** Size of the whole file in bytes. */
  readonly size: number;
  /** 32 bytes a blob, in the order of the file. */
  readonly ids: Uint8Array;
  /** Stored lengths in bytes; offsets are their running sum. */
  readonly lengths: Uint32Array;
  /** Plaintext lengths of compressed blobs, 0 for plain ones. */
  readonly rawLengths: Uint32Array;
}

/** Turns the claims on a pack's blobs into entries. */
export function addPackToIndex(index: BlobIndex, pack: FinishedPack): void {
  const location = { pack: index.addPack(pack.id), offset: 0, length: 0, rawLength: 0 };
  for (let i = 0; i < pack.lengths.length; i++) {
    location.length = pack.lengths[i]!;
    location.rawLength = pack.rawLengths[i]!;
    index.add(pack.type, pack.ids.subarray(32 * i, 32 * i + 32), location);
    location.offset += location.length;
  }
}

/** Its blobs with their offsets, in the order of the file. */
export function packEntries(pack: Omit<FinishedPack, "id" | "size">): PackEntry[] {
  const { type, ids, lengths, rawLengths } = pack;
  const entries: PackEntry[] = [];
  let offset = 0;
  for (let i = 0; i < lengths.length; i++) {
    const id = ids.subarray(32 * i, 32 * i + 32);
    entries.push({ type, id, offset, length: lengths[i]!, rawLength: rawLengths[i]! });
    offset += lengths[i]!;
  }
  return entries;
}

/** As an index file lists it. */
export function toIndexedPack(pack: FinishedPack): IndexedPack {
  return indexedPack(toHex(pack.id) as HexId, packEntries(pack));
}

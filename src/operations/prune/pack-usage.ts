/**
 * How much of each pack is used, from one or two passes over the blob index. Columns by the pack's
 * number in the index: some 50 bytes a pack.
 */
import { entryBytes, headerBytes } from "#format/pack-header.ts";
import type { UsedBlobs } from "#operations/prune/blob-set.ts";
import type { BlobIndex, BlobLocation, BlobType } from "#repository/blob-index.ts";

/** A blob of this stored length is empty: it cannot be compressed. */
const EMPTY_BLOB = 32;

/**
 * How much of each pack is needed, a column for each figure; rows are pack numbers of the index.
 */
export class PackUsage {
  readonly count: number;
  readonly usedBlobs: Uint32Array;
  readonly unusedBlobs: Uint32Array;
  /** Of the unused ones, copies of used blobs. */
  readonly duplicateBlobs: Uint32Array;
  /** With the header, which stays as long as anything does. */
  readonly usedBytes: Float64Array;
  readonly unusedBytes: Float64Array;
  readonly uncompressedBytes: Float64Array;
  /** Bits: 1 holds data, 2 holds trees. */
  readonly types: Uint8Array;

  constructor(count: number) {
    this.count = count;
    this.usedBlobs = new Uint32Array(count);
    this.unusedBlobs = new Uint32Array(count);
    this.duplicateBlobs = new Uint32Array(count);
    this.usedBytes = new Float64Array(count).fill(headerBytes(0, 0));
    this.unusedBytes = new Float64Array(count);
    this.uncompressedBytes = new Float64Array(count);
    this.types = new Uint8Array(count);
  }

  /** Size that the file must have. */
  size(pack: number): number {
    return this.usedBytes[pack]! + this.unusedBytes[pack]!;
  }

  isMixed(pack: number): boolean {
    return this.types[pack] === 3;
  }

  /** Holds data and nothing else. */
  isData(pack: number): boolean {
    return this.types[pack] === 1;
  }

  add(type: BlobType, { pack, length, rawLength }: BlobLocation, kind: BlobKind): void {
    this.types[pack]! |= type === "data" ? 1 : 2;
    this.usedBytes[pack]! += entryBytes(rawLength > 0);
    if (rawLength === 0 && length > EMPTY_BLOB) this.uncompressedBytes[pack]! += length;
    if (kind === "used") {
      this.usedBlobs[pack]!++;
      this.usedBytes[pack]! += length;
    } else {
      this.unusedBlobs[pack]!++;
      this.unusedBytes[pack]! += length;
      if (kind === "duplicate") this.duplicateBlobs[pack]!++;
    }
  }

  /** One of the copies of a used blob becomes the one that counts. */
  choose({ pack, length }: BlobLocation): void {
    this.usedBlobs[pack]!++;
    this.unusedBlobs[pack]!--;
    this.duplicateBlobs[pack]!--;
    this.usedBytes[pack]! += length;
    this.unusedBytes[pack]! -= length;
  }
}

type BlobKind = "used" | "unused" | "duplicate";

/** A measurement, and the copies beyond the first of used blobs. */
export interface MeasuredPacks {
  readonly usage: PackUsage;
  readonly duplicateBlobs: number;
  readonly duplicateBytes: number;
}

/**
 * Counts copies, then usage. Of a blob with several copies one is chosen to count as used: in a
 * pack that holds other used blobs or nothing but copies, else the last one.
 */
export function measurePacks(index: BlobIndex, used: UsedBlobs): MeasuredPacks {
  countCopies(index, used);
  const usage = new PackUsage(index.packCount);
  let copies = 0;
  let bytes = 0;
  index.forEach((type, id, location) => {
    const set = used[type];
    const number = set.find(id);
    const kind = number < 0 ? "unused" : set.copies(number) === 1 ? "used" : "duplicate";
    usage.add(type, location, kind);
    if (kind !== "duplicate") return;
    copies++;
    bytes += location.length;
  });
  if (copies === 0) return { usage, duplicateBlobs: 0, duplicateBytes: 0 };
  const chosen = chooseCopies(index, used, usage);
  return {
    usage,
    duplicateBlobs: copies - chosen.blobs,
    duplicateBytes: bytes - chosen.bytes,
  };
}

function countCopies(index: BlobIndex, used: UsedBlobs): void {
  index.forEach((type, id) => {
    const number = used[type].find(id);
    if (number >= 0) used[type].setCopies(number, used[type].copies(number) + 1);
  });
}

/** Sets the copies of each chosen blob to 1; until then 0 stands for "one left to look at". */
function chooseCopies(
  index: BlobIndex,
  used: UsedBlobs,
  usage: PackUsage,
): { readonly blobs: number; readonly bytes: number } {
  let blobs = 0;
  let bytes = 0;
  index.forEach((type, id, location) => {
    const set = used[type];
    const number = set.find(id);
    const copies = number < 0 ? 1 : set.copies(number);
    if (copies === 1) return;
    const { pack } = location;
    const onlyCopies = usage.duplicateBlobs[pack] === usage.unusedBlobs[pack];
    if (usage.usedBlobs[pack]! === 0 && !onlyCopies && copies !== 0) {
      set.setCopies(number, copies === 2 ? 0 : copies - 1);
      return;
    }
    usage.choose(location);
    set.setCopies(number, 1);
    blobs++;
    bytes += location.length;
  });
  return { blobs, bytes };
}

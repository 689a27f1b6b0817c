/** The figures of a plan, as restic's text shows them. */
import type { Fate } from "#operations/prune/choose-packs.ts";
import type { ListedPacks } from "#operations/prune/load-state.ts";
import type { MeasuredPacks, PackUsage } from "#operations/prune/pack-usage.ts";
import type { Amount, PruneStats } from "#operations/prune/prune-types.ts";

/** Adds up; bytes of packs that are gone from the storage count as if they were there. */
export function statsOf(
  { usage, duplicateBlobs, duplicateBytes }: MeasuredPacks,
  listed: ListedPacks,
  fates: readonly Fate[],
  version: 1 | 2,
): PruneStats {
  const used = sum(usage, () => true, "used");
  const unused = sum(usage, () => true, "unused");
  const has = (fate: Fate) => (pack: number) => fates[pack] === fate;
  const isUsed = (pack: number): boolean => usage.usedBlobs[pack]! > 0;
  const isPartly = (pack: number): boolean => isUsed(pack) && usage.unusedBlobs[pack]! > 0;
  const count = (test: (pack: number) => boolean): number => fates.filter((_, i) => test(i)).length;
  const remove = add(sum(usage, has("remove"), "used"), sum(usage, has("remove"), "unused"));
  const repackRemove = sum(usage, has("repack"), "unused");
  const repack = add(sum(usage, has("repack"), "used"), repackRemove);
  const unusedAfter = sum(usage, has("keep"), "unused");
  const keptUsed = add(sum(usage, has("keep"), "used"), sum(usage, has("repack"), "used"));
  return {
    used,
    duplicate: { blobs: duplicateBlobs, bytes: duplicateBytes },
    unused: { blobs: unused.blobs - duplicateBlobs, bytes: unused.bytes - duplicateBytes },
    remove,
    repack,
    repackRemove,
    unindexedBytes: listed.unindexed.reduce((total, { size }) => total + size, 0),
    uncompressedBytes: version === 1 ? 0 : uncompressed(usage, fates),
    unusedAfter,
    remaining: add(keptUsed, unusedAfter),
    packs: {
      used: count((pack) => isUsed(pack) && !isPartly(pack)),
      partlyUsed: count(isPartly),
      unused: count((pack) => !isUsed(pack)),
      unindexed: listed.unindexed.length,
      keep: count(has("keep")),
      repack: count(has("repack")),
      remove: count(has("remove")),
    },
  };
}

function sum(usage: PackUsage, test: (pack: number) => boolean, kind: "used" | "unused"): Amount {
  const [blobCounts, byteCounts] =
    kind === "used" ? [usage.usedBlobs, usage.usedBytes] : [usage.unusedBlobs, usage.unusedBytes];
  let blobs = 0;
  let bytes = 0;
  for (let pack = 0; pack < usage.count; pack++) {
    if (!test(pack)) continue;
    blobs += blobCounts[pack]!;
    bytes += byteCounts[pack]!;
  }
  return { blobs, bytes };
}

function uncompressed(usage: PackUsage, fates: readonly Fate[]): number {
  return usage.uncompressedBytes.reduce(
    (total, bytes, pack) => (fates[pack] === "keep" ? total + bytes : total),
    0,
  );
}

function add(a: Amount, b: Amount): Amount {
  return { blobs: a.blobs + b.blobs, bytes: a.bytes + b.bytes };
}

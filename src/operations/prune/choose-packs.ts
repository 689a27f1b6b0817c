/**
 * Which packs stay, are repacked or go: the rules of docs/format.md, section 15. Pure, over the
 * measured usage.
 */
import type { PackUsage } from "#operations/prune/pack-usage.ts";
import type { MaxUnused, PruneOptions } from "#operations/prune/prune-types.ts";

export type Fate = "keep" | "repack" | "remove";

/** Packs below this share of the larger of the two sizes below are worth merging. */
const SMALL_SHARE = 0.8;
/** The smallest target size that clients offer. */
const SMALLEST_TARGET = 4 * 1024 * 1024;
/** Sizes below this percentile are unusually small for the repository. */
const SMALL_PERCENTILE = 3;
/** Fewer small packs are not worth the trouble; it also ends the repacking of a last small one. */
const MIN_SMALL_PACKS = 10;

const DEFAULT_MAX_UNUSED: MaxUnused = { kind: "percent", percent: 5 };

interface Candidate {
  readonly pack: number;
  readonly isTooSmall: boolean;
  readonly mustCompress: boolean;
}

/** Fate of each pack by its number. @param version of the repository */
export function choosePacks(usage: PackUsage, version: 1 | 2, options: PruneOptions): Fate[] {
  const fates: Fate[] = Array.from({ length: usage.count }, () => "keep");
  const small = smallBelow(usage, options);
  const candidates: Candidate[] = [];
  const smallCandidates: Candidate[] = [];
  for (let pack = 0; pack < usage.count; pack++) {
    if (usage.usedBlobs[pack] === 0) {
      fates[pack] = "remove";
      continue;
    }
    const isOnlyData = usage.isData(pack);
    const mayCompress = version === 2 && usage.uncompressedBytes[pack]! > 0;
    const mustCompress = mayCompress && (!isOnlyData || options.repackUncompressed === true);
    const isTooSmall = usage.size(pack) < small;
    const candidate = { pack, isTooSmall, mustCompress };
    if (isOnlyData && options.repackCacheableOnly === true) continue;
    const isFullyUsed = usage.unusedBlobs[pack] === 0;
    if (!isFullyUsed || usage.isMixed(pack) || mustCompress) candidates.push(candidate);
    else if (isTooSmall) smallCandidates.push(candidate);
  }
  if (options.noRepack === true) return fates;
  if (smallCandidates.length >= MIN_SMALL_PACKS) candidates.push(...smallCandidates);
  candidates.sort((a, b) => compareCandidates(usage, a, b));
  walk(usage, candidates, options, fates);
  return fates;
}

/** Bytes below which a pack is too small. */
function smallBelow(usage: PackUsage, { repackSmallerThan = 0 }: PruneOptions): number {
  const sizes = Float64Array.from({ length: usage.count }, (_, pack) =>
    usage.size(pack),
  ).toSorted();
  const percentile = sizes[Math.floor((sizes.length * SMALL_PERCENTILE) / 100)] ?? 0;
  return Math.max(SMALL_SHARE * Math.max(SMALLEST_TARGET, percentile), repackSmallerThan);
}

/** Trees and mixed packs first, then small ones, then those with the largest unused share. */
function compareCandidates(usage: PackUsage, a: Candidate, b: Candidate): number {
  const share = (pack: number): number => usage.unusedBytes[pack]! / usage.usedBytes[pack]!;
  return (
    Number(usage.isData(a.pack)) - Number(usage.isData(b.pack)) ||
    Number(b.isTooSmall) - Number(a.isTooSmall) ||
    share(b.pack) - share(a.pack) ||
    a.pack - b.pack
  );
}

function walk(
  usage: PackUsage,
  candidates: readonly Candidate[],
  options: PruneOptions,
  fates: Fate[],
): void {
  const maxRepack = options.maxRepackBytes ?? Infinity;
  let usedBytes = 0;
  let unusedLeft = 0;
  for (let pack = 0; pack < usage.count; pack++) {
    if (fates[pack] === "remove") continue;
    usedBytes += usage.usedBytes[pack]!;
    unusedLeft += usage.unusedBytes[pack]!;
  }
  const maxUnused = unusedLimit(options.maxUnused ?? DEFAULT_MAX_UNUSED, usedBytes);
  let repacked = 0;
  for (const { pack, isTooSmall, mustCompress } of candidates) {
    if (repacked + usage.size(pack) >= maxRepack) continue;
    const isChoice = usage.isData(pack) && !mustCompress && !isTooSmall;
    if (isChoice && unusedLeft < maxUnused) continue;
    fates[pack] = "repack";
    repacked += usage.size(pack);
    unusedLeft -= usage.unusedBytes[pack]!;
  }
}

/** Bytes that may stay unused beside so many used ones. */
export function unusedLimit(limit: MaxUnused, usedBytes: number): number {
  switch (limit.kind) {
    case "unlimited":
      return Infinity;
    case "bytes":
      return limit.bytes;
    case "percent":
      return (limit.percent / (100 - limit.percent)) * usedBytes;
  }
}

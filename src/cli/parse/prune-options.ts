/** The options of `prune`, and of `forget --prune`. */
import { CofferError } from "#base/errors.ts";
import { parseSize } from "#cli/parse/sizes.ts";
import type { Settings } from "#cli/settings.ts";
import type { MaxUnused, PackSettings, PruneOptions } from "#operations/prune/prune-types.ts";

export interface PruneCliOptions {
  readonly maxUnused: string;
  readonly maxRepackSize?: string | undefined;
  readonly repackCacheableOnly?: true | undefined;
  readonly repackSmall?: true | undefined;
  readonly repackSmallerThan?: string | undefined;
  readonly repackUncompressed?: true | undefined;
}

const DEFAULT_PACK_SIZE = 16 * 1024 * 1024;
/** restic's share of the target size below which a pack counts as small. */
const SMALL_SHARE = 0.8;

/** @throws BAD_OPTION naming the option */
export function parsePruneOptions(options: PruneCliOptions, settings: Settings): PruneOptions {
  const { maxRepackSize, repackSmallerThan } = options;
  if (options.repackUncompressed === true && settings.compression === "off") {
    throw refusal("disabled compression and --repack-uncompressed are mutually exclusive");
  }
  const small = options.repackSmall === true ? SMALL_SHARE * packSize(settings) : 0;
  return {
    maxUnused: parseMaxUnused(options.maxUnused),
    maxRepackBytes:
      maxRepackSize === undefined ? undefined : parseSize("--max-repack-size", maxRepackSize),
    repackCacheableOnly: options.repackCacheableOnly === true,
    repackUncompressed: options.repackUncompressed === true,
    repackSmallerThan:
      repackSmallerThan === undefined
        ? small
        : Math.max(small, parseSize("--repack-smaller-than", repackSmallerThan)),
  };
}

/** How the settings want new packs. */
export function packSettings(settings: Settings): PackSettings {
  const { compression, extraVerify } = settings;
  return { compression, packSize: packSize(settings), verify: extraVerify };
}

function packSize(settings: Settings): number {
  return settings.packSizeBytes ?? DEFAULT_PACK_SIZE;
}

/** `5%`, a size, or `unlimited`. @throws BAD_OPTION */
export function parseMaxUnused(text: string): MaxUnused {
  const value = text.trim();
  if (value === "unlimited") return { kind: "unlimited" };
  const percent = /^(\d+(?:\.\d+)?)%$/.exec(value);
  if (!percent) return { kind: "bytes", bytes: parseSize("--max-unused", value) };
  if (Number(percent[1]) >= 100) throw refusal("--max-unused must be below 100%");
  return { kind: "percent", percent: Number(percent[1]) };
}

function refusal(message: string): CofferError {
  return new CofferError("BAD_OPTION", message);
}

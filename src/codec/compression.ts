/**
 * Which zstd level a compression mode means, and which blobs are not worth compressing.
 * docs/format.md, section 11; figures: docs/adr/0003-kernels.md.
 */
import type { CompressionMode, Zstd } from "#codec/zstd.ts";

/** restic's names on reference zstd's levels. */
const LEVELS: Readonly<Record<CompressionMode, number>> = {
  // `off` stores data blobs plain; trees and unpacked files are compressed even then.
  off: 2,
  fastest: 1,
  // A little smaller than restic's auto on a real tree, at 1.4 times level 3's speed.
  auto: 2,
  better: 7,
  max: 11,
};

/** The reference zstd level of a mode. */
export function compressionLevel(mode: CompressionMode): number {
  return LEVELS[mode];
}

/** Below this a probe costs as much as compressing. */
const PROBED_FROM = 128 * 1024;
const PROBE_LENGTH = 8 * 1024;
/** Random data gives 100.1 %; below this, level 2 saves enough to be worth its time. */
const WORTH_BELOW = 0.98;

/**
 * False when three samples (start, middle, end) hardly shrink at level 1: such a blob is stored
 * raw. Blobs under 128 KiB are always worth a try. About 50 µs.
 */
export function worthCompressing(zstd: Zstd, bytes: Uint8Array): boolean {
  if (bytes.length < PROBED_FROM) return true;
  const last = bytes.length - PROBE_LENGTH;
  let packed = 0;
  for (const at of [0, last >>> 1, last]) {
    packed += zstd.compress(bytes.subarray(at, at + PROBE_LENGTH), 1).length;
  }
  return packed <= 3 * PROBE_LENGTH * WORTH_BELOW;
}

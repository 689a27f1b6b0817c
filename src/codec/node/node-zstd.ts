/** Zstandard from Node's own zlib. docs/format.md, section 11. */
import { createPublicZstd } from "#codec/node/public-zstd.ts";
import { tryReusedZstd } from "#codec/node/reused-zstd.ts";
import type { Zstd } from "#codec/zstd.ts";

/**
 * The fastest route that this Node offers, found by a self-test of about 2 ms. One instance per
 * thread. Holds about 3 MiB of native memory for each level in use.
 */
export function createNodeZstd(): Zstd {
  return tryReusedZstd() ?? createPublicZstd();
}

/** Zstandard from Node's own zlib. docs/format.md, section 11. */
import { createPublicZstd } from "#codec/node/public-zstd.ts";
import type { Zstd } from "#codec/zstd.ts";

/** The fastest route that this Node offers. One instance per thread. */
export function createNodeZstd(): Zstd {
  return createPublicZstd();
}

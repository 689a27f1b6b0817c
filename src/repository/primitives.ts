/**
 * The outside world as the repository layer sees it; one set per thread, made by an entry point.
 */
import type { Clock } from "#base/clock.ts";
import type { Random } from "#base/random.ts";
import type { ChunkerFactory } from "#chunker/chunker.ts";
import type { Zstd } from "#codec/zstd.ts";
import type { Crypto } from "#crypto/crypto.ts";
import type { BlobIndex } from "#repository/blob-index.ts";

export interface Primitives {
  readonly crypto: Crypto;
  readonly zstd: Zstd;
  readonly createChunker: ChunkerFactory;
  readonly clock: Clock;
  readonly random: Random;
  /** An empty index, or one attached to the memory that another thread shared. */
  createBlobIndex(shared?: unknown): BlobIndex;
}

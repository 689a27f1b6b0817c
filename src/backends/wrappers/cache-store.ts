/**
 * Where a cache keeps its copies. An implementation may lose any copy at any time, but never gives
 * one that is still being written; `node/cache-store.ts` keeps them in files.
 */
import type { CallOptions, FileRef, FileType } from "#backends/backend.ts";

/** Types that are worth a copy; of packs only those whose caller says so. */
export const CACHED_TYPES = ["snapshot", "index", "pack"] as const satisfies readonly FileType[];

export interface CacheStore {
  /**
   * The copy's bytes, or exactly the given range of them; undefined when there is no copy or it is
   * too short. The bytes become the caller's.
   */
  read(file: FileRef, offset?: number, length?: number): Promise<Uint8Array | undefined>;
  /** Keeps a copy; replaces one that is there. The parts stay the caller's. */
  write(file: FileRef, parts: readonly Uint8Array[]): Promise<void>;
  /** Drops a copy; nothing happens when there is none. */
  remove(file: FileRef): Promise<void>;
  /** Names of all copies of a type. */
  list(type: FileType, options?: CallOptions): Promise<string[]>;
}

/**
 * What a backup reads from: a file system, or a made-up one in tests. Synchronous on purpose: it is
 * called inside worker threads, where synchronous calls beat Node's thread pool
 * (docs/performance.md).
 *
 * Paths are raw bytes (names need not be UTF-8), absolute, `/`-separated, without `.`/`..`/empty
 * parts; the root is `/`. Paths may be longer than the system's limit: implementations walk by
 * descriptors.
 */
import type { NodeMeta } from "#format/node.ts";

export type RawPath = Uint8Array;

export interface SourceFile {
  /** Metadata by descriptor, taken after opening. First use must come before `close`. */
  readonly meta: NodeMeta;
  /**
   * Reads up to `length` bytes into `into[at…]`, at the current position or at the given one (which
   * leaves the current one alone); 0 means end of file.
   */
  read(into: Uint8Array, at: number, length: number, position?: number): number;
  close(): void;
}

export interface SourceTree {
  /**
   * Raw names in a folder, any order, without `.` and `..`. They may be views of shared buffers: do
   * not write to them and do not transfer their buffers.
   * @throws an Error with a system code (`ENOENT`, `EACCES`, …)
   */
  list(directory: RawPath): Uint8Array[];
  /**
   * Everything about one entry, links not followed: type, mode, times, owner and names, inode, link
   * target, extended attributes. Times keep their nanoseconds.
   * @throws an Error with a system code
   */
  lstat(path: RawPath): NodeMeta;
  /**
   * Opens a regular file without following a final symlink.
   * @throws an Error with a system code; `ENOTREG` when it is no longer a regular file
   */
  open(path: RawPath): SourceFile;
}

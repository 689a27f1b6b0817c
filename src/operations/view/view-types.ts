/** A read-only tree of all snapshots, for whatever shows files: WebDAV today. */
import type { Timestamp } from "#base/timestamp.ts";

export interface ViewEntry {
  /** Raw bytes of the name; empty for the root. */
  readonly name: Uint8Array;
  readonly isFolder: boolean;
  /** Bytes; 0 for folders. */
  readonly size: number;
  readonly mtime: Timestamp;
  /** Data-blob ids of a file, joined. */
  readonly content: Uint8Array;
}

export interface View {
  /** The entry at a path, or undefined. @throws what loading trees throws */
  find(path: readonly Uint8Array[]): Promise<ViewEntry | undefined>;
  /** What a folder holds; undefined for what is no folder. @throws what loading trees throws */
  list(path: readonly Uint8Array[]): Promise<readonly ViewEntry[] | undefined>;
}

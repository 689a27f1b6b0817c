/** What a backup is asked to do, and what it answers. Plain data. */
import type { Timestamp } from "#base/timestamp.ts";
import type { CompressionMode } from "#codec/zstd.ts";
import type { SnapshotSummary } from "#format/snapshot-summary.ts";

/** Which entries of the sources are left out. */
export interface ExcludeOptions {
  /** `--exclude`, in order; later `!pattern` takes a match back. */
  readonly patterns: readonly string[];
  /** `--iexclude`. */
  readonly insensitivePatterns: readonly string[];
  /** `--exclude-if-present name[:header]`. */
  readonly ifPresent: readonly string[];
  /** `--exclude-caches`: folders with a valid CACHEDIR.TAG keep only that file. */
  readonly caches: boolean;
  /** `--exclude-larger-than`, bytes; files above are left out. */
  readonly largerThan?: number | undefined;
  /** `--one-file-system`. */
  readonly oneFileSystem: boolean;
}

export interface ChangeDetection {
  readonly ignoreCtime: boolean;
  readonly ignoreInode: boolean;
}

export interface BackupOptions {
  /** Raw paths, absolute and clean, with how each appears in the tree. */
  readonly sources: readonly BackupSource[];
  /** Absolute paths as stored in the snapshot. */
  readonly paths: readonly string[];
  readonly exclude: ExcludeOptions;
  /** Patterns as stored in the snapshot. */
  readonly storedExcludes: readonly string[];
  readonly change: ChangeDetection;
  readonly tags: readonly string[];
  readonly hostname: string;
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly time: Timestamp;
  /** Snapshot to compare with: its id and root tree (64 hex); absent: everything is read. */
  readonly parent?: { readonly id: string; readonly tree: string } | undefined;
  readonly skipIfUnchanged: boolean;
  readonly dryRun: boolean;
  readonly compression: CompressionMode;
  /** Blob bytes at which a pack is closed. */
  readonly packSize: number;
  /** Decrypt and decompress every blob before it is stored. */
  readonly verify: boolean;
  /** Count files and bytes first, for a percentage. */
  readonly scan: boolean;
  /** Report every item (`-vv`). */
  readonly reportItems: boolean;
  readonly programVersion: string;
}

/** One source: where it is read from, and its place in the tree. */
export interface BackupSource {
  /** Absolute raw path. */
  readonly path: Uint8Array;
  /**
   * The folders above the source that appear in the tree, outermost first: the tree name and the
   * raw path that its metadata is read from. Empty for a source at the top of the tree.
   */
  readonly parents: readonly { readonly name: Uint8Array; readonly path: Uint8Array }[];
  /** Name in the tree; undefined: the folder's entries stand in its place (`.` and `/`). */
  readonly name: Uint8Array | undefined;
}

/** A file or folder that could not be saved; the rest was. */
export interface ItemError {
  /** Raw path. */
  readonly path: Uint8Array;
  readonly during: "scan" | "archival";
  /** System code where there is one: EACCES, EIO, ENOENT. */
  readonly code: string;
  readonly message: string;
}

export type ItemAction = "new" | "modified" | "unchanged";

export interface ItemEvent {
  readonly kind: "item";
  readonly action: ItemAction;
  readonly type: "file" | "dir";
  readonly path: Uint8Array;
  /** Bytes of the item: file size, or plaintext size of the folder's tree. */
  readonly size: number;
  /** Bytes newly stored for it, plaintext and packed. */
  readonly added: number;
  readonly addedPacked: number;
}

export type BackupEvent =
  | { readonly kind: "started"; readonly parent: string | undefined }
  | {
      readonly kind: "scanned";
      readonly files: number;
      readonly bytes: number;
      readonly done: boolean;
    }
  | {
      readonly kind: "progress";
      readonly files: number;
      readonly bytes: number;
      readonly errors: number;
      /** Paths being read now. */
      readonly current: readonly Uint8Array[];
    }
  | { readonly kind: "error"; readonly error: ItemError }
  /** Something a person should know although nothing is missing from the snapshot. */
  | { readonly kind: "warning"; readonly path: Uint8Array; readonly message: string }
  | { readonly kind: "checkpoint"; readonly files: number }
  | ItemEvent;

export interface BackupResult {
  /** 64 hex; undefined for a skipped one. A dry run has none either. */
  readonly snapshotId: string | undefined;
  /** Root tree, 64 hex. */
  readonly tree: string;
  readonly parent: string | undefined;
  readonly summary: SnapshotSummary;
  /** Items that are missing from the snapshot. Exit code 3 when above 0. */
  readonly errors: number;
  readonly dryRun: boolean;
  readonly skipped: boolean;
}

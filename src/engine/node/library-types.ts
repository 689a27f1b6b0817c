/**
 * What users of the library hand in and get back, where it differs from the operations' own types.
 */
import type { CofferError } from "#base/errors.ts";
import type { CompressionMode } from "#codec/zstd.ts";
import type { Timestamp } from "#base/timestamp.ts";
import type { NodeType } from "#format/node.ts";
import type { LsSort } from "#operations/ls.ts";
import type { RestoreOptions } from "#operations/restore/options.ts";

/** Which repository, and how to open it. */
export interface OpenOptions {
  /** As on the command line: a path, or `scheme:address`. */
  readonly location: string;
  /** Text is taken as UTF-8. Bytes stay the caller's. */
  readonly password: string | Uint8Array;
  /** Start of the id of the key to try first, where a repository has many. */
  readonly keyHint?: string | undefined;
  /**
   * Worker threads of backup, restore and check; default one per processor. 0: the calling thread.
   */
  readonly threads?: number | undefined;
  /**
   * Where interrupted backups leave a small sealed record, so that the next one goes on from there;
   * default the user's cache folder. `false`: nowhere.
   */
  readonly checkpointFolder?: string | false | undefined;
  /** How long to wait for another's lock; default not at all. */
  readonly retryLockForMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of things that do not stop the work, such as an unreadable lock file. */
  readonly onWarning?: ((warning: CofferError) => void) | undefined;
}

export interface InitOptions extends OpenOptions {
  /** Format version; default 2. */
  readonly version?: 1 | 2 | undefined;
}

/** What a backup saves, and how. */
export interface LibraryBackupOptions {
  /**
   * Files and folders; relative ones start at the working folder. Bytes for names that are not
   * UTF-8.
   */
  readonly sources: readonly (string | Uint8Array)[];
  /** Patterns as of `--exclude`; a later `!pattern` takes a match back. */
  readonly exclude?: readonly string[] | undefined;
  /** The same, upper and lower case being one. */
  readonly iexclude?: readonly string[] | undefined;
  /** `name` or `name:header`: a folder with such a file is left out. */
  readonly excludeIfPresent?: readonly string[] | undefined;
  /** Leave out the content of folders marked by a CACHEDIR.TAG. */
  readonly excludeCaches?: boolean | undefined;
  readonly excludeLargerThanBytes?: number | undefined;
  readonly oneFileSystem?: boolean | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Default this machine's. */
  readonly hostname?: string | undefined;
  /** Default now. */
  readonly time?: Timestamp | undefined;
  /**
   * Snapshot to compare with (id, prefix, `latest`); default the newest of the same host and
   * sources. `null`: read every file.
   */
  readonly parent?: string | null | undefined;
  readonly skipIfUnchanged?: boolean | undefined;
  /** Read and count everything, store nothing. */
  readonly dryRun?: boolean | undefined;
  /** Default `auto`. */
  readonly compression?: CompressionMode | undefined;
  /** Bytes at which a pack is closed; default 16 MiB. */
  readonly packSize?: number | undefined;
  /** Decrypt and decompress every blob before it is stored; default true. */
  readonly verify?: boolean | undefined;
  /** Count files and bytes first, for a percentage in progress events. */
  readonly countAhead?: boolean | undefined;
  /** Emit an event for each item. */
  readonly reportItems?: boolean | undefined;
}

/** As the operation's, but the tree is named by a snapshot. */
export interface LibraryRestoreOptions extends Omit<RestoreOptions, "tree"> {
  /** An id, a prefix of one, `latest`, or any of them with `:/folder` for a part. */
  readonly snapshot: string;
}

export interface ListOptions {
  /** Paths within the snapshot; only they and what lies directly in them. Default everything. */
  readonly paths?: readonly string[] | undefined;
  /** With paths: also what lies deeper. */
  readonly recursive?: boolean | undefined;
  readonly sort?: LsSort | undefined;
  readonly reverse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An entry of a snapshot. */
export interface ListedEntry {
  /** From `/`; bytes that are not UTF-8 show as U+FFFD. Not safe to print to a terminal. */
  readonly path: string;
  /** The same, exact. */
  readonly rawPath: Uint8Array;
  readonly type: NodeType;
  /** Bytes; 0 for all but files. */
  readonly size: number;
  /** Permission bits with setuid, setgid and sticky, as `chmod` takes them. */
  readonly permissions: number;
  readonly mtime: Timestamp;
  readonly uid: number;
  readonly gid: number;
  /** Owner's names when the backup was made; empty when unknown. */
  readonly user: string;
  readonly group: string;
  /** Of symlinks; bytes that are not UTF-8 show as U+FFFD. */
  readonly linkTarget: string | undefined;
}

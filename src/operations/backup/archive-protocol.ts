/** What the coordinator of a backup and its threads tell each other. Plain data. */
import type {
  ChangeDetection,
  ExcludeOptions,
  ItemError,
  ItemEvent,
} from "#operations/backup/options.ts";
import type { PackRemainder } from "#repository/pack-writer.ts";
import type { SavedCounts } from "#repository/blob-saver.ts";
import type { FinishedPack } from "#repository/finished-pack.ts";
import type { SaverSettings } from "#repository/create-saver.ts";

/** Settings of one backup, given to each thread once. */
export interface ArchiveSettings extends SaverSettings {
  readonly dryRun: boolean;
  readonly exclude: ExcludeOptions;
  readonly change: ChangeDetection;
  /** Devices of the sources, for `--one-file-system`. */
  readonly devices: readonly bigint[];
  readonly reportItems: boolean;
}

/**
 * Trees of earlier runs that the same folder had: the parent snapshot's, and the last checkpoint's
 * of an interrupted run. 32-byte ids.
 */
export interface PreviousTrees {
  readonly parent: Uint8Array | undefined;
  readonly checkpoint: Uint8Array | undefined;
}

/** A folder below the one just read. */
export interface FolderHole {
  readonly kind: "folder";
  readonly name: Uint8Array;
  /** The node's bytes up to its subtree id; `completeFolder` adds the rest. */
  readonly head: Uint8Array;
  readonly previous: PreviousTrees;
  /** The entry was in the parent snapshot. */
  readonly known: boolean;
  readonly deviceAllowed: boolean;
}

/** A large file, to be read by a task of its own. */
export interface FileHole {
  readonly kind: "file";
  readonly name: Uint8Array;
  readonly known: boolean;
}

/** Encoded nodes joined by commas, or something still to be done at that place. */
export type Part = Uint8Array | FolderHole | FileHole;

export interface ItemCounts {
  filesNew: number;
  filesChanged: number;
  filesUnmodified: number;
  /** Size of all files, read or not. */
  bytes: number;
}

/** Common to every answer of a thread. */
export interface Report {
  readonly counts: ItemCounts;
  /** Bytes read or skipped since the thread's last progress event. */
  readonly progress: number;
  readonly errors: readonly ItemError[];
  readonly warnings: readonly { readonly path: Uint8Array; readonly message: string }[];
  readonly items: readonly ItemEvent[];
}

export interface FolderInput {
  readonly path: Uint8Array;
  readonly previous: PreviousTrees;
  readonly deviceAllowed: boolean;
  /** Only these entries, in ascending order: a slice of a large folder. */
  readonly names?: readonly Uint8Array[] | undefined;
}

export interface FolderOutput extends Report {
  /** The folder is too large for one task: its names, to be cut into slices. */
  readonly names?: readonly Uint8Array[] | undefined;
  readonly parts: readonly Part[];
  /** Set when nothing was left open and the tree is stored already. */
  readonly tree?: StoredTree | undefined;
  /** The folder could not be listed; its error is in `errors`. */
  readonly failed: boolean;
}

/** One explicitly named entry: a source, or a folder above one. */
export interface EntryInput {
  readonly path: Uint8Array;
  /** Name in the tree. */
  readonly name: Uint8Array;
  readonly previous: PreviousTrees;
  /** A folder above a source: only its metadata is wanted, and a symlink to it is followed. */
  readonly above: boolean;
  /** Named by the person: never excluded. */
  readonly explicit: boolean;
}

export interface EntryOutput extends Report {
  /** Undefined when the entry is missing, unreadable or a socket. */
  readonly part: Part | undefined;
}

export interface FileInput {
  readonly path: Uint8Array;
  readonly name: Uint8Array;
  readonly known: boolean;
  /** Where an earlier task stopped; offset of a chunk boundary. */
  readonly resume?: FileProgress | undefined;
}

export interface FileProgress {
  readonly offset: number;
  readonly content: Uint8Array;
  readonly inode: bigint;
  readonly deviceId: bigint;
  readonly added: number;
  readonly addedPacked: number;
}

export interface FileOutput extends Report {
  readonly node?: Uint8Array | undefined;
  readonly resume?: FileProgress | undefined;
}

export interface TreeInput {
  readonly parts: readonly Uint8Array[];
}

export interface StoredTree {
  readonly id: Uint8Array;
  readonly size: number;
  /** Plaintext and packed bytes newly stored; 0 when it was there. */
  readonly added: number;
  readonly addedPacked: number;
}

export interface FlushOutput {
  readonly remainders: readonly PackRemainder[];
  readonly counts: SavedCounts;
}

/** Something of an entry is not in its metadata because it could not be read. */
export interface SourceWarningEvent {
  readonly kind: "source-warning";
  readonly path: Uint8Array;
  readonly message: string;
}

export type ThreadEvent =
  | SourceWarningEvent
  | { readonly kind: "archive-progress"; readonly bytes: number; readonly path: Uint8Array }
  | { readonly kind: "archive-pack"; readonly pack: FinishedPack };

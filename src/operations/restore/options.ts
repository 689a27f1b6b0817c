/** What a restore is asked to do, tells meanwhile, and answers. Plain data, restic's vocabulary. */
import type { CofferError } from "#base/errors.ts";

/** What happens to files that exist on the target; see docs for restic's `--overwrite`. */
export type OverwriteMode = "always" | "if-changed" | "if-newer" | "never";

export interface RestoreOptions {
  /** 64 hex digits of the tree to restore: a snapshot's, or that of a folder in it. */
  readonly tree: string;
  /** The folder to restore into; made when missing. */
  readonly target: string;
  /** Patterns of paths within the tree. Includes and excludes cannot be combined. */
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  /** The same, upper and lower case being one. */
  readonly iinclude?: readonly string[] | undefined;
  readonly iexclude?: readonly string[] | undefined;
  /** Patterns of extended attribute names; by default all are restored. */
  readonly includeXattr?: readonly string[] | undefined;
  readonly excludeXattr?: readonly string[] | undefined;
  readonly overwrite?: OverwriteMode | undefined;
  /** Remove what is in restored folders but not in the snapshot; filters apply to that too. */
  readonly delete?: boolean | undefined;
  /** Change nothing, but compare and report what would be done. */
  readonly dryRun?: boolean | undefined;
  /** Leave holes for runs of zeros in new files. */
  readonly sparse?: boolean | undefined;
  /** Read all written files again and compare them with the snapshot. */
  readonly verify?: boolean | undefined;
  /** Owners by the recorded names, where this machine knows them, instead of by number. */
  readonly ownershipByName?: boolean | undefined;
  /** Emit an event for each item. Costs about a microsecond each. */
  readonly reportItems?: boolean | undefined;
  /** Refuse snapshots of more entries: about 100 bytes of memory each. Default 50 million. */
  readonly maxEntries?: number | undefined;
}

/** Counts as restic reports them: folders and links count as files of size 0. */
export interface RestoreCounters {
  totalFiles: number;
  filesRestored: number;
  filesSkipped: number;
  filesDeleted: number;
  totalBytes: number;
  bytesRestored: number;
  bytesSkipped: number;
}

/**
 * `updated`: existed with other content. `unchanged`: existed and was left, or only metadata set.
 */
export type RestoreAction = "restored" | "updated" | "unchanged" | "deleted";

export type RestoreEvent =
  /** Counters so far. Sent often: listeners thin them out. */
  | { readonly kind: "status"; readonly counters: Readonly<RestoreCounters> }
  | {
      readonly kind: "item";
      readonly action: RestoreAction;
      /** Path within the tree, from `/`; bytes that are not UTF-8 show as U+FFFD. Not escaped. */
      readonly item: string;
      /** Bytes. */
      readonly size: number;
    }
  | { readonly kind: "error"; readonly item: string; readonly error: CofferError }
  /** Once for each kind of thing that this machine could not set; not an error. */
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "phase"; readonly phase: RestorePhase };

export type RestorePhase =
  | "select"
  | "folders"
  | "compare"
  | "content"
  | "links"
  | "delete"
  | "metadata"
  | "verify";

export interface RestoreResult extends Readonly<RestoreCounters> {
  /** Items that were not restored as recorded; each had an error event. Above 0: exit code 1. */
  readonly errors: number;
  /** Files read again and found right; 0 unless asked for. */
  readonly filesVerified: number;
  readonly seconds: number;
}

/** A failure of one item, as a thread reports it. `row` is the item's in its table. */
export interface Failure {
  readonly row: number;
  readonly code: CofferError["code"];
  readonly message: string;
}

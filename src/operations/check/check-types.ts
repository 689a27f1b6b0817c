/** What `check` is asked and what it answers; plain data. */
import type { ErrorCode } from "#base/error-codes.ts";
import type { HexId } from "#format/id.ts";

/** Which packs are read whole. */
export type ReadData =
  | { readonly kind: "none" }
  | { readonly kind: "all" }
  /** Packs whose first id byte modulo `total` is `part` − 1. */
  | { readonly kind: "part"; readonly part: number; readonly total: number }
  /** A random choice. */
  | { readonly kind: "percent"; readonly percent: number }
  | { readonly kind: "bytes"; readonly bytes: number };

export interface CheckOptions {
  /** Default none. */
  readonly readData?: ReadData | undefined;
  /** Only what these snapshots need is walked and read. Default all. */
  readonly snapshots?: readonly HexId[] | undefined;
}

export type ObjectKind = "config" | "key" | "snapshot" | "index" | "pack" | "tree" | "data";

/** An object of the repository: a file, or a blob (`tree`, `data`). */
export interface CheckedObject {
  readonly kind: ObjectKind;
  /** 64 hex digits; `config` for the config. */
  readonly id: string;
}

/** What a damaged object spoils. */
export interface Harm {
  /** Ids of snapshots that need it, newest first; at most {@link MAX_LISTED_SNAPSHOTS}. */
  readonly snapshots: readonly string[];
  readonly snapshotCount: number;
  /** Distinct paths, names quoted as in trees; at most {@link MAX_LISTED_PATHS}. */
  readonly paths: readonly string[];
  /** Places harmed, counting a path once in each snapshot. */
  readonly pathCount: number;
}

export interface CheckError {
  readonly code: ErrorCode;
  readonly object: CheckedObject;
  readonly message: string;
  readonly harm: Harm;
}

export type RemarkCode =
  | "DUPLICATE_PACK"
  | "MIXED_PACK"
  | "UNINDEXED_PACK"
  | "UNSORTED_TREE"
  | "UNSTABLE_READ";

/** Untidy or worth knowing, but nothing is lost. */
export interface CheckRemark {
  readonly code: RemarkCode;
  readonly object: CheckedObject;
  readonly message: string;
}

export interface CheckResult {
  /** Empty exactly when everything looked at is sound. At most {@link MAX_FINDINGS}. */
  readonly errors: readonly CheckError[];
  /** All errors, also those beyond the list. */
  readonly errorCount: number;
  readonly remarks: readonly CheckRemark[];
  readonly remarkCount: number;
  readonly snapshots: number;
  readonly indexFiles: number;
  readonly packs: number;
  readonly trees: number;
  readonly packsRead: number;
  /** Bytes of packs that were read whole. */
  readonly bytesRead: number;
  readonly suggestRepairIndex: boolean;
  readonly suggestPrune: boolean;
  /** Ids of packs that are there but damaged, for `repair packs`. */
  readonly brokenPacks: readonly string[];
}

export type CheckStage = "files" | "indexes" | "packs" | "trees" | "data" | "harm";

export type CheckEvent =
  | {
      readonly kind: "progress";
      readonly stage: CheckStage;
      readonly done: number;
      /** Absent while unknown. */
      readonly total?: number;
      /** Bytes read so far, of `totalBytes`; stage `data` only. */
      readonly bytes?: number;
      readonly totalBytes?: number;
    }
  /** As soon as it is known; what it harms is only in the result. */
  | { readonly kind: "error"; readonly error: Omit<CheckError, "harm"> }
  | { readonly kind: "remark"; readonly remark: CheckRemark };

export const MAX_LISTED_PATHS = 20;
export const MAX_LISTED_SNAPSHOTS = 100;
/** Errors kept one by one; a repository with more is lost in any case. Remarks likewise. */
export const MAX_FINDINGS = 10_000;

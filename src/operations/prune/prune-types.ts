/** What `prune` is asked, what it plans, what it did; plain data. */
import type { CofferError } from "#base/errors.ts";
import type { CompressionMode } from "#codec/zstd.ts";
import type { HexId } from "#format/id.ts";
import type { UsedBlobs } from "#operations/prune/blob-set.ts";

/** How much unused data may stay in packs that are partly used. */
export type MaxUnused =
  | { readonly kind: "unlimited" }
  | { readonly kind: "bytes"; readonly bytes: number }
  /** Of the size of the repository afterwards; 0 to below 100. */
  | { readonly kind: "percent"; readonly percent: number };

export interface PruneOptions {
  /** Default 5 %. */
  readonly maxUnused?: MaxUnused | undefined;
  /** Bytes of packs to repack in one run, at most. Default no limit. */
  readonly maxRepackBytes?: number | undefined;
  /** Leave packs of data that are partly used. */
  readonly repackCacheableOnly?: boolean | undefined;
  /** Version 2: also repack data that is not compressed. */
  readonly repackUncompressed?: boolean | undefined;
  /** Packs below this many bytes count as too small, besides those that always do. */
  readonly repackSmallerThan?: number | undefined;
  /** Nothing is repacked: for a storage without any space left. */
  readonly noRepack?: boolean | undefined;
  /** Snapshots to treat as removed, to plan for after a `forget`. */
  readonly ignoreSnapshots?: ReadonlySet<HexId> | undefined;
}

/** Blobs and bytes; bytes of packs include their headers. */
export interface Amount {
  readonly blobs: number;
  readonly bytes: number;
}

/** Figures of a plan; bytes are stored bytes. */
export interface PruneStats {
  readonly used: Amount;
  /** Further copies of used blobs. */
  readonly duplicate: Amount;
  readonly unused: Amount;
  /** In packs that go as they are. */
  readonly remove: Amount;
  /** In packs that are repacked, used or not. */
  readonly repack: Amount;
  /** What repacking leaves out. */
  readonly repackRemove: Amount;
  /** Bytes of packs that no index names. */
  readonly unindexedBytes: number;
  /** Bytes of blobs that are not compressed after the run; 0 in version 1. */
  readonly uncompressedBytes: number;
  readonly unusedAfter: Amount;
  readonly remaining: Amount;
  readonly packs: {
    readonly used: number;
    readonly partlyUsed: number;
    readonly unused: number;
    readonly unindexed: number;
    readonly keep: number;
    readonly repack: number;
    readonly remove: number;
  };
}

/** A pack to repack. */
export interface RepackedPack {
  readonly id: HexId;
  /** Its number in the blob index. */
  readonly pack: number;
  /** Bytes of the file. */
  readonly size: number;
}

/** What will be done. Nothing has been changed yet. */
export interface PrunePlan {
  readonly stats: PruneStats;
  /** Packs that no index names; removed first. */
  readonly unindexed: readonly HexId[];
  readonly repack: readonly RepackedPack[];
  /** Packs without any used blob. */
  readonly remove: readonly HexId[];
  /** Packs that are gone from the storage and not needed; only the index forgets them. */
  readonly forget: readonly HexId[];
  /** Index files that the plan was made from. */
  readonly indexFiles: readonly string[];
  /** Snapshots that the plan was made from, and those it treated as removed. */
  readonly snapshots: ReadonlySet<HexId>;
  readonly used: UsedBlobs;
}

/** How new packs are made. */
export interface PackSettings {
  readonly compression: CompressionMode;
  /** Blob bytes at which a pack is closed. */
  readonly packSize: number;
  /** Decrypt again what was sealed, before it leaves. */
  readonly verify: boolean;
}

export interface PruneResult {
  readonly stats: PruneStats;
  /** Packs written by repacking. */
  readonly packsWritten: number;
  readonly packsRemoved: number;
  readonly indexFilesWritten: number;
  readonly indexFilesRemoved: number;
  /** Packs that could not be removed; nothing names them, so the next run tries again. */
  readonly packsLeft: readonly HexId[];
}

export type PruneStage =
  | "snapshots"
  | "index"
  | "trees"
  | "packs"
  | "remove-unindexed"
  | "repack"
  | "rewrite-index"
  | "remove-index"
  | "remove-packs";

export type PruneEvent =
  | {
      readonly kind: "progress";
      readonly stage: PruneStage;
      readonly done: number;
      /** Absent while unknown. */
      readonly total?: number;
      readonly bytes?: number;
      readonly totalBytes?: number;
    }
  | { readonly kind: "pack-left"; readonly id: HexId; readonly error: CofferError };

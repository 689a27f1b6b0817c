/** What copying snapshots to another repository takes and reports. */
import type { CompressionMode } from "#codec/zstd.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface CopyOptions {
  /** Of packs in the destination, in bytes. */
  readonly packSize: number;
  /** For blobs that are not compressed yet. */
  readonly compression: CompressionMode;
  /** Decrypt again what was sealed, before it leaves. */
  readonly verify: boolean;
  /** Count only. */
  readonly dryRun: boolean;
}

/** Blobs and stored bytes that the destination lacks. */
export interface CopyAmount {
  readonly blobs: number;
  /** Stored bytes in the source. */
  readonly bytes: number;
}

export type CopyEvent =
  | { readonly kind: "skipped"; readonly snapshot: StoredSnapshot; readonly as: StoredSnapshot }
  /** Trees of the next snapshots have been read. */
  | {
      readonly kind: "batch";
      readonly snapshots: readonly StoredSnapshot[];
      readonly amount: CopyAmount;
    }
  | { readonly kind: "trees"; readonly done: number }
  | { readonly kind: "blobs"; readonly done: CopyAmount; readonly total: CopyAmount }
  | { readonly kind: "saved"; readonly snapshot: StoredSnapshot; readonly id: string };

export interface CopyResult extends CopyAmount {
  readonly copied: number;
  readonly skipped: number;
  /** Of the blobs, those that came in packs taken over as they are. */
  readonly rawPacks: number;
}

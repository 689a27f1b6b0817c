/** Tries whether blobs can still be had from any copy, in worker threads. */
import { isCofferError, isCorruption } from "#base/errors.ts";
import type { BlobType } from "#repository/blob-index.ts";
import type { Task } from "#repository/task-pool.ts";

export interface BlobBatch {
  readonly type: BlobType;
  /** Ids, joined. */
  readonly ids: Uint8Array<ArrayBuffer>;
}

/** Positions in the batch of the blobs that are lost. */
export const blobTask: Task<BlobBatch, readonly number[]> = {
  name: "check.blobs",
  async run({ repository }, { type, ids }) {
    const lost: number[] = [];
    for (let at = 0; at < ids.length; at += 32) {
      try {
        await repository.loadBlob(type, ids.subarray(at, at + 32));
      } catch (error) {
        const gone = isCofferError(error, "MISSING_BLOB", "NOT_FOUND", "STORAGE_FAILED");
        if (!gone && !isCorruption(error)) throw error;
        lost.push(at / 32);
      }
    }
    return lost;
  },
};

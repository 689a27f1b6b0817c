/** Removes snapshot files, each on its own: one that cannot be removed does not keep the others. */
import { type CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { HexId } from "#format/id.ts";
import type { Repository } from "#repository/repository.ts";

export type RemovalEvent =
  | { readonly kind: "removed"; readonly id: HexId; readonly done: number; readonly total: number }
  | { readonly kind: "failed"; readonly id: HexId; readonly error: CofferError };

export interface RemovalResult {
  readonly removed: readonly HexId[];
  readonly failed: readonly HexId[];
}

/**
 * Removes the files; one that is gone already counts as removed. The caller holds an exclusive
 * lock. Data that only they needed stays until `prune`.
 * @throws ABORTED, LOCK_LOST
 */
export async function removeSnapshots(
  repo: Repository,
  ids: readonly HexId[],
  context: OperationContext<RemovalEvent> = {},
): Promise<RemovalResult> {
  const { signal, progress } = context;
  const queue = [...ids];
  const removed: HexId[] = [];
  const failed: HexId[] = [];
  const lane = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      throwIfAborted(signal);
      try {
        await repo.backend.remove({ type: "snapshot", name: id }, { signal });
      } catch (error) {
        if (!isCofferError(error)) throw error;
        const { code } = error;
        if (code === "ABORTED" || code === "LOCK_LOST") throw error;
        if (code !== "NOT_FOUND") {
          failed.push(id);
          progress?.({ kind: "failed", id, error });
          continue;
        }
      }
      removed.push(id);
      progress?.({ kind: "removed", id, done: removed.length, total: ids.length });
    }
  };
  const lanes = Math.max(1, Math.min(repo.backend.connections, ids.length));
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { removed, failed };
}

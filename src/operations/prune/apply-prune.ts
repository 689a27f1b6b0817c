/**
 * Carries out a plan, in an order that can be cut off after any step (docs/format.md, section 15):
 * unindexed packs go, needed blobs are moved, new index files are stored, old ones go, old packs
 * go. Nothing that a snapshot needs is ever without a durable copy that a durable index names.
 */
import { CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { type HexId, shortId } from "#format/id.ts";
import { encodeIndexFile } from "#format/index-file.ts";
import type {
  PackSettings,
  PruneEvent,
  PrunePlan,
  PruneResult,
  PruneStage,
} from "#operations/prune/prune-types.ts";
import { repackBlobs } from "#operations/prune/repack.ts";
import {
  collectIndex,
  idLookup,
  removeIndexFiles,
  type RewriteRequest,
  rewriteIndex,
  type RewriteResult,
} from "#operations/prune/rewrite-index.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/**
 * Applies a plan made under the same lock. A pack that cannot be removed is told as an event and
 * left for the next run.
 * @param repo the one that the plan was made with
 * @throws what stopped it; the repository is complete and the next run takes up the rest
 */
export async function applyPrune(
  repo: Repository,
  pool: TaskPool,
  plan: PrunePlan,
  settings: PackSettings,
  context: OperationContext<PruneEvent> = {},
): Promise<PruneResult> {
  const { signal } = context;
  await refuseStrangers(repo, plan, [], signal);
  const first = await removePacks(repo, plan.unindexed, "remove-unindexed", context);
  const written = await repackBlobs(repo, pool, plan, settings, context);
  const removed = [...plan.repack.map(({ id }) => id), ...plan.remove];
  const dropped = [...removed, ...plan.forget];
  let rewritten: RewriteResult = { written: [], removed: [] };
  let left = first.left;
  if (dropped.length > 0) {
    // Between the plan and here hours may have passed, and not every program takes locks.
    await refuseStrangers(repo, plan, written.indexFiles, signal);
    rewritten = await rewriteIndex(repo, requestOf(plan, dropped, context));
    left = [...left, ...(await removePacks(repo, removed, "remove-packs", context)).left];
  }
  return {
    stats: plan.stats,
    packsWritten: written.packs,
    packsRemoved: plan.unindexed.length + removed.length - left.length,
    indexFilesWritten: rewritten.written.length,
    indexFilesRemoved: rewritten.removed.length,
    packsLeft: left,
  };
}

/**
 * For a storage without any space left: index files and packs go first, the index is written anew
 * at the end. A crash in between needs `repair index`.
 * @param plan made with `noRepack`
 */
export async function applyPruneWithoutSpace(
  repo: Repository,
  plan: PrunePlan,
  context: OperationContext<PruneEvent> = {},
): Promise<PruneResult> {
  if (plan.repack.length > 0) throw new CofferError("INTERNAL", "The plan repacks packs");
  const { signal } = context;
  await refuseStrangers(repo, plan, [], signal);
  const first = await removePacks(repo, plan.unindexed, "remove-unindexed", context);
  const dropped = [...plan.remove, ...plan.forget];
  const request = requestOf(plan, dropped, context);
  const texts: Uint8Array[] = [];
  const replaced = await collectIndex(repo, request, async (packs) => {
    texts.push(encodeIndexFile(packs));
  });
  await removeIndexFiles(repo, replaced, request);
  const last = await removePacks(repo, plan.remove, "remove-packs", context);
  for (const json of texts) await repo.saveUnpacked("index", json);
  const packsLeft = [...first.left, ...last.left];
  return {
    stats: plan.stats,
    packsWritten: 0,
    packsRemoved: plan.unindexed.length + plan.remove.length - packsLeft.length,
    indexFilesWritten: texts.length,
    indexFilesRemoved: replaced.length,
    packsLeft,
  };
}

function requestOf(
  plan: PrunePlan,
  dropped: readonly HexId[],
  { signal, progress }: OperationContext<PruneEvent>,
): RewriteRequest {
  return {
    files: plan.indexFiles,
    drops: idLookup(dropped),
    signal,
    progress: (step, done, total) => {
      const stage: PruneStage = step === "rewrite" ? "rewrite-index" : "remove-index";
      progress?.({ kind: "progress", stage, done, total });
    },
  };
}

/**
 * A snapshot that the plan did not see may need what it removes; an index file that it did not see
 * may name it, and later backups would rely on that.
 * @param own index files that this run has written
 */
async function refuseStrangers(
  repo: Repository,
  plan: PrunePlan,
  own: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const known = new Set<string>([...plan.snapshots, ...plan.indexFiles, ...own]);
  for (const type of ["snapshot", "index"] as const) {
    for await (const { name } of repo.backend.list(type, { signal })) {
      if (known.has(name)) continue;
      throw new CofferError(
        "LOCK_LOST",
        `The ${type} ${shortId(name)} was made meanwhile by a program that takes no lock, or not ` +
          "listed before; nothing more was removed",
      );
    }
  }
}

/** Removes packs that no index names; errors of single ones are told and do not stop the rest. */
async function removePacks(
  repo: Repository,
  ids: readonly HexId[],
  stage: PruneStage,
  { signal, progress }: OperationContext<PruneEvent>,
): Promise<{ readonly left: readonly HexId[] }> {
  const queue = [...ids];
  const left: HexId[] = [];
  let done = 0;
  const lane = async (): Promise<void> => {
    for (let id = queue.shift(); id !== undefined; id = queue.shift()) {
      throwIfAborted(signal);
      try {
        await repo.backend.remove({ type: "pack", name: id }, { signal });
      } catch (error) {
        if (!isCofferError(error)) throw error;
        const { code } = error;
        if (code === "ABORTED" || code === "LOCK_LOST") throw error;
        if (code !== "NOT_FOUND") {
          left.push(id);
          progress?.({ kind: "pack-left", id, error });
        }
      }
      progress?.({ kind: "progress", stage, done: ++done, total: ids.length });
    }
  };
  const lanes = Math.max(1, Math.min(repo.backend.connections, ids.length));
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return { left };
}

/** Moves the blobs that are still needed out of packs that are to go, and indexes the new packs. */
import { CofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { idFromBytes } from "#format/id.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import { assignBlobs, jobOf } from "#operations/prune/assign-blobs.ts";
import type { PackSettings, PruneEvent, PrunePlan } from "#operations/prune/prune-types.ts";
import {
  beginTask,
  endTask,
  flushTask,
  mergeTask,
  type PackWritten,
  repackTask,
} from "#operations/prune/repack-task.ts";
import { proveStored } from "#operations/prune/rewrite-index.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** What repacking has stored. */
export interface Repacked {
  readonly packs: number;
  /** Names of the index files that list the new packs. */
  readonly indexFiles: readonly string[];
}

/**
 * Repacks as planned. When it returns, every blob that was to be moved lies in a durable pack that
 * a durable index names; the old packs are untouched.
 * @throws what loading a blob throws, when no copy of it is sound; storage errors
 */
export async function repackBlobs(
  repo: Repository,
  pool: TaskPool,
  plan: PrunePlan,
  settings: PackSettings,
  context: OperationContext<PruneEvent>,
): Promise<Repacked> {
  const { signal, progress } = context;
  const assignment = assignBlobs(repo.index, plan);
  if (plan.repack.length === 0) return { packs: 0, indexFiles: [] };
  const index = new IndexWriter(repo, { signal });
  const proofs: Promise<void>[] = [];
  const unlisten = pool.listen((event) => {
    const { kind, pack } = event as PackWritten;
    if (kind !== "prune-pack") return;
    const id = idFromBytes(pack.id);
    // Only what the storage really has is indexed.
    const proof = proveStored(repo, "pack", new Map([[id, pack.size]]), signal);
    const added = proof.then(() => index.add(pack));
    // Heard below; until then nobody listens.
    added.catch(() => undefined);
    proofs.push(added);
  });
  const totalBytes = plan.repack.reduce((sum, { size }) => sum + size, 0);
  let [started, done, bytes, moved] = [0, 0, 0, 0];
  const next = (): (() => Promise<void>) | undefined => {
    const at = started++;
    const from = plan.repack[at];
    if (!from) return undefined;
    return async () => {
      const count = await pool.run(repackTask, jobOf(plan.used, from.pack, assignment[at]!));
      moved += count;
      done++;
      bytes += from.size;
      const total = plan.repack.length;
      progress?.({ kind: "progress", stage: "repack", done, total, bytes, totalBytes });
    };
  };
  try {
    await onEveryThread(pool, (thread) => pool.run(beginTask, settings, { thread }));
    await runBounded(2 * pool.size, next, signal);
    const remainders = await onEveryThread(pool, (thread) =>
      pool.run(flushTask, undefined, { thread }),
    );
    await pool.run(mergeTask, remainders.flat(), { thread: 0 });
    await Promise.all(proofs);
    await index.flush();
    await proveStored(
      repo,
      "index",
      new Map(index.written.map((name) => [name, undefined])),
      signal,
    );
  } finally {
    await Promise.allSettled([
      onEveryThread(pool, (thread) => pool.run(endTask, undefined, { thread })),
    ]);
    unlisten();
  }
  const wanted = assignment.reduce((sum, blobs) => sum + blobs.length, 0);
  if (moved === wanted) return { packs: proofs.length, indexFiles: index.written };
  throw new CofferError("INTERNAL", `Moved ${moved} blobs where ${wanted} were planned`);
}

function onEveryThread<T>(pool: TaskPool, run: (thread: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: pool.size }, (_, thread) => run(thread)));
}

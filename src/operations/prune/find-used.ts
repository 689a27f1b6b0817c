/**
 * Every blob that the snapshots reach. Each distinct tree is read once, in parallel, however many
 * snapshots share it. Stops at the first tree or blob that cannot be found: what cannot be seen
 * cannot be known to be unused.
 */
import { idToBytes } from "#format/id.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import { createUsedBlobs, type UsedBlobs } from "#operations/prune/blob-set.ts";
import { treeTask } from "#operations/prune/tree-task.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Trees in one task: enough to make the message cheap, few enough to share the work. */
const BATCH = 64;

export interface FindUsedOptions {
  readonly signal?: AbortSignal | undefined;
  progress(trees: number): void;
}

/** @throws MISSING_BLOB, BAD_TREE and what loading a tree throws */
export async function findUsedBlobs(
  pool: TaskPool,
  snapshots: readonly StoredSnapshot[],
  options: FindUsedOptions,
): Promise<UsedBlobs> {
  const used = createUsedBlobs();
  /** Tree numbers not yet read; taken from the end, so that the walk goes deep first. */
  const stack: number[] = [];
  const enqueue = (ids: Uint8Array, at: number): void => {
    if (used.tree.add(ids, at)) stack.push(used.tree.size - 1);
  };
  for (const { tree } of snapshots) enqueue(idToBytes(tree), 0);
  const limit = 2 * pool.size;
  let done = 0;
  const next = (): (() => Promise<void>) | undefined => {
    if (stack.length === 0) return undefined;
    const numbers = stack.splice(-Math.min(BATCH, Math.ceil(stack.length / limit)));
    const ids = new Uint8Array(numbers.length * 32);
    numbers.forEach((number, i) => used.tree.copyId(number, ids, i * 32));
    return async () => {
      const { children, content } = await pool.run(treeTask, ids);
      for (let at = 0; at < content.length; at += 32) used.data.add(content, at);
      for (let at = 0; at < children.length; at += 32) enqueue(children, at);
      options.progress((done += numbers.length));
    };
  };
  await runBounded(limit, next, options.signal);
  return used;
}

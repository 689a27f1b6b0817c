/** The `stats` command: how large snapshots are, by restic's four ways of counting. */
import { throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { idToBytes } from "#format/id.ts";
import {
  type Counter,
  RestoreSize,
  type StatsMode,
  type StatsResult,
  UniqueCounter,
} from "#operations/stats-counters.ts";
import { IdTable } from "#repository/id-table.ts";
import type { Repository } from "#repository/repository.ts";
import { openTree } from "#repository/snapshot-path.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export type { StatsMode, StatsResult } from "#operations/stats-counters.ts";

export interface StatsProgress {
  readonly snapshotsDone: number;
  readonly treesRead: number;
}

/**
 * Counts over the given snapshots. The index is loaded. Every tree is read once however often it
 * occurs, so that trees which unfold to endless paths take no longer than others.
 * @throws BAD_TREE, MISSING_BLOB and what loading blobs throws
 */
export async function computeStats(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  mode: StatsMode,
  context: OperationContext<StatsProgress> = {},
): Promise<StatsResult> {
  const counter = mode === "restore-size" ? new RestoreSize() : new UniqueCounter(repo, mode);
  const walk = new StatsWalk(repo, counter, context.signal);
  let snapshotsDone = 0;
  for (const snapshot of snapshots) {
    await walk.snapshot(idToBytes(snapshot.tree));
    context.progress?.({ snapshotsDone: ++snapshotsDone, treesRead: walk.treesRead });
  }
  return { ...counter.result(), snapshotsCount: snapshots.length };
}

interface OpenFolder {
  readonly tree: number;
  readonly children: number[];
  /** Subtrees still to visit, in reverse order. */
  readonly pending: Uint8Array[];
}

/** Depth-first over all trees, children before parents, each tree once. */
class StatsWalk {
  treesRead = 0;
  readonly #repo: Repository;
  readonly #counter: Counter;
  readonly #signal: AbortSignal | undefined;
  readonly #trees = new IdTable();

  constructor(repo: Repository, counter: Counter, signal: AbortSignal | undefined) {
    this.#repo = repo;
    this.#counter = counter;
    this.#signal = signal;
  }

  async snapshot(root: Uint8Array): Promise<void> {
    this.#counter.root(root);
    if (!this.#trees.has(root)) await this.#descend(root);
    this.#counter.snapshot(this.#trees.find(root));
  }

  async #descend(root: Uint8Array): Promise<void> {
    const stack = [await this.#open(root)];
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const id = top.pending.pop();
      if (!id) {
        this.#counter.finished(top.tree, top.children);
        stack.pop();
        continue;
      }
      const known = this.#trees.find(id);
      if (known >= 0) {
        top.children.push(known);
      } else {
        const opened = await this.#open(id);
        top.children.push(opened.tree);
        stack.push(opened);
      }
    }
  }

  async #open(id: Uint8Array): Promise<OpenFolder> {
    throwIfAborted(this.#signal);
    const cursor = await openTree(this.#repo, id, { signal: this.#signal });
    const tree = this.#trees.add(id);
    this.treesRead++;
    const pending: Uint8Array[] = [];
    while (cursor.next()) {
      const node = cursor.decode();
      this.#counter.node(tree, node);
      if (node.type === "dir" && node.subtree) pending.push(node.subtree);
    }
    return { tree, children: [], pending: pending.reverse() };
  }
}

/**
 * The `rewrite` command: new snapshots made of old ones, with entries left out or with another host
 * or time.
 *
 * Invariant: a new snapshot is saved only when its trees are durable and indexed, and an old one is
 * removed only when its successor is saved.
 */
import { equalBytes } from "#base/bytes.ts";
import { throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { Timestamp } from "#base/timestamp.ts";
import { PatternWalk } from "#filter/pattern-walk.ts";
import { idFromBytes, idToBytes } from "#format/id.ts";
import type { Snapshot, SnapshotSummary } from "#format/snapshot.ts";
import { type RewriteFilter, TreeRewriter } from "#operations/rewrite/rewrite-tree.ts";
import type { RewrittenTree } from "#operations/rewrite/rewritten-trees.ts";
import { TreeSaver } from "#operations/rewrite/tree-saver.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";

export interface RewritePatterns {
  readonly patterns: readonly string[];
  readonly insensitivePatterns: readonly string[];
}

export interface RewriteOptions {
  /** What matches is left out; not together with `include`. */
  readonly exclude?: RewritePatterns | undefined;
  /** Only what matches is kept. */
  readonly include?: RewritePatterns | undefined;
  readonly newHost?: string | undefined;
  readonly newTime?: Timestamp | undefined;
  /** Write counts of files and bytes, also where a snapshot has none. */
  readonly summary: boolean;
  /** Remove the old snapshots; needs an exclusive lock. */
  readonly forget: boolean;
  readonly dryRun: boolean;
  /** Of packs of new trees, in bytes. */
  readonly packSize: number;
}

export type RewriteEvent =
  | { readonly kind: "snapshot" | "unchanged" | "removed"; readonly snapshot: StoredSnapshot }
  /** Nothing of it would be left: it stays as it is. */
  | { readonly kind: "emptied"; readonly snapshot: StoredSnapshot }
  | { readonly kind: "excluded"; readonly path: Uint8Array }
  /** `id` is undefined in a dry run. */
  | {
      readonly kind: "rewritten";
      readonly snapshot: StoredSnapshot;
      readonly id: string | undefined;
      readonly tree: RewrittenTree;
    };

export interface RewriteResult {
  readonly modified: number;
  readonly unchanged: number;
  readonly emptied: number;
}

/** Added to snapshots whose original stays. */
const TAG = "rewrite";

/**
 * Rewrites snapshots; the index is loaded. Folders that several snapshots share are read and
 * written once.
 * @throws BAD_PATTERN, BAD_TREE for a tree that cannot be written again, what loading trees throws
 */
export async function rewriteSnapshots(
  repo: Repository,
  snapshots: readonly StoredSnapshot[],
  options: RewriteOptions,
  context: OperationContext<RewriteEvent> = {},
): Promise<RewriteResult> {
  const run = new RewriteRun(repo, options, context);
  try {
    for (const snapshot of snapshots) await run.plan(snapshot);
    await run.apply();
  } finally {
    await run.close();
  }
  const { modified, unchanged, emptied } = run;
  return { modified, unchanged, emptied };
}

interface Planned {
  readonly old: StoredSnapshot;
  readonly fresh: Snapshot;
  readonly tree: RewrittenTree;
}

class RewriteRun {
  modified = 0;
  unchanged = 0;
  emptied = 0;
  readonly #repo: Repository;
  readonly #options: RewriteOptions;
  readonly #context: OperationContext<RewriteEvent>;
  readonly #saver: TreeSaver;
  readonly #rewriter: TreeRewriter;
  readonly #filter: RewriteFilter | undefined;
  readonly #planned: Planned[] = [];

  constructor(repo: Repository, options: RewriteOptions, context: OperationContext<RewriteEvent>) {
    this.#repo = repo;
    this.#options = options;
    this.#context = context;
    const { dryRun, packSize } = options;
    const { signal } = context;
    this.#saver = new TreeSaver(repo, { dryRun, packSize, signal });
    this.#filter = makeFilter(options);
    this.#rewriter = new TreeRewriter(repo, {
      filter: this.#filter,
      save: (tree) => this.#saver.save(tree),
      onRemoved: (path) => context.progress?.({ kind: "excluded", path }),
      signal,
    });
  }

  async plan(old: StoredSnapshot): Promise<void> {
    const { progress, signal } = this.#context;
    throwIfAborted(signal);
    progress?.({ kind: "snapshot", snapshot: old });
    const root = idToBytes(old.tree);
    const tree = await this.#rewrite(root);
    if (!equalBytes(tree.id, root) && tree.entries === 0) {
      this.emptied++;
      progress?.({ kind: "emptied", snapshot: old });
      return;
    }
    const fresh = this.#successor(old, tree);
    if (fresh) this.#planned.push({ old, fresh, tree });
    else {
      this.unchanged++;
      progress?.({ kind: "unchanged", snapshot: old });
    }
  }

  async apply(): Promise<void> {
    const { dryRun, forget } = this.#options;
    const { signal, progress } = this.#context;
    if (!dryRun) await this.#saver.flush();
    for (const { old, fresh, tree } of this.#planned) {
      const id = dryRun ? undefined : await saveSnapshot(this.#repo, fresh, { signal });
      this.modified++;
      progress?.({ kind: "rewritten", snapshot: old, id, tree });
      // The same bytes by chance would be the old snapshot itself.
      if (!forget || id === undefined || id === old.id) continue;
      await this.#repo.backend.remove({ type: "snapshot", name: old.id }, { signal });
      progress?.({ kind: "removed", snapshot: old });
    }
  }

  close(): Promise<void> {
    return this.#saver.close();
  }

  async #rewrite(root: Uint8Array): Promise<RewrittenTree> {
    if (this.#filter || this.#options.summary) return this.#rewriter.root(root);
    return { id: root, entries: 1, files: 0, bytes: 0, removed: 0 };
  }

  /** Undefined when it would say the same. */
  #successor(old: StoredSnapshot, tree: RewrittenTree): Snapshot | undefined {
    const { newHost, newTime, forget, summary: wanted } = this.#options;
    const { clock } = this.#repo.primitives;
    const treeId = idFromBytes(tree.id);
    const counted = wanted || treeId !== old.tree;
    const summary = counted ? countedSummary(old, tree, wanted) : old.summary;
    const sameSummary =
      summary?.totalFilesProcessed === old.summary?.totalFilesProcessed &&
      summary?.totalBytesProcessed === old.summary?.totalBytesProcessed;
    const sameMeta = newHost === undefined && newTime === undefined;
    if (treeId === old.tree && sameMeta && sameSummary) return undefined;
    return {
      ...old,
      tree: treeId,
      summary,
      hostname: newHost ?? old.hostname,
      time: newTime
        ? { ...newTime, offsetMinutes: clock.offsetMinutesAt(newTime.seconds) }
        : old.time,
      tags: forget || old.tags.includes(TAG) ? old.tags : [...old.tags, TAG],
      original: old.id,
    };
  }
}

function makeFilter({ exclude, include }: RewriteOptions): RewriteFilter | undefined {
  const given = exclude ?? include;
  if (!given) return undefined;
  const walk = new PatternWalk({ ...given, negation: true });
  return { walk, kind: exclude ? "exclude" : "include" };
}

function countedSummary(
  old: StoredSnapshot,
  tree: RewrittenTree,
  create: boolean,
): SnapshotSummary | undefined {
  if (!old.summary && !create) return undefined;
  const empty: SnapshotSummary = {
    backupStart: old.time,
    backupEnd: old.time,
    filesNew: 0,
    filesChanged: 0,
    filesUnmodified: 0,
    dirsNew: 0,
    dirsChanged: 0,
    dirsUnmodified: 0,
    dataBlobs: 0,
    treeBlobs: 0,
    dataAdded: 0,
    dataAddedPacked: 0,
    totalFilesProcessed: 0,
    totalBytesProcessed: 0,
    extra: [],
  };
  return {
    ...(old.summary ?? empty),
    totalFilesProcessed: tree.files,
    totalBytesProcessed: tree.bytes,
  };
}

/**
 * The `copy` command: snapshots from one repository to another. Trees keep their bytes, so that a
 * copy has the tree of its original (docs/format.md, section 8).
 *
 * Invariant: a snapshot is saved only when everything it needs is durable and indexed. A copy that
 * was interrupted goes on where it stopped, since blobs that arrived are in the index.
 */
import { CofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { CopiedBefore } from "#operations/copy/copied-before.ts";
import { copyBlobs, type CopySides } from "#operations/copy/copy-blobs.ts";
import {
  beginTask,
  type CopiedPack,
  endTask,
  flushTask,
  mergeTask,
} from "#operations/copy/copy-tasks.ts";
import type {
  CopyAmount,
  CopyEvent,
  CopyOptions,
  CopyResult,
} from "#operations/copy/copy-types.ts";
import { NeededBlobs } from "#operations/copy/needed-blobs.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot, type StoredSnapshot } from "#repository/snapshots.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export type { CopyEvent, CopyOptions, CopyResult } from "#operations/copy/copy-types.ts";

/** A repository with its index loaded, and threads that work on it. */
export interface CopySide {
  readonly repository: Repository;
  readonly pool: TaskPool;
}

/** Snapshots are gathered until they need so much, so that packs fill up and memory is bounded. */
const BATCH_BLOBS = 300_000;
const BATCH_BYTES = 2 * 1024 ** 3;

/** Bytes after which what arrived is indexed, so that an interruption loses little. */
const INDEX_EVERY = 1024 ** 3;

/**
 * Copies snapshots that the destination does not have.
 * @param snapshots of the source, in the order in which they are to be copied
 * @param present all snapshots of the destination
 * @throws MISSING_BLOB, BAD_HASH, … for a blob of which the source has no sound copy; snapshots of
 *   earlier batches are then saved
 */
export async function copySnapshots(
  source: CopySide,
  target: CopySide,
  snapshots: readonly StoredSnapshot[],
  present: readonly StoredSnapshot[],
  options: CopyOptions,
  context: OperationContext<CopyEvent> = {},
): Promise<CopyResult> {
  const run = new CopyRun(source, target, options, context);
  const before = new CopiedBefore(present);
  let skipped = 0;
  try {
    await run.begin();
    for (const snapshot of snapshots) {
      const as = before.find(snapshot);
      if (as) {
        skipped++;
        context.progress?.({ kind: "skipped", snapshot, as });
      } else await run.add(snapshot);
    }
    await run.finishBatch();
  } finally {
    await run.end();
  }
  const { copied, blobs, bytes, rawPacks } = run;
  return { copied, skipped, blobs, bytes, rawPacks };
}

class CopyRun {
  copied = 0;
  blobs = 0;
  bytes = 0;
  rawPacks = 0;
  readonly #source: CopySide;
  readonly #target: CopySide;
  readonly #options: CopyOptions;
  readonly #context: OperationContext<CopyEvent>;
  readonly #needed: NeededBlobs;
  readonly #index: IndexWriter;
  #batch: StoredSnapshot[] = [];
  #unindexed = 0;
  #unlisten: () => void = () => undefined;

  constructor(
    source: CopySide,
    target: CopySide,
    options: CopyOptions,
    context: OperationContext<CopyEvent>,
  ) {
    this.#source = source;
    this.#target = target;
    this.#options = options;
    this.#context = context;
    this.#needed = new NeededBlobs(source.repository.index, target.repository.index);
    this.#index = new IndexWriter(target.repository, { signal: context.signal });
  }

  async begin(): Promise<void> {
    if (this.#options.dryRun) return;
    const { pool } = this.#target;
    this.#unlisten = pool.listen((event) => this.#hear(event as CopiedPack));
    const { compression, packSize, verify } = this.#options;
    const sourceKey = this.#source.repository.masterKey;
    const settings = { sourceKey, compression, packSize, verify };
    await this.#onEveryThread((thread) => pool.run(beginTask, settings, { thread }));
  }

  /** Takes a snapshot into the batch, and copies the batch when it is large. */
  async add(snapshot: StoredSnapshot): Promise<void> {
    const { signal, progress } = this.#context;
    throwIfAborted(signal);
    await this.#needed.add(snapshot, this.#source.pool, {
      signal,
      onTrees: (done) => progress?.({ kind: "trees", done }),
    });
    this.#batch.push(snapshot);
    const isLarge = this.#needed.count >= BATCH_BLOBS || this.#needed.bytes >= BATCH_BYTES;
    // A dry run stores nothing, so that the next batch would count the same blobs again.
    if (isLarge && !this.#options.dryRun) await this.finishBatch();
  }

  async finishBatch(): Promise<void> {
    const { progress } = this.#context;
    const snapshots = this.#batch;
    this.#batch = [];
    const amount: CopyAmount = { blobs: this.#needed.count, bytes: this.#needed.bytes };
    if (snapshots.length > 0) progress?.({ kind: "batch", snapshots, amount });
    this.blobs += amount.blobs;
    this.bytes += amount.bytes;
    if (this.#options.dryRun) return;
    if (amount.blobs > 0) await this.#copyBlobs(amount);
    for (const snapshot of snapshots) await this.#save(snapshot);
  }

  async end(): Promise<void> {
    if (this.#options.dryRun) return;
    const { pool } = this.#target;
    await Promise.allSettled([
      this.#onEveryThread((thread) => pool.run(endTask, undefined, { thread })),
    ]);
    this.#unlisten();
  }

  async #copyBlobs(total: CopyAmount): Promise<void> {
    const { signal, progress } = this.#context;
    const { pool } = this.#target;
    const source = this.#source.repository;
    const target = this.#target.repository;
    const sides: CopySides = { source, target, pool };
    const needed = this.#needed.take();
    const done = { blobs: 0, bytes: 0 };
    this.rawPacks += await copyBlobs(sides, needed, {
      signal,
      onDone: ({ blobs, bytes }) => {
        done.blobs += blobs;
        done.bytes += bytes;
        progress?.({ kind: "blobs", done: { ...done }, total });
      },
    });
    const remainders = await this.#onEveryThread((thread) =>
      pool.run(flushTask, undefined, { thread }),
    );
    await pool.run(mergeTask, remainders.flat(), { thread: 0 });
    await this.#index.flush();
    const lost = needed.find(({ type, id }) => !target.index.has(type, id));
    if (lost) throw new CofferError("INTERNAL", `A ${lost.type} blob was not copied`);
  }

  async #save(snapshot: StoredSnapshot): Promise<void> {
    const { signal, progress } = this.#context;
    const copy = { ...snapshot, parent: undefined, original: snapshot.original ?? snapshot.id };
    const id = await saveSnapshot(this.#target.repository, copy, { signal });
    this.copied++;
    progress?.({ kind: "saved", snapshot, id });
  }

  #hear({ kind, pack }: CopiedPack): void {
    if (kind !== "copy-pack") return;
    this.#index.add(pack);
    this.#unindexed += pack.size;
    if (this.#unindexed < INDEX_EVERY) return;
    this.#unindexed = 0;
    // A failure is kept and thrown by the flush at the end of the batch.
    void this.#index.flush().catch(() => undefined);
  }

  #onEveryThread<T>(run: (thread: number) => Promise<T>): Promise<T[]> {
    const { size } = this.#target.pool;
    return Promise.all(Array.from({ length: size }, (_, thread) => run(thread)));
  }
}

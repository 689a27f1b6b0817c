/** Begins, checkpoints and ends a backup: what folders and streams have in common. */
import { toHex } from "#base/bytes.ts";
import { CofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import type { Timestamp } from "#base/timestamp.ts";
import type { HexId } from "#format/id.ts";
import type { Snapshot } from "#format/snapshot.ts";
import type { SnapshotSummary } from "#format/snapshot-summary.ts";
import type { ArchiveSettings, ThreadEvent } from "#operations/backup/archive-protocol.ts";
import { ArchiveTotals } from "#operations/backup/archive-totals.ts";
import { Archiver } from "#operations/backup/archiver.ts";
import type { BackupEvent, BackupOptions, BackupResult } from "#operations/backup/options.ts";
import { abortTask, beginTask, flushTask, mergeTask } from "#operations/backup/tasks.ts";
import { IndexWriter } from "#repository/index-writer.ts";
import type { Repository } from "#repository/repository.ts";
import { saveSnapshot } from "#repository/snapshots.ts";
import type { SavedCounts } from "#repository/blob-saver.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export class BackupRun {
  readonly archiver: Archiver;
  readonly totals: ArchiveTotals;
  readonly #repository: Repository;
  readonly #pool: TaskPool;
  readonly #options: BackupOptions;
  readonly #context: OperationContext<BackupEvent>;
  readonly #index: IndexWriter;
  readonly #start: Timestamp;
  #unlisten: () => void = () => undefined;

  constructor(
    repository: Repository,
    pool: TaskPool,
    options: BackupOptions,
    context: OperationContext<BackupEvent>,
  ) {
    this.totals = new ArchiveTotals(context.progress, options.reportItems);
    this.archiver = new Archiver(pool, this.totals, context.signal);
    this.#repository = repository;
    this.#pool = pool;
    this.#options = options;
    this.#context = context;
    this.#index = new IndexWriter(repository);
    this.#start = repository.primitives.clock.now();
  }

  async begin(devices: readonly bigint[]): Promise<void> {
    const { compression, packSize, verify, dryRun, exclude, change, reportItems } = this.#options;
    const settings: ArchiveSettings = {
      compression,
      packSize,
      verify,
      dryRun,
      exclude,
      change,
      devices,
      reportItems,
    };
    this.#unlisten = this.#pool.listen((event) => this.#hear(event as ThreadEvent));
    await this.#onEveryThread((thread) => this.#pool.run(beginTask, settings, { thread }));
    this.#context.progress?.({ kind: "started", parent: this.#options.parent?.id });
  }

  /** Every blob saved so far is durable and in a durable index file. */
  async flush(): Promise<SavedCounts> {
    const outputs = await this.#onEveryThread((thread) =>
      this.#pool.run(flushTask, undefined, { thread }),
    );
    const remainders = outputs.flatMap((output) => output.remainders);
    await this.#pool.run(mergeTask, remainders, { thread: 0 });
    if (!this.#options.dryRun) await this.#index.flush();
    const sum: SavedCounts = { dataBlobs: 0, treeBlobs: 0, added: 0, addedPacked: 0 };
    for (const { counts } of outputs) {
      sum.dataBlobs += counts.dataBlobs;
      sum.treeBlobs += counts.treeBlobs;
      sum.added += counts.added;
      sum.addedPacked += counts.addedPacked;
    }
    return sum;
  }

  /** Stores the root tree and the snapshot. The snapshot is the last thing written. */
  async finish(rootNodes: readonly Uint8Array[]): Promise<BackupResult> {
    const { parent, dryRun, skipIfUnchanged } = this.#options;
    if (rootNodes.length === 0) {
      throw new CofferError("SOURCE_MISSING", "There is nothing to back up: no snapshot was made");
    }
    const tree = toHex((await this.archiver.saveTree(rootNodes)).id);
    const counts = await this.flush();
    throwIfAborted(this.#context.signal);
    const summary = this.#summary(counts);
    const skipped = skipIfUnchanged && parent?.tree === tree;
    const snapshot = this.#snapshot(tree as HexId, summary);
    let snapshotId: string | undefined;
    if (!dryRun && !skipped) snapshotId = await saveSnapshot(this.#repository, snapshot);
    await this.#end();
    const { errors } = this.totals;
    return { snapshotId, tree, parent: parent?.id, summary, errors, dryRun, skipped };
  }

  /** Gives up: what is durable stays, what is open is dropped. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.archiver.settle()]);
    await this.#end();
  }

  async #end(): Promise<void> {
    await Promise.allSettled([
      this.#onEveryThread((thread) => this.#pool.run(abortTask, undefined, { thread })),
    ]);
    this.#unlisten();
  }

  #hear(event: ThreadEvent): void {
    if (event.kind === "archive-progress") this.totals.read(event.bytes, event.path);
    else if (event.kind === "source-warning") {
      const { path, message } = event;
      this.#context.progress?.({ kind: "warning", path, message });
    } else if (event.kind === "archive-pack" && !this.#options.dryRun) this.#index.add(event.pack);
  }

  #onEveryThread<T>(run: (thread: number) => Promise<T>): Promise<T[]> {
    return Promise.all(Array.from({ length: this.#pool.size }, (_, thread) => run(thread)));
  }

  #summary(counts: SavedCounts): SnapshotSummary {
    const { totals } = this;
    const { clock } = this.#repository.primitives;
    const zoned = (time: Timestamp): Timestamp & { offsetMinutes: number } => ({
      ...time,
      offsetMinutes: clock.offsetMinutesAt(time.seconds),
    });
    return {
      backupStart: zoned(this.#start),
      backupEnd: zoned(clock.now()),
      filesNew: totals.filesNew,
      filesChanged: totals.filesChanged,
      filesUnmodified: totals.filesUnmodified,
      dirsNew: totals.dirsNew,
      dirsChanged: totals.dirsChanged,
      dirsUnmodified: totals.dirsUnmodified,
      dataBlobs: counts.dataBlobs,
      treeBlobs: counts.treeBlobs,
      dataAdded: counts.added,
      dataAddedPacked: counts.addedPacked,
      totalFilesProcessed: totals.files,
      totalBytesProcessed: totals.bytes,
      extra: [],
    };
  }

  #snapshot(tree: HexId, summary: SnapshotSummary): Snapshot {
    const { time, parent, paths, hostname, username, uid, gid, tags } = this.#options;
    const { clock } = this.#repository.primitives;
    return {
      time: { ...time, offsetMinutes: clock.offsetMinutesAt(time.seconds) },
      parent: parent?.id as HexId | undefined,
      tree,
      paths,
      hostname,
      username,
      uid,
      gid,
      excludes: this.#options.storedExcludes,
      tags,
      programVersion: this.#options.programVersion,
      summary,
      extra: [],
    };
  }
}

/** Backs up files and folders: the operation that makes snapshots. */
import { fromHex, fromUtf8 } from "#base/bytes.ts";
import { CofferError, isCofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { ArchiveFolder } from "#operations/backup/archive-folder.ts";
import type { PreviousTrees } from "#operations/backup/archive-protocol.ts";
import { BackupRun } from "#operations/backup/backup-run.ts";
import {
  Checkpoint,
  savePartialTree,
  type CheckpointStore,
} from "#operations/backup/checkpoint.ts";
import type {
  BackupEvent,
  BackupOptions,
  BackupResult,
  BackupSource,
} from "#operations/backup/options.ts";
import { joinPath, ROOT } from "#operations/backup/raw-path.ts";
import {
  planSourceTree,
  type NamedSource,
  type PlannedNode,
} from "#operations/backup/source-tree-plan.ts";
import { devicesTask, namesTask } from "#operations/backup/tasks.ts";
import { scanSources } from "#operations/backup/scan.ts";
import type { SourceTree } from "#platform/source-tree.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export interface BackupEnvironment {
  /** Absent: no checkpoints are kept. */
  readonly checkpoints?: CheckpointStore | undefined;
  /**
   * The source as the coordinating thread sees it, for counting ahead; absent: nothing is counted.
   */
  readonly source?: SourceTree | undefined;
  /** Between checkpoints; 5 minutes where not given. */
  readonly checkpointEveryMs?: number | undefined;
}

const CHECKPOINT_EVERY_MS = 5 * 60_000;

/**
 * Saves a snapshot of the sources. The repository's index is loaded, and a shared lock is held by
 * the caller. Files that cannot be read are reported as events and counted in the result; the rest
 * is saved. Cost: one request per pack of about `packSize`, one per 50,000 blobs, one for the
 * snapshot.
 * @throws SOURCE_MISSING when no source exists or nothing is left to save
 * @throws ABORTED, storage errors: what was stored stays usable, no snapshot is made
 */
export async function backup(
  repository: Repository,
  pool: TaskPool,
  options: BackupOptions,
  context: OperationContext<BackupEvent> = {},
  environment: BackupEnvironment = {},
): Promise<BackupResult> {
  const run = new BackupRun(repository, pool, options, context);
  const checkpoint = new Checkpoint(repository, environment.checkpoints, options);
  const root = new ArchiveFolder(
    {
      path: options.sources[0]?.path ?? ROOT,
      previous: await previousRoots(options, checkpoint),
      known: options.parent !== undefined,
      deviceAllowed: true,
      head: undefined,
    },
    undefined,
  );
  const every = environment.checkpointEveryMs ?? CHECKPOINT_EVERY_MS;
  const timer = new CheckpointTimer(repository, run, root, checkpoint, every, context);
  const scanStop = new AbortController();
  let scan: Promise<void> | undefined;
  try {
    const devices = options.exclude.oneFileSystem
      ? await pool.run(
          devicesTask,
          options.sources.map((source) => source.path),
        )
      : [];
    await run.begin(devices);
    if (options.scan && environment.source) {
      const { clock } = repository.primitives;
      const scanContext = { progress: context.progress, signal: scanStop.signal };
      scan = scanSources(environment.source, clock, options, devices, scanContext);
    }
    await addSources(run, pool, root, options.sources);
    await run.archiver.run(() => timer.between());
    scanStop.abort();
    await scan;
    const result = await run.finish(root.readyNodes());
    await checkpoint.clear();
    return result;
  } catch (error) {
    scanStop.abort();
    await Promise.allSettled([scan]);
    if (isCofferError(error, "ABORTED")) await timer.last();
    await run.abort();
    throw error;
  }
}

async function previousRoots(
  options: BackupOptions,
  checkpoint: Checkpoint,
): Promise<PreviousTrees> {
  const parent = options.parent ? fromHex(options.parent.tree) : undefined;
  return { parent, checkpoint: await checkpoint.load() };
}

/** Reads the upper tree and queues the sources. */
async function addSources(
  run: BackupRun,
  pool: TaskPool,
  root: ArchiveFolder,
  sources: readonly BackupSource[],
): Promise<void> {
  const only = sources.length === 1 ? sources[0] : undefined;
  if (only && only.name === undefined) {
    run.archiver.addFolder(root);
    return;
  }
  const named: NamedSource[] = [];
  for (const source of sources) {
    if (source.name !== undefined) named.push({ ...source, name: source.name, explicit: true });
    else named.push(...(await expand(pool, source)));
  }
  let found = 0;
  const place = async (folder: ArchiveFolder, nodes: readonly PlannedNode[]): Promise<void> => {
    for (const node of nodes) {
      const { name, path, isSource, explicit } = node;
      const at = folder.reserve();
      const { previous } = folder.facts;
      const part = await run.archiver.readEntry({
        path,
        name,
        previous,
        above: !isSource,
        explicit,
      });
      if (isSource) {
        if (part !== undefined) found++;
        run.archiver.addPart(at, path, part);
      } else if (part && !(part instanceof Uint8Array) && part.kind === "folder") {
        const above = new ArchiveFolder({ path, ...part }, at);
        above.open++;
        await place(above, node.children);
        await run.archiver.release(above);
      }
    }
  };
  await place(root, planSourceTree(named));
  if (found === 0) {
    throw new CofferError("SOURCE_MISSING", "all source directories/files do not exist");
  }
}

/** `.` beside other sources: its entries become sources of their own, subject to exclusion. */
async function expand(pool: TaskPool, source: BackupSource): Promise<NamedSource[]> {
  const names = await pool.run(namesTask, source.path);
  if (names) {
    return names.map((name) => ({
      path: joinPath(source.path, name),
      parents: [],
      name,
      explicit: false,
    }));
  }
  throw new CofferError("SOURCE_MISSING", `Cannot list ${fromUtf8(source.path)}`);
}

/** Makes a checkpoint when it is time, and a last one when the run is interrupted. */
class CheckpointTimer {
  readonly #run: BackupRun;
  readonly #root: ArchiveFolder;
  readonly #checkpoint: Checkpoint;
  readonly #every: number;
  readonly #context: OperationContext<BackupEvent>;
  readonly #now: () => number;
  #last: number;

  constructor(
    repository: Repository,
    run: BackupRun,
    root: ArchiveFolder,
    checkpoint: Checkpoint,
    every: number,
    context: OperationContext<BackupEvent>,
  ) {
    const { clock } = repository.primitives;
    this.#run = run;
    this.#root = root;
    this.#checkpoint = checkpoint;
    this.#every = every;
    this.#context = context;
    this.#now = () => clock.monotonicMs();
    this.#last = this.#now();
  }

  async between(): Promise<void> {
    if (!this.#checkpoint.isKept || this.#now() - this.#last < this.#every) return;
    await this.#run.archiver.settle();
    await this.#save();
    this.#last = this.#now();
  }

  /** After an interruption. A checkpoint that cannot be made only costs time in the next run. */
  async last(): Promise<void> {
    if (!this.#checkpoint.isKept) return;
    try {
      await this.#run.archiver.settle();
      await this.#save();
    } catch {
      // The interruption itself is what the caller hears of.
    }
  }

  async #save(): Promise<void> {
    const tree = await savePartialTree(this.#run.archiver, this.#root);
    await this.#run.flush();
    await this.#checkpoint.save(tree);
    this.#context.progress?.({ kind: "checkpoint", files: this.#run.totals.files });
  }
}

/**
 * Restores a tree into a folder: select, make folders, compare with what is there, content pack by
 * pack, links, removal of what does not belong, metadata of folders deepest first, verification.
 * ARCHITECTURE.md tells the story; each phase's work runs in the pool's threads.
 *
 * Invariant: an item that is not as recorded has an error event and counts in `errors`; a result
 * without errors means that everything selected stands on the target.
 */
import { CofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { idToBytes, parseId } from "#format/id.ts";
import { pathFilterOf, xattrFilterOf } from "#operations/restore/filters.ts";
import type { RestoreEvent, RestoreOptions, RestoreResult } from "#operations/restore/options.ts";
import { RestoreReport } from "#operations/restore/report.ts";
import { RestoreRun } from "#operations/restore/restore-run.ts";
import { select } from "#operations/restore/select.ts";
import { endTask } from "#operations/restore/task-folder-end.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/** Memory is some 100 bytes an entry: this keeps a hostile tree from taking the machine. */
const MAX_ENTRIES = 50_000_000;

let sessions = 0;

/**
 * Memory: about 100 bytes per entry, 70 per distinct blob, and some 16 MiB per thread.
 * @throws BAD_OPTION, BAD_PATTERN, ABORTED, UNSUPPORTED; the error of the root tree; TARGET_FAILED
 * when the target itself cannot be opened. Errors of single items are events, counted in the
 * result.
 */
export async function restore(
  repository: Repository,
  pool: TaskPool,
  options: RestoreOptions,
  context: OperationContext<RestoreEvent> = {},
): Promise<RestoreResult> {
  const { clock } = repository.primitives;
  const started = clock.monotonicMs();
  const { signal } = context;
  throwIfAborted(signal);
  const tree = parseId(options.tree);
  if (tree === undefined) throw new CofferError("BAD_OPTION", "The tree's ID is malformed");
  const filter = pathFilterOf(options);
  const wantsXattr = xattrFilterOf(options);
  const report = new RestoreReport(context.progress, options.reportItems ?? false);

  report.phase("select");
  const selection = await select(repository, pool, idToBytes(tree), {
    filter,
    wantsXattr,
    names: options.ownershipByName ?? false,
    maxEntries: options.maxEntries ?? MAX_ENTRIES,
    signal,
    failed: (item, error) =>
      report.error(item, new CofferError(error.code, `${item}: ${error.message}`)),
  });

  const session = { id: ++sessions, root: options.target, make: !options.dryRun };
  try {
    const run = new RestoreRun({
      repository,
      pool,
      options,
      signal,
      filter,
      selection,
      report,
      session,
    });
    await run.all();
  } finally {
    for (let thread = 0; thread < pool.size; thread++) await pool.run(endTask, session, { thread });
  }
  report.warnOfShortfalls();
  report.status();
  return {
    ...report.counters,
    errors: report.errors,
    filesVerified: report.filesVerified,
    seconds: (clock.monotonicMs() - started) / 1000,
  };
}

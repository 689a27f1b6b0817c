/**
 * Proves a repository sound, or names each damaged, missing or contradictory object together with
 * the snapshots and paths it spoils. Only reads (docs/format.md, section 14). Nothing is called
 * clean that was not looked at: an interrupted check throws.
 */
import type { OperationContext } from "#base/progress.ts";
import { checkData } from "#operations/check/check-data.ts";
import { checkConfig, checkKeys, checkSnapshots } from "#operations/check/check-files.ts";
import { checkIndexes } from "#operations/check/check-indexes.ts";
import { checkPacks } from "#operations/check/check-packs.ts";
import { checkTrees } from "#operations/check/check-trees.ts";
import type {
  CheckEvent,
  CheckOptions,
  CheckResult,
  CheckStage,
  Harm,
} from "#operations/check/check-types.ts";
import { Findings } from "#operations/check/findings.ts";
import { PackTable } from "#operations/check/pack-table.ts";
import { Suspects } from "#operations/check/suspects.ts";
import { traceHarm } from "#operations/check/trace-harm.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/**
 * Checks a repository. The caller holds an exclusive lock, so that nothing changes meanwhile.
 * @param repo opened, its blob index empty: the check loads it by itself, past damaged files, and
 *   the pool's threads share it
 * @throws ABORTED, LOCK_LOST, and storage errors that are no answer about one object
 */
export async function check(
  repo: Repository,
  pool: TaskPool,
  options: CheckOptions = {},
  context: OperationContext<CheckEvent> = {},
): Promise<CheckResult> {
  const { signal } = context;
  const progress = (stage: CheckStage, done: number, total?: number): void => {
    const known = total === undefined ? {} : { total };
    context.progress?.({ kind: "progress", stage, done, ...known });
  };
  const findings = new Findings(context.progress);
  const packs = new PackTable();
  const suspects = new Suspects(repo, packs, findings);
  await checkConfig(repo, findings, { signal });
  await checkKeys(repo, findings, { signal });
  // Before the index: what a listed snapshot refers to is then in it (section 13).
  const snapshots = await checkSnapshots(repo, findings, { ...options, signal });
  progress("files", snapshots.length, snapshots.length);
  const indexes = await checkIndexes(repo, packs, findings, {
    signal,
    progress: (done, total) => progress("indexes", done, total),
  });
  const stored = await checkPacks(repo, packs, findings, signal);
  progress("packs", stored.present, stored.present);
  const onlyNeeded = options.snapshots !== undefined;
  const trees = await checkTrees(repo, pool, snapshots, packs, findings, {
    signal,
    markPacks: onlyNeeded,
    progress: (done) => progress("trees", done),
  });
  const data = await checkData(repo, pool, packs, findings, suspects, {
    signal,
    readData: options.readData ?? { kind: "none" },
    onlyNeeded,
    progress: (done, total, bytes, totalBytes) =>
      context.progress?.({ kind: "progress", stage: "data", done, total, bytes, totalBytes }),
  });
  let harms: readonly Harm[] = [];
  if (findings.errorCount > 0) {
    await suspects.resolve(pool, signal);
    harms = await traceHarm(repo, pool, snapshots, findings, {
      signal,
      progress: (done) => progress("harm", done),
    });
  }
  return {
    errors: findings.errors.map((error, i) => ({ ...error, harm: harms[i] ?? NO_HARM })),
    errorCount: findings.errorCount,
    remarks: findings.remarks,
    remarkCount: findings.remarkCount,
    snapshots: snapshots.length,
    indexFiles: indexes.files,
    packs: stored.present,
    trees,
    packsRead: data.packsRead,
    bytesRead: data.bytesRead,
    suggestRepairIndex: indexes.needsRepair || stored.missing > 0,
    suggestPrune:
      stored.unindexed > 0 || findings.remarks.some(({ code }) => code === "MIXED_PACK"),
    brokenPacks: suspects.brokenPacks(),
  };
}

const NO_HARM: Harm = { snapshots: [], snapshotCount: 0, paths: [], pathCount: 0 };

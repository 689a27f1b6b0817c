/**
 * Plans a prune: finds what is used, measures packs, decides their fate, adds up the figures. Only
 * reads. ADR 11 tells why each check is there.
 */
import { CofferError } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { type HexId, idFromBytes, shortId } from "#format/id.ts";
import { choosePacks, type Fate } from "#operations/prune/choose-packs.ts";
import { findUsedBlobs } from "#operations/prune/find-used.ts";
import { type ListedPacks, listPacks, loadState } from "#operations/prune/load-state.ts";
import { type MeasuredPacks, measurePacks, type PackUsage } from "#operations/prune/pack-usage.ts";
import { statsOf } from "#operations/prune/prune-stats.ts";
import type {
  PruneEvent,
  PruneOptions,
  PrunePlan,
  RepackedPack,
} from "#operations/prune/prune-types.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

/**
 * Makes a plan for the repository as it is. The caller holds an exclusive lock from here to the end
 * of `applyPrune`. Memory: the index, and at most 45 bytes for each used blob.
 * @param repo with an empty index, which is loaded here and shared with the pool's threads
 * @throws MISSING_BLOB, NOT_FOUND, SHORT_READ, corruption codes: nothing is changed then
 */
export async function planPrune(
  repo: Repository,
  pool: TaskPool,
  options: PruneOptions = {},
  context: OperationContext<PruneEvent> = {},
): Promise<PrunePlan> {
  const { signal, progress } = context;
  const { snapshots, indexFiles } = await loadState(repo, context);
  const needed = snapshots.filter(({ id }) => options.ignoreSnapshots?.has(id) !== true);
  const used = await findUsedBlobs(pool, needed, {
    signal,
    progress: (done) => progress?.({ kind: "progress", stage: "trees", done }),
  });
  const measured = measurePacks(repo.index, used);
  const listed = await listPacks(repo, context);
  refuseDamage(repo, measured.usage, listed);
  const fates = choosePacks(measured.usage, repo.config.version, options);
  return {
    stats: statsOf(measured, listed, fates, repo.config.version),
    unindexed: listed.unindexed.map(({ id }) => id),
    ...sortPacks(repo, measured, listed, fates),
    indexFiles,
    snapshots: new Set(snapshots.map(({ id }) => id)),
    used,
  };
}

/** Whether applying the plan would change anything. */
export function isEmptyPlan({ unindexed, repack, remove, forget }: PrunePlan): boolean {
  return [unindexed, repack, remove, forget].every((list) => list.length === 0);
}

/** Every pack with a used blob is there, at the size that its index entries add up to. */
function refuseDamage(repo: Repository, usage: PackUsage, { sizes }: ListedPacks): void {
  for (let pack = 0; pack < usage.count; pack++) {
    if (usage.usedBlobs[pack] === 0) continue;
    const [size, expected] = [sizes[pack]!, usage.size(pack)];
    if (size === expected) continue;
    const id = idFromBytes(repo.index.packId(pack));
    const data = { pack: id };
    throw size < 0
      ? new CofferError("NOT_FOUND", `Pack ${shortId(id)}, which is needed, is missing`, { data })
      : new CofferError(
          "SHORT_READ",
          `Pack ${shortId(id)}, which is needed, has ${size} bytes where its index entries add ` +
            `up to ${expected}`,
          { data },
        );
  }
}

function sortPacks(
  repo: Repository,
  { usage }: MeasuredPacks,
  { sizes }: ListedPacks,
  fates: readonly Fate[],
): Pick<PrunePlan, "repack" | "remove" | "forget"> {
  const repack: RepackedPack[] = [];
  const remove: HexId[] = [];
  const forget: HexId[] = [];
  for (let pack = 0; pack < usage.count; pack++) {
    const fate = fates[pack]!;
    if (fate === "keep") continue;
    const id = idFromBytes(repo.index.packId(pack));
    if (fate === "repack") repack.push({ id, pack, size: sizes[pack]! });
    else if (sizes[pack]! < 0) forget.push(id);
    else remove.push(id);
  }
  return { repack, remove, forget };
}

/** Choosing the packs to read whole, and reading them. */
import { randomBelow } from "#base/random.ts";
import { shortId } from "#format/id.ts";
import type { CheckedObject, ReadData } from "#operations/check/check-types.ts";
import type { Findings } from "#operations/check/findings.ts";
import { type PackJob, type PackReport, packTask } from "#operations/check/pack-task.ts";
import { PACK, type PackTable } from "#operations/check/pack-table.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import type { Suspects } from "#operations/check/suspects.ts";
import type { Repository } from "#repository/repository.ts";
import type { TaskPool } from "#repository/task-pool.ts";

export interface DataCheck {
  readonly packsRead: number;
  readonly bytesRead: number;
}

export interface DataOptions {
  readonly signal?: AbortSignal | undefined;
  readonly readData: ReadData;
  /** Only packs marked as needed. */
  readonly onlyNeeded: boolean;
  progress(done: number, total: number, bytes: number, totalBytes: number): void;
}

/** Reads the chosen packs; each that is not sound becomes one error. */
export async function checkData(
  repo: Repository,
  pool: TaskPool,
  packs: PackTable,
  findings: Findings,
  suspects: Suspects,
  options: DataOptions,
): Promise<DataCheck> {
  const chosen = choosePacks(repo, packs, options);
  const totalBytes = chosen.reduce((sum, pack) => sum + packs.actualSize[pack]!, 0);
  let packsRead = 0;
  let bytesRead = 0;
  let started = 0;
  const next = (): (() => Promise<void>) | undefined => {
    const pack = chosen[started++];
    if (pack === undefined) return undefined;
    return async () => {
      const report = await pool.run(packTask, jobOf(packs, pack));
      packsRead++;
      bytesRead += report.bytesRead;
      judge(packs, pack, report, findings, suspects);
      options.progress(packsRead, chosen.length, bytesRead, totalBytes);
    };
  };
  const limit = Math.max(pool.size, Math.min(repo.backend.connections, 4 * pool.size));
  await runBounded(limit, next, options.signal);
  return { packsRead, bytesRead };
}

function jobOf(packs: PackTable, pack: number): PackJob {
  return {
    id: packs.id(pack),
    size: packs.actualSize[pack]!,
    indexNumber: packs.indexNumber[pack]!,
    entries: packs.entries[pack]!,
  };
}

function judge(
  packs: PackTable,
  pack: number,
  report: PackReport,
  findings: Findings,
  suspects: Suspects,
): void {
  const id = packs.id(pack);
  const object: CheckedObject = { kind: "pack", id };
  if (report.unstable) {
    const message = `Pack ${shortId(id)} was read wrong once and right the second time`;
    findings.remark({ code: "UNSTABLE_READ", object, message });
  }
  const first = report.problems[0];
  if (!first) return;
  const more = report.problems.length - 1;
  const rest = more > 0 ? ` (and ${more} more problems)` : "";
  const text = `Pack ${shortId(id)} is damaged: ${first.message}${rest}`;
  const known = packs.finding[pack]!;
  const finding = known >= 0 ? known : findings.error(first.code, object, text);
  packs.finding[pack] = finding;
  packs.set(pack, PACK.faulty);
  if (report.headerLost) suspects.addPack(pack);
  for (const { type, id: blob } of report.damaged) suspects.addBlob(type, blob, finding);
}

/** Present, indexed packs that the request selects, in ascending order of their ids. */
function choosePacks(repo: Repository, packs: PackTable, options: DataOptions): number[] {
  const { readData, onlyNeeded } = options;
  if (readData.kind === "none") return [];
  const candidates: { pack: number; id: string }[] = [];
  for (let pack = 0; pack < packs.size; pack++) {
    const there = packs.has(pack, PACK.present) && packs.has(pack, PACK.indexed);
    if (!there || (onlyNeeded && !packs.has(pack, PACK.needed))) continue;
    candidates.push({ pack, id: packs.id(pack) });
  }
  candidates.sort((a, b) => (a.id < b.id ? -1 : 1));
  const all = candidates.map(({ pack }) => pack);
  switch (readData.kind) {
    case "all":
      return all;
    case "part": {
      const { part, total } = readData;
      const inPart = ({ id }: { id: string }): boolean =>
        parseInt(id.slice(0, 2), 16) % total === part - 1;
      return candidates.filter(inPart).map(({ pack }) => pack);
    }
    case "percent": {
      // At least one, as restic: a small repository is not skipped for ever.
      const count = Math.max(1, Math.floor((all.length * readData.percent) / 100));
      return shuffled(repo, all).slice(0, count);
    }
    case "bytes": {
      let left = readData.bytes;
      const drawn: number[] = [];
      for (const pack of shuffled(repo, all)) {
        if (left <= 0) break;
        drawn.push(pack);
        left -= packs.actualSize[pack]!;
      }
      return drawn;
    }
  }
}

/** Fisher–Yates. */
function shuffled(repo: Repository, values: readonly number[]): number[] {
  const out = [...values];
  for (let i = out.length - 1; i > 0; i--) {
    const j = randomBelow(repo.primitives.random, i + 1);
    [out[i], out[j]] = [out[j]!, out[i]!];
  }
  return out;
}

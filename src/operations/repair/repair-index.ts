/**
 * Makes the index say what the packs say (docs/format.md, section 16). Planned first; applied by
 * storing new index files before old ones go. A pack that the index knows and whose header cannot
 * be read stays in the index as long as any of its blobs can be read: `repair packs` saves those.
 */
import { type CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { type HexId, parseId, shortId } from "#format/id.ts";
import { type IndexedBlob, type IndexedPack, readIndexFile } from "#format/index-file.ts";
import { packBytes } from "#format/pack-header.ts";
import { idLookup, rewriteIndex } from "#operations/prune/rewrite-index.ts";
import { readGoodBlob } from "#operations/repair/read-blob.ts";
import { tryPackHeader } from "#operations/repair/read-header.ts";
import type { Repository } from "#repository/repository.ts";

export type RepairIndexStage = "index" | "packs" | "rewrite" | "remove";

export type RepairIndexEvent =
  | {
      readonly kind: "progress";
      readonly stage: RepairIndexStage;
      readonly done: number;
      readonly total: number;
    }
  /** An index file, or a pack, that cannot be read. */
  | {
      readonly kind: "unreadable";
      readonly type: "index" | "pack";
      readonly id: string;
      readonly error: CofferError;
    };

export interface RepairIndexPlan {
  /** All index files; those that cannot be used. */
  readonly files: readonly string[];
  readonly broken: ReadonlySet<string>;
  /** Entries to put in place of whatever the index says of these packs. */
  readonly reread: readonly IndexedPack[];
  /** Packs that are gone. */
  readonly missing: readonly HexId[];
  /** Packs of which nothing can be read; left out of the index. */
  readonly unreadable: readonly HexId[];
  /** Damaged packs that stay in the index, for `repair packs`. */
  readonly damaged: readonly HexId[];
  /** Packs listed more than once with equal entries. */
  readonly repeated: number;
}

/** What the index says of a pack. */
interface Known {
  size: number;
  entries: number;
  /** Contradictions, gaps or repetitions. */
  isUnsound: boolean;
  copies: number;
}

/**
 * Finds out what is wrong with the index. Only reads: index files, a listing of packs, headers of
 * packs that the index does not describe as they are.
 * @param readAllPacks distrust the index and read every header
 */
export async function planRepairIndex(
  repo: Repository,
  options: { readonly readAllPacks?: boolean } = {},
  context: OperationContext<RepairIndexEvent> = {},
): Promise<RepairIndexPlan> {
  const { signal } = context;
  const scan = await scanIndexes(repo, context);
  const sizes = new Map<HexId, number>();
  for await (const { name, size } of repo.backend.list("pack", { signal })) {
    sizes.set(parseId(name)!, size);
  }
  const suspects = [...sizes].filter(([id, size]) => {
    const known = scan.packs.get(id);
    return options.readAllPacks === true || !known || known.isUnsound || known.size !== size;
  });
  const reread: IndexedPack[] = [];
  const unreadable: HexId[] = [];
  const damaged: HexId[] = [];
  let done = 0;
  for (const [id, size] of suspects) {
    throwIfAborted(signal);
    const found = await tryPackHeader(repo, id, size, { signal });
    if (!isCofferError(found)) reread.push(found);
    else {
      context.progress?.({ kind: "unreadable", type: "pack", id, error: found });
      const known = await knownEntries(repo, scan, id, signal);
      if (await hasReadableBlob(repo, id, known, signal)) damaged.push(id);
      else unreadable.push(id);
    }
    const [stage, total] = ["packs" as const, suspects.length];
    context.progress?.({ kind: "progress", stage, done: ++done, total });
  }
  const missing = [...scan.packs.keys()].filter((id) => !sizes.has(id));
  const repeated = [...scan.packs.values()].filter(({ copies }) => copies > 1).length;
  const { files, broken } = scan;
  return { files, broken, reread, missing, unreadable, damaged, repeated };
}

/** Whether applying would change what the index says. */
export function isSoundIndex(plan: RepairIndexPlan): boolean {
  const { broken, reread, missing, unreadable, repeated } = plan;
  return broken.size + reread.length + missing.length + unreadable.length + repeated === 0;
}

/** Rewrites the index as planned. The caller holds an exclusive lock since the plan. */
export async function applyRepairIndex(
  repo: Repository,
  plan: RepairIndexPlan,
  context: OperationContext<RepairIndexEvent> = {},
): Promise<void> {
  if (isSoundIndex(plan)) return;
  const { signal, progress } = context;
  await rewriteIndex(repo, {
    files: plan.files,
    broken: plan.broken,
    drops: idLookup([...plan.reread.map(({ id }) => id), ...plan.missing, ...plan.unreadable]),
    add: plan.reread,
    removeRepeated: true,
    signal,
    progress: (stage, done, total) => progress?.({ kind: "progress", stage, done, total }),
  });
}

interface IndexScan {
  readonly files: readonly string[];
  readonly broken: ReadonlySet<string>;
  readonly packs: ReadonlyMap<HexId, Known>;
}

async function scanIndexes(
  repo: Repository,
  { signal, progress }: OperationContext<RepairIndexEvent>,
): Promise<IndexScan> {
  const listed = new Set<string>();
  for await (const { name } of repo.backend.list("index", { signal })) listed.add(name);
  const files = [...listed];
  const broken = new Set<string>();
  const packs = new Map<HexId, Known>();
  let done = 0;
  for (const name of files) {
    throwIfAborted(signal);
    try {
      for (const pack of await readPacks(repo, name, signal)) notePack(packs, pack);
    } catch (error) {
      if (!isCorruption(error)) throw error;
      broken.add(name);
      progress?.({ kind: "unreadable", type: "index", id: name, error });
    }
    progress?.({ kind: "progress", stage: "index", done: ++done, total: files.length });
  }
  return { files, broken, packs };
}

async function readPacks(
  repo: Repository,
  name: string,
  signal: AbortSignal | undefined,
): Promise<IndexedPack[]> {
  const json = await repo.loadUnpacked("index", name, { signal });
  return [...readIndexFile(json, repo.config.version, `Index ${shortId(name)}`)];
}

function notePack(packs: Map<HexId, Known>, { id, blobs }: IndexedPack): void {
  let end = 0;
  let isUnsound = blobs.length === 0;
  for (const { offset, length } of blobs.toSorted((a, b) => a.offset - b.offset)) {
    if (offset !== end) isUnsound = true;
    end = offset + length;
  }
  const size = packBytes(blobs);
  const known = packs.get(id);
  if (!known) {
    packs.set(id, { size, entries: blobs.length, isUnsound, copies: 1 });
    return;
  }
  known.copies++;
  if (isUnsound || known.size !== size || known.entries !== blobs.length) known.isUnsound = true;
}

/** Everything that any index file says of a pack. Reads them again: a rare path. */
async function knownEntries(
  repo: Repository,
  scan: IndexScan,
  id: HexId,
  signal: AbortSignal | undefined,
): Promise<IndexedBlob[]> {
  if (!scan.packs.has(id)) return [];
  const blobs: IndexedBlob[] = [];
  for (const name of scan.files) {
    if (scan.broken.has(name)) continue;
    for (const pack of await readPacks(repo, name, signal)) {
      if (pack.id === id) blobs.push(...pack.blobs);
    }
  }
  return blobs;
}

async function hasReadableBlob(
  repo: Repository,
  pack: HexId,
  blobs: readonly IndexedBlob[],
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for (const blob of blobs) if (await readGoodBlob(repo, pack, blob, signal)) return true;
  return false;
}

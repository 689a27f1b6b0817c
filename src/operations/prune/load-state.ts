/**
 * What a prune looks at, in the order that is safe: snapshots first, then the index, then the packs
 * (docs/format.md, section 13). Anything unreadable stops the run: it may need what would go.
 */
import { CofferError, isCofferError, messageOf, throwIfAborted } from "#base/errors.ts";
import { fromHex } from "#base/bytes.ts";
import { type HexId, parseId, shortId } from "#format/id.ts";
import { runBounded } from "#operations/check/run-bounded.ts";
import type { PruneEvent } from "#operations/prune/prune-types.ts";
import type { Repository } from "#repository/repository.ts";
import { loadSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";
import type { OperationContext } from "#base/progress.ts";

export interface LoadedState {
  readonly snapshots: readonly StoredSnapshot[];
  readonly indexFiles: readonly string[];
}

/** Loads all snapshots and the whole index. @throws the error of the first unreadable file */
export async function loadState(
  repo: Repository,
  context: OperationContext<PruneEvent>,
): Promise<LoadedState> {
  const { signal, progress } = context;
  const { snapshots, broken } = await loadSnapshots(repo, { signal });
  const first = broken[0];
  if (first) {
    const text = `Snapshot ${shortId(first.id)} cannot be read, so nothing was changed: `;
    throw new CofferError(first.error.code, text + messageOf(first.error), { cause: first.error });
  }
  progress?.({ kind: "progress", stage: "snapshots", done: snapshots.length });
  return { snapshots, indexFiles: await loadIndexFiles(repo, context) };
}

/**
 * Lists the index files once and loads exactly those: a second listing might differ from the first,
 * and what is loaded must be what is rewritten later.
 */
async function loadIndexFiles(
  repo: Repository,
  { signal, progress }: OperationContext<PruneEvent>,
): Promise<readonly string[]> {
  const listed = new Set<string>();
  for await (const { name } of repo.backend.list("index", { signal })) listed.add(name);
  const names = [...listed];
  let started = 0;
  let done = 0;
  const next = (): (() => Promise<void>) | undefined => {
    const name = names[started++];
    if (name === undefined) return undefined;
    return async () => {
      await loadIndexFile(repo, name, signal);
      progress?.({ kind: "progress", stage: "index", done: ++done, total: names.length });
    };
  };
  await runBounded(Math.max(1, repo.backend.connections), next, signal);
  return names;
}

async function loadIndexFile(
  repo: Repository,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const json = await repo.loadUnpacked("index", name, { signal });
  try {
    repo.index.loadIndexFile(json);
  } catch (error) {
    if (!isCofferError(error, "BAD_FORMAT")) throw error;
    const text = `Cannot use index ${shortId(name)}: ${error.message}`;
    throw new CofferError("BAD_FORMAT", text, { cause: error, data: { index: name } });
  }
}

/** Packs in the storage, compared with the index. */
export interface ListedPacks {
  /** Size of the file by the pack's number in the index; −1 where there is none. */
  readonly sizes: Float64Array;
  /** Files that the index does not name, and their bytes. */
  readonly unindexed: readonly { readonly id: HexId; readonly size: number }[];
}

/** One listing of all packs. */
export async function listPacks(
  repo: Repository,
  context: OperationContext<PruneEvent>,
): Promise<ListedPacks> {
  const { signal, progress } = context;
  const { index } = repo;
  const sizes = new Float64Array(index.packCount).fill(-1);
  const numbers = new Map<string, number>();
  for (let pack = 0; pack < index.packCount; pack++) numbers.set(keyOf(index.packId(pack)), pack);
  const unindexed = new Map<HexId, number>();
  let done = 0;
  for await (const { name, size } of repo.backend.list("pack", { signal })) {
    throwIfAborted(signal);
    const pack = numbers.get(keyOf(fromHex(name)!));
    if (pack === undefined) unindexed.set(parseId(name)!, size);
    else sizes[pack] = size;
    progress?.({ kind: "progress", stage: "packs", done: ++done });
  }
  return { sizes, unindexed: [...unindexed].map(([id, size]) => ({ id, size })) };
}

/** 32 bytes as 16 characters: a third of the memory of hex. */
function keyOf(id: Uint8Array): string {
  let key = "";
  for (let i = 0; i < 32; i += 2) key += String.fromCharCode(id[i]! | (id[i + 1]! << 8));
  return key;
}

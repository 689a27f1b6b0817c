/**
 * Saves what is good of damaged packs (docs/format.md, section 16): every blob that the index or
 * the header knows and that still has its hash goes to a new pack; then the index forgets the old
 * pack; then the old pack goes. Raw copies are handed out first.
 */
import { CofferError, isCofferError, throwIfAborted } from "#base/errors.ts";
import type { OperationContext } from "#base/progress.ts";
import { type HexId, idToBytes, shortId } from "#format/id.ts";
import { type IndexedBlob, readIndexFile } from "#format/index-file.ts";
import type { PackSettings } from "#operations/prune/prune-types.ts";
import { idLookup, rewriteIndex } from "#operations/prune/rewrite-index.ts";
import { DirectSaver } from "#operations/repair/direct-saver.ts";
import { readGoodBlob } from "#operations/repair/read-blob.ts";
import { tryPackHeader } from "#operations/repair/read-header.ts";
import type { BlobType } from "#repository/blob-index.ts";
import type { Repository } from "#repository/repository.ts";

export interface RepairPacksOptions {
  readonly ids: readonly HexId[];
  readonly settings: PackSettings;
  /** Called with each pack's bytes as they lie, before anything is changed. */
  readonly saveCopy: (id: HexId, bytes: Uint8Array) => Promise<void>;
}

export type RepairPacksEvent =
  | { readonly kind: "pack"; readonly id: HexId; readonly saved: number; readonly lost: number }
  | {
      readonly kind: "lost";
      readonly pack: HexId;
      readonly type: BlobType;
      readonly id: HexId;
    };

export interface RepairPacksResult {
  readonly packs: number;
  readonly saved: number;
  /** Blobs of which the named packs hold no good copy; others may. */
  readonly lost: number;
}

/**
 * Repairs the named packs. The caller holds an exclusive lock.
 * @throws BAD_OPTION for a pack that is in neither the storage nor the index; storage errors
 */
export async function repairPacks(
  repo: Repository,
  { ids, settings, saveCopy }: RepairPacksOptions,
  context: OperationContext<RepairPacksEvent> = {},
): Promise<RepairPacksResult> {
  const { signal, progress } = context;
  const files: string[] = [];
  for await (const { name } of repo.backend.list("index", { signal })) files.push(name);
  const indexed = await indexedBlobs(repo, files, ids, signal);
  const sizes = await sizesOf(repo, ids, indexed, signal);
  for (const [id] of sizes) {
    await saveCopy(
      id,
      await repo.backend.read({ type: "pack", name: id }, { signal, fresh: true }),
    );
  }
  const saver = new DirectSaver(repo, settings, signal);
  let saved = 0;
  let lost = 0;
  for (const id of new Set(ids)) {
    const blobs = await allBlobs(repo, id, sizes.get(id), indexed.get(id) ?? [], signal);
    const good = await saveGood(repo, saver, id, blobs, context);
    saved += good;
    lost += blobs.length - good;
    progress?.({ kind: "pack", id, saved: good, lost: blobs.length - good });
  }
  await saver.flush();
  await rewriteIndex(repo, { files, drops: idLookup(ids), signal });
  for (const [id] of sizes) await removePack(repo, id, signal);
  return { packs: new Set(ids).size, saved, lost };
}

async function saveGood(
  repo: Repository,
  saver: DirectSaver,
  pack: HexId,
  blobs: readonly IndexedBlob[],
  { signal, progress }: OperationContext<RepairPacksEvent>,
): Promise<number> {
  let good = 0;
  for (const blob of blobs) {
    throwIfAborted(signal);
    const payload = await readGoodBlob(repo, pack, blob, signal);
    if (!payload) {
      progress?.({ kind: "lost", pack, type: blob.type, id: blob.id });
      continue;
    }
    if (saver.blobs.isBusy) await saver.blobs.ready();
    saver.blobs.copy(blob.type, idToBytes(blob.id), payload, blob.rawLength);
    good++;
  }
  return good;
}

/** What the index says of each named pack. */
async function indexedBlobs(
  repo: Repository,
  files: readonly string[],
  ids: readonly HexId[],
  signal: AbortSignal | undefined,
): Promise<Map<HexId, IndexedBlob[]>> {
  const isWanted = idLookup(ids);
  const found = new Map<HexId, IndexedBlob[]>();
  for (const name of files) {
    const json = await repo.loadUnpacked("index", name, { signal });
    for (const { id, blobs } of readIndexFile(
      json,
      repo.config.version,
      `Index ${shortId(name)}`,
    )) {
      if (isWanted(id)) found.set(id, [...(found.get(id) ?? []), ...blobs]);
    }
  }
  return found;
}

/** Sizes of those that are in the storage. @throws BAD_OPTION for one that is nowhere */
async function sizesOf(
  repo: Repository,
  ids: readonly HexId[],
  indexed: ReadonlyMap<HexId, unknown>,
  signal: AbortSignal | undefined,
): Promise<Map<HexId, number>> {
  const sizes = new Map<HexId, number>();
  for (const id of ids) {
    const found = await repo.backend.stat({ type: "pack", name: id }, { signal });
    if (found) sizes.set(id, found.size);
    else if (!indexed.has(id)) throw new CofferError("BAD_OPTION", `There is no pack ${id}`);
  }
  return sizes;
}

/** Entries of index and header together, each place once, in the order of the file. */
async function allBlobs(
  repo: Repository,
  id: HexId,
  size: number | undefined,
  indexed: readonly IndexedBlob[],
  signal: AbortSignal | undefined,
): Promise<IndexedBlob[]> {
  const header = size === undefined ? undefined : await tryPackHeader(repo, id, size, { signal });
  const listed = header === undefined || isCofferError(header) ? [] : header.blobs;
  const places = new Map<string, IndexedBlob>();
  for (const blob of [...listed, ...indexed]) {
    places.set(`${blob.type} ${blob.id} ${blob.offset} ${blob.length} ${blob.rawLength}`, blob);
  }
  return [...places.values()].toSorted((a, b) => a.offset - b.offset);
}

async function removePack(
  repo: Repository,
  id: HexId,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await repo.backend.remove({ type: "pack", name: id }, { signal });
  } catch (error) {
    if (!isCofferError(error, "NOT_FOUND")) throw error;
  }
}

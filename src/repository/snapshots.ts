/**
 * Loading and saving snapshots (docs/format.md, sections 8 and 13). One that cannot be read is
 * handed to the caller beside the others, never left out in silence: it may be the one that
 * matters.
 */
import { type CofferError, isCofferError, isCorruption, throwIfAborted } from "#base/errors.ts";
import { type HexId, parseId, shortId } from "#format/id.ts";
import { decodeSnapshot, encodeSnapshot, type Snapshot } from "#format/snapshot.ts";
import type { Repository } from "#repository/repository.ts";

/** A snapshot with the name of its file. */
export interface StoredSnapshot extends Snapshot {
  readonly id: HexId;
}

/** A snapshot file that is listed but cannot be read or decoded. */
export interface BrokenSnapshot {
  readonly id: HexId;
  readonly error: CofferError;
}

export interface LoadedSnapshots {
  /** Oldest first; equal times by id. */
  readonly snapshots: StoredSnapshot[];
  readonly broken: BrokenSnapshot[];
}

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** Ids of all snapshot files, ascending. One listing. */
export async function listSnapshotIds(
  repo: Repository,
  options: LoadOptions = {},
): Promise<HexId[]> {
  const ids: HexId[] = [];
  for await (const { name } of repo.backend.list("snapshot", options)) {
    const id = parseId(name);
    if (id) ids.push(id);
  }
  // A storage may list a file twice; a snapshot that counted twice would push others out.
  return [...new Set(ids)].toSorted();
}

/** @throws NOT_FOUND, BAD_HASH, BAD_MAC, BAD_FORMAT, storage errors */
export async function loadSnapshot(
  repo: Repository,
  id: HexId,
  options: LoadOptions = {},
): Promise<StoredSnapshot> {
  const json = await repo.loadUnpacked("snapshot", id, options);
  return { ...decodeSnapshot(json, `Snapshot ${shortId(id)}`), id };
}

/**
 * Loads all snapshots, as many at once as the storage allows. Call before loading the index: what a
 * listed snapshot refers to is then in it.
 * @param ids those to load; default all that a listing finds
 * @throws ABORTED, and listing errors
 */
export async function loadSnapshots(
  repo: Repository,
  options: LoadOptions & { readonly ids?: readonly HexId[] } = {},
): Promise<LoadedSnapshots> {
  const queue = [...(options.ids ?? (await listSnapshotIds(repo, options)))];
  const lanes = Math.max(1, Math.min(repo.backend.connections, queue.length));
  const snapshots: StoredSnapshot[] = [];
  const broken: BrokenSnapshot[] = [];
  const lane = async (): Promise<void> => {
    for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
      throwIfAborted(options.signal);
      try {
        snapshots.push(await loadSnapshot(repo, id, options));
      } catch (error) {
        if (!isUnreadable(error)) throw error;
        broken.push({ id, error });
      }
    }
  };
  const results = await Promise.allSettled(Array.from({ length: lanes }, lane));
  for (const result of results) if (result.status === "rejected") throw result.reason;
  snapshots.sort(compareSnapshots);
  broken.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { snapshots, broken };
}

/** Stores a snapshot; what it refers to must be stored and indexed. Returns its id. */
export async function saveSnapshot(
  repo: Repository,
  snapshot: Snapshot,
  options: LoadOptions = {},
): Promise<HexId> {
  const name = await repo.saveUnpacked("snapshot", encodeSnapshot(snapshot), options);
  return name as HexId;
}

/** Order by time, then by id, so that every run gives the same answer. */
export function compareSnapshots(a: StoredSnapshot, b: StoredSnapshot): number {
  return a.time.seconds - b.time.seconds || a.time.nanos - b.time.nanos || (a.id < b.id ? -1 : 1);
}

/** Damage of one file, as against an answer about the whole storage. */
function isUnreadable(error: unknown): error is CofferError {
  return isCorruption(error) || isCofferError(error, "NOT_FOUND", "DENIED", "STORAGE_FAILED");
}

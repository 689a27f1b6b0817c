/** From what a person types to a snapshot: an id, a prefix of one, `latest`, or `latest~2`. */
import { CofferError } from "#base/errors.ts";
import { parseId } from "#format/id.ts";
import type { Repository } from "#repository/repository.ts";
import { matchesFilter, type SnapshotFilter } from "#repository/snapshot-filter.ts";
import {
  type BrokenSnapshot,
  listSnapshotIds,
  loadSnapshot,
  loadSnapshots,
  type LoadOptions,
  type StoredSnapshot,
} from "#repository/snapshots.ts";

/** A snapshot and the folder within it that a person named with `<snapshot>:<folder>`. */
export interface SnapshotReference {
  readonly snapshot: string;
  /** Without leading or trailing slashes; empty for the whole. */
  readonly folder: string;
}

/** Splits `latest:/home/me`. */
export function parseSnapshotReference(text: string): SnapshotReference {
  const colon = text.indexOf(":");
  if (colon < 0) return { snapshot: text, folder: "" };
  const parts = text.slice(colon + 1).split("/");
  const folder = parts.filter((part) => part !== "" && part !== ".").join("/");
  return { snapshot: text.slice(0, colon), folder };
}

export interface FoundSnapshot {
  readonly snapshot: StoredSnapshot;
  /** Snapshots that could not be read while looking for the latest: one of them may be newer. */
  readonly broken: readonly BrokenSnapshot[];
}

/**
 * Finds one snapshot. A full id costs one read, a prefix a listing more, `latest` reads all.
 * @param text an id, a prefix of it, `latest`, or `latest~N` for the Nth before the latest
 * @param filter restricts `latest` only
 * @throws UNKNOWN_SNAPSHOT, AMBIGUOUS_ID, and what loading throws
 */
export async function findSnapshot(
  repo: Repository,
  text: string,
  filter: SnapshotFilter = {},
  options: LoadOptions = {},
): Promise<FoundSnapshot> {
  const latest = /^latest(?:~(\d{1,9}))?$/.exec(text);
  if (latest) return findLatest(repo, Number(latest[1] ?? 0), filter, options);
  const id = parseId(text) ?? (await expandPrefix(repo, text, options));
  try {
    return { snapshot: await loadSnapshot(repo, id, options), broken: [] };
  } catch (error) {
    if (error instanceof CofferError && error.code === "NOT_FOUND") throw unknown(text);
    throw error;
  }
}

async function findLatest(
  repo: Repository,
  back: number,
  filter: SnapshotFilter,
  options: LoadOptions,
): Promise<FoundSnapshot> {
  const { snapshots, broken } = await loadSnapshots(repo, options);
  const matching = snapshots.filter((snapshot) => matchesFilter(snapshot, filter));
  const snapshot = matching.at(-1 - back);
  if (snapshot) return { snapshot, broken };
  if (broken[0]) throw broken[0].error;
  throw new CofferError(
    "UNKNOWN_SNAPSHOT",
    matching.length === 0
      ? "No snapshot matches"
      : `There are only ${matching.length} snapshots that match`,
  );
}

async function expandPrefix(repo: Repository, text: string, options: LoadOptions) {
  if (!/^[0-9a-f]{1,64}$/.test(text)) throw unknown(text);
  const ids = (await listSnapshotIds(repo, options)).filter((id) => id.startsWith(text));
  if (ids.length > 1) {
    throw new CofferError("AMBIGUOUS_ID", `${ids.length} snapshots have ids that start ${text}`);
  }
  if (ids[0] === undefined) throw unknown(text);
  return ids[0];
}

function unknown(text: string): CofferError {
  return new CofferError("UNKNOWN_SNAPSHOT", `There is no snapshot ${JSON.stringify(text)}`);
}

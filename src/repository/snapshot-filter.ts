/** Choosing and grouping snapshots by host, paths and tags, with restic's meaning of each. */
import { compareTimestamps, type Timestamp } from "#base/timestamp.ts";
import { compareSnapshots, type StoredSnapshot } from "#repository/snapshots.ts";

/** Empty lists do not restrict. */
export interface SnapshotFilter {
  /** Any of these. */
  readonly hosts?: readonly string[];
  /** All of these, compared as text with the snapshot's paths. */
  readonly paths?: readonly string[];
  /** Any of these lists, of which all tags are needed. The empty tag stands for "no tags". */
  readonly tags?: readonly (readonly string[])[];
}

/** Whether a snapshot passes all parts of a filter. */
export function matchesFilter(snapshot: StoredSnapshot, filter: SnapshotFilter): boolean {
  const { hosts = [], paths = [], tags = [] } = filter;
  if (hosts.length > 0 && !hosts.includes(snapshot.hostname)) return false;
  if (!paths.every((path) => snapshot.paths.includes(path))) return false;
  return tags.length === 0 || tags.some((list) => hasTags(snapshot, list));
}

/** Whether a snapshot has all tags of a list; the empty tag matches a snapshot without any. */
export function hasTags(snapshot: StoredSnapshot, list: readonly string[]): boolean {
  return list.every((tag) =>
    tag === "" ? snapshot.tags.length === 0 : snapshot.tags.includes(tag),
  );
}

/** Whether a filter lets everything pass. */
export function isEmptyFilter(filter: SnapshotFilter): boolean {
  return [filter.hosts, filter.paths, filter.tags].every((list) => (list?.length ?? 0) === 0);
}

/** What snapshots are grouped by. */
export interface GroupBy {
  readonly host: boolean;
  readonly paths: boolean;
  readonly tags: boolean;
}

/** As restic writes it: what does not group is empty or null. */
export interface GroupKey {
  readonly hostname: string;
  readonly paths: readonly string[] | null;
  readonly tags: readonly string[] | null;
}

export interface SnapshotGroup {
  readonly key: GroupKey;
  /** Oldest first. */
  readonly snapshots: StoredSnapshot[];
}

/** Groups in ascending order of their keys. Paths and tags count as sets. */
export function groupSnapshots(snapshots: readonly StoredSnapshot[], by: GroupBy): SnapshotGroup[] {
  const groups = new Map<string, SnapshotGroup>();
  for (const snapshot of snapshots.toSorted(compareSnapshots)) {
    const key: GroupKey = {
      hostname: by.host ? snapshot.hostname : "",
      paths: by.paths ? snapshot.paths.toSorted() : null,
      tags: by.tags ? snapshot.tags.toSorted() : null,
    };
    const text = JSON.stringify([key.hostname, key.paths, key.tags]);
    const group = groups.get(text);
    if (group) group.snapshots.push(snapshot);
    else groups.set(text, { key, snapshots: [snapshot] });
  }
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

/** The last `count` snapshots of each group of same host and paths, as `snapshots --latest`. */
export function latestPerGroup(
  snapshots: readonly StoredSnapshot[],
  count: number,
): StoredSnapshot[] {
  const groups = groupSnapshots(snapshots, { host: true, paths: true, tags: false });
  return groups.flatMap((group) => group.snapshots.slice(-count)).toSorted(compareSnapshots);
}

export interface ParentQuery {
  /** Those parts of the new snapshot that its group is made of; absent ones do not restrict. */
  readonly host?: string | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Time of the new snapshot: a later one is no parent. */
  readonly notAfter: Timestamp;
}

/** The newest snapshot of the same group that is not later than the new one; undefined if none. */
export function chooseParent(
  snapshots: readonly StoredSnapshot[],
  query: ParentQuery,
): StoredSnapshot | undefined {
  const filter: SnapshotFilter = {
    hosts: query.host === undefined ? [] : [query.host],
    paths: query.paths ?? [],
    tags: query.tags === undefined ? [] : [query.tags],
  };
  return snapshots
    .filter((snapshot) => compareTimestamps(snapshot.time, query.notAfter) <= 0)
    .filter((snapshot) => matchesFilter(snapshot, filter))
    .toSorted(compareSnapshots)
    .at(-1);
}

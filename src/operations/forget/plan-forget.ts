/**
 * What a policy would remove, as data, before anything is removed. Refuses what is more likely a
 * mistake than a wish: a filter that matches nothing, a group that would lose all it has.
 */
import { CofferError } from "#base/errors.ts";
import { compareTimestamps, type Timestamp } from "#base/timestamp.ts";
import { shortId } from "#format/id.ts";
import { applyPolicy, type Decision, PIN_TAG } from "#operations/forget/apply-policy.ts";
import { isEmptyPolicy, type KeepPolicy } from "#operations/forget/policy.ts";
import {
  type GroupBy,
  type GroupKey,
  groupSnapshots,
  hasTags,
  isEmptyFilter,
  matchesFilter,
  type SnapshotFilter,
} from "#repository/snapshot-filter.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface ForgetRequest {
  readonly policy: KeepPolicy;
  readonly filter: SnapshotFilter;
  readonly groupBy: GroupBy;
  /**
   * Groups may be emptied, and a filter without a policy removes all that it matches. Needs a
   * filter.
   */
  readonly allowRemoveAll?: boolean | undefined;
}

export interface ForgetGroup extends Decision {
  readonly key: GroupKey;
}

export interface ForgetPlan {
  /** In ascending order of their keys. */
  readonly groups: readonly ForgetGroup[];
  /** Things that a person should look at before the removal; full sentences. */
  readonly warnings: readonly string[];
}

/**
 * A run that removes more than half of a group is worth a look, but only from so many snapshots on:
 * a first cleaning of a young group is none.
 */
const MANY = 10;

/**
 * Plans over the given snapshots. Pure.
 * @throws BAD_OPTION for an empty policy, a filter that matches nothing, a group that would be
 *   emptied
 */
export function planForget(
  snapshots: readonly StoredSnapshot[],
  request: ForgetRequest,
  now: Timestamp,
): ForgetPlan {
  const { policy, filter, groupBy, allowRemoveAll = false } = request;
  if (allowRemoveAll && isEmptyFilter(filter)) {
    throw refusal("--unsafe-allow-remove-all is not allowed unless a snapshot filter is given");
  }
  const isEmpty = isEmptyPolicy(policy);
  if (isEmpty && !allowRemoveAll) {
    throw refusal("no policy was specified, no snapshots will be removed");
  }
  refuseUnmatched(snapshots, filter);
  const distinct = [...new Map(snapshots.map((snapshot) => [snapshot.id, snapshot])).values()];
  const matching = distinct.filter((snapshot) => matchesFilter(snapshot, filter));
  const groups = groupSnapshots(matching, groupBy).map(({ key, snapshots: members }) => ({
    key,
    ...(isEmpty ? removeAll(members) : applyPolicy(members, policy, now)),
  }));
  for (const { key, keep, remove } of groups) {
    if (keep.length > 0 || remove.length === 0 || allowRemoveAll) continue;
    throw refusal(`refusing to delete last snapshot of snapshot group "${describeGroup(key)}"`);
  }
  return { groups, warnings: [...warningsOf(groups, policy, matching, now)] };
}

/** Ids to remove, group by group, newest first. */
export function plannedRemovals(plan: ForgetPlan): StoredSnapshot[] {
  return plan.groups.flatMap(({ remove }) => remove);
}

/** `host nas, paths [/home /srv]`; empty where nothing groups. */
export function describeGroup({ hostname, paths, tags }: GroupKey): string {
  const parts: string[] = [];
  if (hostname !== "") parts.push(`host ${hostname}`);
  if (paths !== null && paths.length > 0) parts.push(`paths [${paths.join(" ")}]`);
  if (tags !== null && tags.length > 0) parts.push(`tags [${tags.join(" ")}]`);
  return parts.join(", ");
}

/** Without a policy all goes, but for what is pinned. */
function removeAll(members: readonly StoredSnapshot[]): Decision {
  const newestFirst = members.toReversed();
  const isPinned = ({ tags }: StoredSnapshot): boolean => tags.includes(PIN_TAG);
  return {
    keep: newestFirst
      .filter(isPinned)
      .map((snapshot) => ({ snapshot, reasons: ["pinned"], counters: {} })),
    remove: newestFirst.filter((snapshot) => !isPinned(snapshot)),
  };
}

/** Each word of a filter must occur: a mistyped one would silently keep everything for ever. */
function refuseUnmatched(snapshots: readonly StoredSnapshot[], filter: SnapshotFilter): void {
  const { hosts = [], paths = [], tags = [] } = filter;
  for (const host of hosts) {
    if (snapshots.some(({ hostname }) => hostname === host)) continue;
    throw refusal(`no snapshot is of host ${JSON.stringify(host)}`);
  }
  for (const path of paths) {
    if (snapshots.some((snapshot) => snapshot.paths.includes(path))) continue;
    throw refusal(`no snapshot includes the path ${JSON.stringify(path)}`);
  }
  for (const list of tags) {
    if (snapshots.some((snapshot) => hasTags(snapshot, list))) continue;
    throw refusal(`no snapshot has the tags ${JSON.stringify(list.join(","))}`);
  }
  if (!isEmptyFilter(filter) && !snapshots.some((snapshot) => matchesFilter(snapshot, filter))) {
    throw refusal("no snapshot matches the given hosts, tags and paths together");
  }
}

function* warningsOf(
  groups: readonly ForgetGroup[],
  policy: KeepPolicy,
  matching: readonly StoredSnapshot[],
  now: Timestamp,
): Generator<string> {
  for (const list of policy.tags ?? []) {
    if (matching.some((snapshot) => hasTags(snapshot, list))) continue;
    yield `No snapshot has the tags ${JSON.stringify(list.join(","))} that are to be kept`;
  }
  for (const { id, time } of matching) {
    if (compareTimestamps(time, now) <= 0) continue;
    yield `Snapshot ${shortId(id)} is dated in the future`;
  }
  for (const { key, keep, remove } of groups) {
    const all = keep.length + remove.length;
    if (remove.length <= MANY || 2 * remove.length <= all) continue;
    const name = describeGroup(key);
    const where = name === "" ? "" : ` of the group ${JSON.stringify(name)}`;
    yield `${remove.length} of ${all} snapshots${where} go in one run, more than half`;
  }
}

function refusal(message: string): CofferError {
  return new CofferError("BAD_OPTION", message);
}

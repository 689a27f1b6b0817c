/** `snapshots`: lists them, as a table or as JSON. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseGroupBy } from "#cli/parse/group-by.ts";
import { parseInteger } from "#cli/parse/sizes.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { snapshotJson } from "#cli/snapshot-json.ts";
import { groupHeader, snapshotTable } from "#cli/snapshot-table.ts";
import {
  groupSnapshots,
  latestPerGroup,
  type GroupKey,
  type SnapshotGroup,
} from "#repository/snapshot-filter.ts";
import type { StoredSnapshot } from "#repository/snapshots.ts";

export interface SnapshotsOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly compact?: true | undefined;
  readonly latest?: string | undefined;
  readonly last?: true | undefined;
  readonly groupBy: string;
}

export async function run(options: SnapshotsOptions, context: CliContext): Promise<number> {
  const { printer, io } = context;
  const groupBy = parseGroupBy("--group-by", options.groupBy);
  const latest = latestCount(options);
  await using session = await openSession(context, { lock: "shared", loadIndex: false });
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, options.ids, filter, context);
  const exit = damaged ? 1 : 0;

  if (groupBy === undefined) {
    const shown = latest > 0 ? latestPerGroup(snapshots, latest) : snapshots;
    if (printer.json) printer.jsonLine(shown.map((snapshot) => snapshotJson(snapshot)));
    else printer.raw(snapshotTable(shown, { compact: options.compact === true, clock: io.clock }));
    return exit;
  }
  const groups = groupSnapshots(snapshots, groupBy).map((group) => ({
    key: group.key,
    snapshots: latest > 0 ? group.snapshots.slice(-latest) : group.snapshots,
  }));
  if (printer.json) printer.jsonLine(groups.map(groupJson));
  else {
    for (const { key, snapshots: members } of groups) {
      printer.raw(groupHeader(key));
      printer.raw(snapshotTable(members, { compact: options.compact === true, clock: io.clock }));
    }
  }
  return exit;
}

function latestCount(options: SnapshotsOptions): number {
  if (options.latest !== undefined) return parseInteger("--latest", options.latest);
  return options.last === true ? 1 : 0;
}

function groupJson({ key, snapshots }: SnapshotGroup) {
  return {
    group_key: groupKeyJson(key),
    snapshots: snapshots.map((snapshot: StoredSnapshot) => snapshotJson(snapshot)),
  };
}

function groupKeyJson({ hostname, paths, tags }: GroupKey) {
  return { hostname, paths, tags };
}

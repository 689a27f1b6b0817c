/** `tag`: changes the tags of snapshots. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { flattenTags } from "#cli/parse/tags.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { type ChangedSnapshot, tagSnapshots } from "#operations/tag.ts";
import { loadSnapshots } from "#repository/snapshots.ts";

export interface TagOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly set?: readonly string[] | undefined;
  readonly add?: readonly string[] | undefined;
  readonly remove?: readonly string[] | undefined;
}

export async function run(options: TagOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, options.ids, filter, context);
  const all = (await loadSnapshots(repository, { signal })).snapshots;
  const change = {
    set: options.set && flattenTags(options.set),
    add: flattenTags(options.add ?? []),
    remove: flattenTags(options.remove ?? []),
  };
  const tell = ({ oldId, newId }: ChangedSnapshot): void => {
    if (printer.json) {
      printer.jsonLine({ message_type: "changed", old_snapshot_id: oldId, new_snapshot_id: newId });
    } else printer.detail(`old snapshot ID: ${oldId} -> new snapshot ID: ${newId}`);
  };
  const count = await tagSnapshots(repository, snapshots, change, all, { signal, progress: tell });
  if (printer.json) printer.jsonLine({ message_type: "summary", changed_snapshots: count });
  else if (count === 0) printer.message("no snapshots were modified");
  else printer.message(`modified ${count} snapshots`);
  return damaged ? 1 : 0;
}

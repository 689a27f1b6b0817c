/** `repair snapshots`. */
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { packSettings } from "#cli/parse/prune-options.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { describeSnapshot } from "#cli/snapshot-table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { repairSnapshots, type RepairSnapshotsEvent } from "#operations/repair/repair-snapshots.ts";
import { loadIndex } from "#repository/load-index.ts";
import { loadSnapshots } from "#repository/snapshots.ts";

export interface RepairSnapshotsCliOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly forget?: true | undefined;
  readonly dryRun?: true | undefined;
}

export async function run(
  options: RepairSnapshotsCliOptions,
  context: CliContext,
): Promise<number> {
  const { printer, settings } = context;
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const { snapshots, damaged } = await selectSnapshots(session, options.ids, filter, context);
  const all = (await loadSnapshots(repository, { signal })).snapshots;
  await loadIndex(repository, { signal });
  const forget = options.forget === true;
  const dryRun = options.dryRun === true;
  const wanted = { settings: packSettings(settings), forget, dryRun };
  const listening = { signal, progress: (event: RepairSnapshotsEvent) => tell(event, context) };
  const result = await repairSnapshots(repository, snapshots, wanted, all, listening);
  if (printer.json) printer.jsonLine({ message_type: "summary", dry_run: dryRun, ...result });
  const changed = result.repaired + (forget ? result.lost : 0);
  if (changed === 0) printer.message("no snapshots were modified");
  else printer.message(`${dryRun ? "would modify" : "modified"} ${changed} snapshots`);
  if (result.lost > 0 && !forget) {
    printer.message(`${result.lost} snapshots hold nothing readable; --forget removes them`);
  }
  return damaged ? 1 : 0;
}

function tell(event: RepairSnapshotsEvent, { printer }: Pick<CliContext, "printer">): void {
  switch (event.kind) {
    case "tree-lost":
      printer.error(`tree ${event.tree.slice(0, 8)} is lost: ${terminalText(event.error.message)}`);
      break;
    case "loss":
      printer.message(
        `  ${event.loss.what} of ${terminalText(event.loss.name)} in tree ` +
          `${event.tree.slice(0, 8)} is left out`,
      );
      break;
    case "snapshot":
      if (event.outcome === "sound") printer.detail(`${describeSnapshot(event.snapshot)}: sound`);
      else printer.message(`${describeSnapshot(event.snapshot)}: ${event.outcome}`);
      if (event.newId) printer.message(`  saved as ${event.newId.slice(0, 8)}`);
      break;
  }
}

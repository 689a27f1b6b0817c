/** `repair index`. */
import type { CliContext } from "#cli/context.ts";
import { runRepairIndex } from "#cli/lifecycle/run-repair-index.ts";
import { openSession } from "#cli/open-session.ts";

export interface RepairIndexCliOptions {
  readonly readAllPacks?: true | undefined;
  readonly dryRun?: true | undefined;
}

export async function run(options: RepairIndexCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  await using session = await openSession(context, { lock: "exclusive", loadIndex: false });
  const dryRun = options.dryRun === true;
  const readAllPacks = options.readAllPacks === true;
  const plan = await runRepairIndex(context, session, { readAllPacks, dryRun });
  if (printer.json) {
    printer.jsonLine({
      message_type: "summary",
      dry_run: dryRun,
      broken_indexes: [...plan.broken],
      packs_indexed: plan.reread.map(({ id }) => id),
      packs_missing: plan.missing,
      packs_unreadable: plan.unreadable,
      packs_damaged: plan.damaged,
      packs_repeated: plan.repeated,
    });
  }
  printer.message(dryRun ? "nothing was changed" : "done");
  return 0;
}

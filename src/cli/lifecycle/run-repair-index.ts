/** Plans and applies a repair of the index: for `repair index` and `recover`. */
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import {
  applyRepairIndex,
  isSoundIndex,
  planRepairIndex,
  type RepairIndexEvent,
  type RepairIndexPlan,
} from "#operations/repair/repair-index.ts";

/** Tells what is found on the way. Nothing is written in a dry run. */
export async function runRepairIndex(
  { printer }: CliContext,
  { repository, signal }: OpenedEngine,
  options: { readonly readAllPacks?: boolean; readonly dryRun: boolean },
): Promise<RepairIndexPlan> {
  const tell = (event: RepairIndexEvent): void => {
    if (event.kind === "progress") return;
    const reason = terminalText(event.error.message);
    printer.error(`${event.type} ${event.id} cannot be read: ${reason}`);
  };
  const listening = { signal, progress: tell };
  printer.message("loading indexes...");
  const readAllPacks = options.readAllPacks === true;
  const plan = await planRepairIndex(repository, { readAllPacks }, listening);
  for (const id of plan.missing) printer.message(`removing pack from index: ${id} is missing`);
  for (const id of plan.unreadable) printer.message(`leaving out unreadable pack ${id}`);
  for (const id of plan.damaged) {
    printer.message(`pack ${id} is damaged; save what is good: coffer repair packs ${id}`);
  }
  if (plan.reread.length > 0) printer.message(`${plan.reread.length} packs are indexed anew`);
  if (isSoundIndex(plan)) printer.message("the index is sound");
  else if (!options.dryRun) {
    printer.message("rebuilding index");
    await applyRepairIndex(repository, plan, listening);
  }
  return plan;
}

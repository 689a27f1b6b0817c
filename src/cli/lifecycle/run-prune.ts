/** Plans and applies a prune in an opened session: for `prune` and `forget --prune`. */
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { PruneReport } from "#cli/lifecycle/prune-report.ts";
import { packSettings } from "#cli/parse/prune-options.ts";
import { applyPrune, applyPruneWithoutSpace } from "#operations/prune/apply-prune.ts";
import { isEmptyPlan, planPrune } from "#operations/prune/plan-prune.ts";
import type { PruneOptions, PruneResult } from "#operations/prune/prune-types.ts";

/** @param session without its index loaded */
export async function runPrune(
  context: CliContext,
  { repository, pool, signal }: OpenedEngine,
  options: PruneOptions,
  dryRun: boolean,
): Promise<void> {
  const report = new PruneReport(context);
  const listening = { signal, progress: report.event.bind(report) };
  try {
    const plan = await planPrune(repository, pool, options, listening);
    report.plan(plan);
    let result: PruneResult | undefined;
    if (!dryRun) {
      if (isEmptyPlan(plan)) context.printer.message("nothing to do");
      const apply = options.noRepack
        ? applyPruneWithoutSpace(repository, plan, listening)
        : applyPrune(repository, pool, plan, packSettings(context.settings), listening);
      result = await apply;
    }
    report.finish(plan, result);
  } finally {
    report.stop();
  }
}

/** `forget`: removes snapshots by ID or by policy, and can free their space. */
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import type { OpenedEngine } from "#cli/engine-port.ts";
import { forgetJson, printForgetPlan } from "#cli/lifecycle/forget-output.ts";
import { parsePolicy, type PolicyOptions } from "#cli/lifecycle/forget-policy.ts";
import { runPrune } from "#cli/lifecycle/run-prune.ts";
import { openSession } from "#cli/open-session.ts";
import { parseGroupBy } from "#cli/parse/group-by.ts";
import { parsePruneOptions, type PruneCliOptions } from "#cli/parse/prune-options.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import type { HexId } from "#format/id.ts";
import { planForget, plannedRemovals } from "#operations/forget/plan-forget.ts";
import { type RemovalEvent, removeSnapshots } from "#operations/forget/remove-snapshots.ts";

export interface ForgetOptions extends PolicyOptions, FilterOptions, PruneCliOptions {
  readonly ids: readonly string[];
  readonly unsafeAllowRemoveAll?: true | undefined;
  readonly groupBy: string;
  readonly compact?: true | undefined;
  readonly dryRun?: true | undefined;
  readonly prune?: true | undefined;
}

const NO_GROUPS = { host: false, paths: false, tags: false };

export async function run(options: ForgetOptions, context: CliContext): Promise<number> {
  const { settings } = context;
  const dryRun = options.dryRun === true;
  const policy = parsePolicy(options);
  const groupBy = parseGroupBy("--group-by", options.groupBy) ?? NO_GROUPS;
  const pruneOptions = parsePruneOptions(options, settings);
  if (settings.noLock && !dryRun) throw badOption("--no-lock is only applicable with --dry-run");
  await using session = await openSession(context, {
    lock: settings.noLock ? "none" : "exclusive",
    loadIndex: false,
    threads: options.prune === true && "prune",
  });
  let ids: readonly HexId[];
  if (options.ids.length > 0) ids = await namedSnapshots(options, context, session);
  else {
    const { snapshots } = await selectSnapshots(session, [], {}, context);
    const filter = snapshotFilter(options, context);
    const allowRemoveAll = options.unsafeAllowRemoveAll === true;
    const request = { policy, filter, groupBy, allowRemoveAll };
    const plan = planForget(snapshots, request, context.io.clock.now());
    for (const warning of plan.warnings) context.printer.error(`warning: ${terminalText(warning)}`);
    if (context.printer.json) context.printer.jsonLine(forgetJson(plan));
    else printForgetPlan(plan, options.compact === true, dryRun, context);
    ids = plannedRemovals(plan).map(({ id }) => id);
  }
  return await finish(
    ids,
    dryRun,
    options.prune === true ? pruneOptions : undefined,
    context,
    session,
  );
}

/** Those named on the command line; each must exist, or none is removed. */
async function namedSnapshots(
  options: ForgetOptions,
  context: CliContext,
  session: OpenedEngine,
): Promise<readonly HexId[]> {
  const filter = snapshotFilter(options, context);
  const { snapshots } = await selectSnapshots(session, options.ids, filter, context);
  return snapshots.map(({ id }) => id);
}

async function finish(
  ids: readonly HexId[],
  dryRun: boolean,
  prune: ReturnType<typeof parsePruneOptions> | undefined,
  context: CliContext,
  session: OpenedEngine,
): Promise<number> {
  const { printer } = context;
  let failed = 0;
  if (dryRun) {
    const listed = ids.map((id) => id.slice(0, 8)).join(" ");
    if (ids.length > 0) printer.message(`Would have removed the following snapshots:\n${listed}\n`);
  } else {
    const { repository, signal } = session;
    const tell = (event: RemovalEvent): void => {
      const name = event.id.slice(0, 8);
      if (event.kind === "removed") printer.detail(`removed snapshot ${name}`);
      else printer.error(`unable to remove ${name}: ${terminalText(event.error.message)}`);
    };
    const result = await removeSnapshots(repository, ids, { signal, progress: tell });
    failed = result.failed.length;
    if (result.removed.length > 0) printer.message(`removed ${result.removed.length} snapshots`);
  }
  if (ids.length > failed && prune) {
    if (dryRun) printer.message("these snapshots were removed, running prune");
    await runPrune(context, session, { ...prune, ignoreSnapshots: ignored(ids, dryRun) }, dryRun);
  }
  if (failed === 0) return 0;
  throw new CofferError("SNAPSHOTS_LEFT", `${failed} snapshots could not be removed`);
}

/** A dry run plans as if the snapshots were gone. */
function ignored(ids: readonly HexId[], dryRun: boolean): ReadonlySet<HexId> | undefined {
  return dryRun ? new Set(ids) : undefined;
}

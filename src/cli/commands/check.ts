/** `check`: verifies the repository. */
import { CofferError } from "#base/errors.ts";
import { CheckReport } from "#cli/check/check-report.ts";
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseReadDataSubset } from "#cli/parse/read-data-subset.ts";
import { selectSnapshots } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { badOption } from "#cli/usage.ts";
import { check } from "#operations/check/check.ts";
import type { CheckResult, ReadData } from "#operations/check/check-types.ts";
import { isEmptyFilter } from "#repository/snapshot-filter.ts";

export interface CheckCliOptions extends FilterOptions {
  readonly ids: readonly string[];
  readonly readData?: true | undefined;
  readonly readDataSubset?: string | undefined;
  readonly withCache?: true | undefined;
  readonly checkUnused?: true | undefined;
}

export async function run(options: CheckCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const readData = planReadData(options);
  if (!context.settings.noLock) printer.message("create exclusive lock for repository");
  await using session = await openSession(context, {
    lock: context.settings.noLock ? "none" : "exclusive",
    // The check reads the index itself, file by file, and survives damaged ones.
    loadIndex: false,
    threads: "check",
  });
  const { repository, pool, signal } = session;
  const snapshots = await chosenSnapshots(options, context, session);
  const report = new CheckReport(context);
  let result: CheckResult;
  try {
    result = await check(
      repository,
      pool,
      { readData, snapshots },
      { signal, progress: (event) => report.event(event) },
    );
  } finally {
    report.stop();
  }
  report.finish(result);
  if (result.errorCount === 0) return 0;
  throw new CofferError("CHECK_FAILED", "repository contains errors");
}

function planReadData(options: CheckCliOptions): ReadData {
  if (options.readDataSubset === undefined) {
    return { kind: options.readData === true ? "all" : "none" };
  }
  if (options.readData === true) {
    throw badOption("check flags --read-data and --read-data-subset cannot be used together");
  }
  return parseReadDataSubset(options.readDataSubset);
}

/** Ids of the named or filtered snapshots; undefined for all. */
async function chosenSnapshots(
  options: CheckCliOptions,
  context: CliContext,
  session: Parameters<typeof selectSnapshots>[0],
) {
  // $COFFER_HOST must not narrow a check by itself.
  const filter = options.host === undefined ? { ...options, host: [] } : options;
  const wanted = snapshotFilter(filter, context);
  if (options.ids.length === 0 && isEmptyFilter(wanted)) return undefined;
  const { snapshots } = await selectSnapshots(session, options.ids, wanted, context);
  return snapshots.map((snapshot) => snapshot.id);
}

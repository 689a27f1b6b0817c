/** `restore`: writes a snapshot, or a part of it, to a folder. */
import { toHex } from "#base/bytes.ts";
import { CofferError } from "#base/errors.ts";
import type { CliContext } from "#cli/context.ts";
import { openSession } from "#cli/open-session.ts";
import { parseChoice } from "#cli/parse/sizes.ts";
import { collectPatterns } from "#cli/pattern-options.ts";
import { RestoreReport } from "#cli/restore/restore-report.ts";
import { warnBroken } from "#cli/select-snapshots.ts";
import { snapshotFilter, type FilterOptions } from "#cli/snapshot-filter-options.ts";
import { describeSnapshot } from "#cli/snapshot-table.ts";
import { terminalText } from "#cli/text/terminal-text.ts";
import { badOption } from "#cli/usage.ts";
import { idToBytes } from "#format/id.ts";
import type { OverwriteMode, RestoreOptions, RestoreResult } from "#operations/restore/options.ts";
import { restore } from "#operations/restore/restore.ts";
import { findSnapshot, parseSnapshotReference } from "#repository/find-snapshot.ts";
import { treeOfFolder } from "#repository/snapshot-path.ts";

export interface RestoreCliOptions extends FilterOptions {
  readonly snapshots: readonly string[];
  readonly target?: string | undefined;
  readonly dryRun?: true | undefined;
  readonly overwrite: string;
  readonly delete?: true | undefined;
  readonly sparse?: true | undefined;
  readonly verify?: true | undefined;
  readonly ownershipByName?: true | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly iexclude?: readonly string[] | undefined;
  readonly excludeFile?: readonly string[] | undefined;
  readonly iexcludeFile?: readonly string[] | undefined;
  readonly include?: readonly string[] | undefined;
  readonly iinclude?: readonly string[] | undefined;
  readonly includeFile?: readonly string[] | undefined;
  readonly iincludeFile?: readonly string[] | undefined;
  readonly excludeXattr?: readonly string[] | undefined;
  readonly includeXattr?: readonly string[] | undefined;
}

const OVERWRITE: readonly OverwriteMode[] = ["always", "if-changed", "if-newer", "never"];

export async function run(options: RestoreCliOptions, context: CliContext): Promise<number> {
  const { printer } = context;
  const { reference, ...plan } = await planRestore(options, context);
  await using session = await openSession(context, {
    lock: "shared",
    loadIndex: true,
    threads: "restore",
  });
  const { repository, signal } = session;
  const filter = snapshotFilter(options, context);
  const found = await findSnapshot(repository, reference.snapshot, filter, { signal });
  warnBroken(found.broken, context);
  const tree = await treeOfFolder(repository, idToBytes(found.snapshot.tree), reference.folder, {
    signal,
  });
  printer.message(`restoring ${describeSnapshot(found.snapshot)} to ${terminalText(plan.target)}`);
  const report = new RestoreReport(context);
  let result: RestoreResult;
  try {
    result = await restore(
      repository,
      session.pool,
      { ...plan, tree: toHex(tree) },
      { signal, progress: (event) => report.event(event) },
    );
  } finally {
    report.stop();
  }
  report.finish(result);
  if (result.errors > 0) {
    throw new CofferError("INCOMPLETE", `There were ${result.errors} errors`);
  }
  if (options.verify === true) {
    const target = terminalText(plan.target);
    printer.message(`finished verifying ${result.filesVerified} files in ${target}`);
  }
  return 0;
}

type Plan = Omit<RestoreOptions, "tree"> & {
  readonly reference: ReturnType<typeof parseSnapshotReference>;
};

async function planRestore(
  options: RestoreCliOptions,
  { io, settings }: CliContext,
): Promise<Plan> {
  const [snapshot, ...more] = options.snapshots;
  if (snapshot === undefined) throw badOption("no snapshot ID specified");
  if (more.length > 0) {
    throw badOption(`more than one snapshot ID specified: ${options.snapshots.join(" ")}`);
  }
  const { target } = options;
  if (target === undefined || target === "") {
    throw badOption("please specify a directory to restore to (--target)");
  }
  const overwrite = parseChoice("--overwrite", options.overwrite, OVERWRITE);
  const patterns = {
    exclude: await collectPatterns("exclude", options.exclude, options.excludeFile, io),
    iexclude: await collectPatterns("iexclude", options.iexclude, options.iexcludeFile, io),
    include: await collectPatterns("include", options.include, options.includeFile, io),
    iinclude: await collectPatterns("iinclude", options.iinclude, options.iincludeFile, io),
  };
  const excludes = patterns.exclude.length + patterns.iexclude.length;
  const includes = patterns.include.length + patterns.iinclude.length;
  checkCombination(options, target, excludes, includes);
  return {
    reference: parseSnapshotReference(snapshot),
    target,
    ...patterns,
    includeXattr: options.includeXattr,
    excludeXattr: options.excludeXattr,
    overwrite,
    delete: options.delete === true,
    dryRun: options.dryRun === true,
    sparse: options.sparse === true,
    verify: options.verify === true,
    ownershipByName: options.ownershipByName === true,
    reportItems: settings.verbosity >= 3,
  };
}

function checkCombination(
  options: RestoreCliOptions,
  target: string,
  excludes: number,
  includes: number,
): void {
  if (excludes > 0 && includes > 0) {
    throw badOption("exclude and include patterns are mutually exclusive");
  }
  if (options.excludeXattr !== undefined && options.includeXattr !== undefined) {
    throw badOption("exclude and include xattr patterns are mutually exclusive");
  }
  if (options.dryRun === true && options.verify === true) {
    throw badOption("--dry-run and --verify are mutually exclusive");
  }
  const wholeDisk = /^\/+\.?\/*$/.test(target);
  if (options.delete === true && wholeDisk && excludes + includes === 0) {
    throw badOption("'--target / --delete' must be combined with an include or exclude filter");
  }
}

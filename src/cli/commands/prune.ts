/** `prune`: frees space that nothing needs. */
import type { CliContext } from "#cli/context.ts";
import { runPrune } from "#cli/lifecycle/run-prune.ts";
import { openSession } from "#cli/open-session.ts";
import { parsePruneOptions, type PruneCliOptions } from "#cli/parse/prune-options.ts";
import { badOption } from "#cli/usage.ts";

export interface PruneCommandOptions extends PruneCliOptions {
  readonly dryRun?: true | undefined;
  readonly unsafeRecoverNoFreeSpace?: string | undefined;
}

export async function run(options: PruneCommandOptions, context: CliContext): Promise<number> {
  const { settings } = context;
  const wanted = parsePruneOptions(options, settings);
  const repositoryId = options.unsafeRecoverNoFreeSpace;
  const dryRun = options.dryRun === true;
  // A full storage may not take a lock file: then, and only then, the person vouches.
  if (settings.noLock && !dryRun && repositoryId === undefined) {
    throw badOption("--no-lock is only applicable with --dry-run");
  }
  await using session = await openSession(context, {
    lock: settings.noLock ? "none" : "exclusive",
    loadIndex: false,
    threads: "prune",
  });
  if (repositoryId !== undefined && repositoryId !== session.repository.config.id) {
    throw badOption(
      "must pass the repository's full id to --unsafe-recover-no-free-space: coffer cat config",
    );
  }
  const noRepack = repositoryId !== undefined;
  await runPrune(context, session, { ...wanted, noRepack }, dryRun);
  return 0;
}

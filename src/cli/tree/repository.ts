/** `init`, `check`, `unlock`, `cache`: commands that care for the repository as a whole. */
import type { Command } from "@commander-js/extra-typings";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

/** Adds `init`. */
export function defineInit(program: Command, start: Starter): void {
  program
    .command("init")
    .summary("create a repository")
    .description("Creates a new, empty repository. Keep the password: without it all is lost.")
    .addHelpText("after", "\nExample:\n  coffer -r /srv/backup init")
    .option("--repository-version <version>", "1, 2, latest or stable", "stable")
    .option("--copy-chunker-params", "cut files as another repository does, for copying later")
    .option("--from-repo <repository>", "that repository (default: $COFFER_FROM_REPOSITORY)")
    .option("--from-repository-file <file>", "file with its location")
    .option("--from-password-file <file>", "file with its password")
    .option("--from-password-command <command>", "command that prints its password")
    .option("--from-key-hint <key>", "ID of its key to try first")
    .option("--from-insecure-no-password", "it has an empty password")
    .action((options, self) => start(self, () => import("#cli/commands/init.ts"), options));
}

/** Adds `check`. */
export function defineCheck(program: Command, start: Starter): void {
  const command = program
    .command("check")
    .summary("verify the repository")
    .description(
      "Verifies that the repository is complete and sound. Without --read-data the contents of " +
        "pack files are not read.",
    )
    .argument("[ids...]", "check only what these snapshots need; latest for the newest")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer check\n  coffer check --read-data\n" +
        "  coffer check --read-data-subset 1/7     one part a day, all in a week",
    )
    .option("--read-data", "read and verify all data")
    .option("--read-data-subset <subset>", "read a part: n/t, x% or a size (random packs)")
    .option("--with-cache", "use the local cache")
    .option("--check-unused", "ignored, for old scripts");
  addSnapshotFilter(command).action((ids, options, self) =>
    start(self, () => import("#cli/commands/check.ts"), { ...options, ids }),
  );
}

/** Adds `unlock`. */
export function defineUnlock(program: Command, start: Starter): void {
  program
    .command("unlock")
    .summary("remove locks of commands that no longer run")
    .description("Removes stale locks, left behind by commands that were killed.")
    .option("--remove-all", "also remove locks that seem in use; make sure that nothing runs")
    .action((options, self) => start(self, () => import("#cli/commands/unlock.ts"), options));
}

/** Adds `cache`. */
export function defineCache(program: Command, start: Starter): void {
  program
    .command("cache")
    .summary("show or clean the local caches")
    .description("Lists the cache directories, one for each repository used, or removes old ones.")
    .option("--cleanup", "remove old cache directories")
    .option("--max-age <days>", "days after which an unused cache is old", "30")
    .option("--no-size", "do not measure the sizes")
    .action((options, self) => start(self, () => import("#cli/commands/cache.ts"), options));
}

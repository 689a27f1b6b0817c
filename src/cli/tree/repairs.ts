/** `repair`, `recover`, `migrate`: for repositories that were damaged or are old. */
import type { Command } from "@commander-js/extra-typings";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

export function defineRepairs(program: Command, start: Starter): void {
  defineRepair(program, start);
  defineRecover(program, start);
  defineMigrate(program, start);
}

function defineRepair(program: Command, start: Starter): void {
  const repair = program
    .command("repair")
    .summary("repair index, packs or snapshots")
    .description(
      "Repairs what check reports: first the index, then damaged packs, then snapshots. Then back " +
        "up again: what the source still has heals the rest.",
    );
  repair
    .command("index")
    .summary("make the index say what the packs say")
    .description("Builds what is wrong in the index anew from the packs' own headers.")
    .option("--read-all-packs", "distrust the index and read the header of every pack")
    .option("-n, --dry-run", "only show what would be done")
    .action((options, self) => start(self, () => import("#cli/commands/repair-index.ts"), options));
  repair
    .command("packs")
    .summary("save what is good of damaged packs")
    .description(
      "Saves a copy of each pack in the working directory, stores every blob of it that is still " +
        "good in new packs, and removes the old ones.",
    )
    .argument("[ids...]", "full IDs of the packs, as check prints them")
    .action((ids, _options, self) =>
      start(self, () => import("#cli/commands/repair-packs.ts"), { ids }),
    );
  const snapshots = repair
    .command("snapshots")
    .summary("make new snapshots without what is lost")
    .description(
      "Makes a snapshot without the lost files, folders and contents of each snapshot that needs " +
        "it, tagged repaired.",
    )
    .argument("[ids...]", "only these snapshots; latest for the newest")
    .option("--forget", "remove the damaged snapshots")
    .option("-n, --dry-run", "only show what would be done");
  addSnapshotFilter(snapshots).action((ids, options, self) =>
    start(self, () => import("#cli/commands/repair-snapshots.ts"), { ...options, ids }),
  );
}

function defineRecover(program: Command, start: Starter): void {
  program
    .command("recover")
    .summary("make a snapshot of folders that no snapshot has")
    .description(
      "Repairs the index, then makes a snapshot of all folder lists that nothing refers to: what " +
        "is left of lost snapshots.",
    )
    .option("-n, --dry-run", "only show what would be done")
    .action((options, self) => start(self, () => import("#cli/commands/recover.ts"), options));
}

function defineMigrate(program: Command, start: Starter): void {
  program
    .command("migrate")
    .summary("raise the version of the repository")
    .description(
      "Lists the migrations that apply, or carries them out. upgrade_repo_v2 allows compression; " +
        "existing data is compressed by prune --repack-uncompressed.",
    )
    .argument("[names...]", "migrations to carry out")
    .option("-f, --force", "carry out also what does not seem to apply")
    .action((names, options, self) =>
      start(self, () => import("#cli/commands/migrate.ts"), { ...options, names }),
    );
}

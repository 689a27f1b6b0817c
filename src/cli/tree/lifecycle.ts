/** `forget`, `prune`, `tag`: what happens to snapshots and space over the years. */
import type { Command, OptionValues } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";
import { defineRepairs } from "#cli/tree/repairs.ts";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

const NONE: string[] | undefined = undefined;

/** Options of `prune`, which `forget --prune` takes as well. */
function addPruneOptions<A extends unknown[], O extends OptionValues>(command: Command<A, O>) {
  return command
    .option("--max-unused <limit>", "tolerate so much unused data: 5%, 10M or unlimited", "5%")
    .option("--max-repack-size <size>", "repack at most so much in one run")
    .option("--repack-cacheable-only", "only repack packs of folder lists, not of data")
    .option("--repack-small", "also repack packs below 80% of the target size")
    .option("--repack-smaller-than <size>", "also repack packs below this size")
    .option("--repack-uncompressed", "also repack data that is not compressed");
}

/** All of them, in the order of the help. */
export function defineLifecycle(program: Command, start: Starter): void {
  defineForget(program, start);
  definePrune(program, start);
  defineTag(program, start);
  defineRepairs(program, start);
}

function defineForget(program: Command, start: Starter): void {
  const command = program
    .command("forget")
    .summary("remove snapshots by a policy")
    .description(
      "Removes snapshots by ID, or all but those that a policy keeps in each group of snapshots. " +
        "The space is freed by prune. A snapshot with the tag coffer:pin is kept by every policy.",
    )
    .argument("[ids...]", "remove exactly these snapshots, whatever the policy")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer forget --keep-daily 7 --keep-weekly 5 --keep-monthly 12 --dry-run\n" +
        "  coffer forget --keep-within 1y --tag home --prune",
    )
    .option("-l, --keep-last <n>", "keep the last n snapshots; unlimited keeps all")
    .option("-H, --keep-hourly <n>", "keep the last n hourly snapshots")
    .option("-d, --keep-daily <n>", "keep the last n daily snapshots")
    .option("-w, --keep-weekly <n>", "keep the last n weekly snapshots")
    .option("-m, --keep-monthly <n>", "keep the last n monthly snapshots")
    .option("-y, --keep-yearly <n>", "keep the last n yearly snapshots")
    .option("--keep-within <span>", "keep what is newer than 1y5m7d2h before the newest")
    .option("--keep-within-hourly <span>", "keep hourly snapshots that are newer")
    .option("--keep-within-daily <span>", "keep daily snapshots that are newer")
    .option("--keep-within-weekly <span>", "keep weekly snapshots that are newer")
    .option("--keep-within-monthly <span>", "keep monthly snapshots that are newer")
    .option("--keep-within-yearly <span>", "keep yearly snapshots that are newer")
    .option("--keep-tag <tag[,tag,...]>", "keep what has all these tags; repeatable", collect, NONE)
    .option("--unsafe-allow-remove-all", "allow groups to lose all snapshots; needs a filter")
    .option("-g, --group-by <group>", "group by host, paths, tags", "host,paths")
    .option("-c, --compact", "use less space")
    .option("-n, --dry-run", "only show what would be removed")
    .option("--prune", "free the space if snapshots were removed");
  addPruneOptions(command)
    .optionsGroup("Which snapshots:")
    .option("--host <host>", "only snapshots of this host; repeatable", collect, NONE)
    .option("--tag <tag[,tag,...]>", 'only with all these tags; repeatable for "or"', collect, NONE)
    .option("--path <path>", "only with this absolute path; repeatable", collect, NONE)
    .optionsGroup("Options:")
    .action((ids, options, self) =>
      start(self, () => import("#cli/commands/forget.ts"), { ...options, ids }),
    );
}

function definePrune(program: Command, start: Starter): void {
  const command = program
    .command("prune")
    .summary("free space that nothing needs")
    .description(
      "Removes data that no snapshot needs. Packs that are partly needed are rewritten, as far as " +
        "the limits say. Nothing is removed before all that replaces it is stored.",
    )
    .addHelpText(
      "after",
      "\nExamples:\n  coffer prune --dry-run\n  coffer prune --max-unused 10% --max-repack-size 20G",
    )
    .option("-n, --dry-run", "only show what would be done");
  addPruneOptions(command)
    .option(
      "--unsafe-recover-no-free-space <repository-id>",
      "for a full storage: remove before anything is written; a crash needs repair index",
    )
    .action((options, self) => start(self, () => import("#cli/commands/prune.ts"), options));
}

function defineTag(program: Command, start: Starter): void {
  const command = program
    .command("tag")
    .summary("change the tags of snapshots")
    .description("Sets, adds or removes tags of the given snapshots, by default of all.")
    .argument("[ids...]", "only these snapshots; latest for the newest")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer tag --add important 73d04e61\n" +
        "  coffer tag --add coffer:pin latest     no policy removes it",
    )
    .option("--set <tag[,tag,...]>", "replace all tags; '' removes all", collect, NONE)
    .option("--add <tag[,tag,...]>", "add tags; repeatable", collect, NONE)
    .option("--remove <tag[,tag,...]>", "remove tags; repeatable", collect, NONE);
  addSnapshotFilter(command).action((ids, options, self) =>
    start(self, () => import("#cli/commands/tag.ts"), { ...options, ids }),
  );
}

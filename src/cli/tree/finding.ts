/** `diff`, `find`, `history`, `dump`: commands that look for something in snapshots. */
import type { Command } from "@commander-js/extra-typings";
import type { Starter } from "#cli/tree/starter.ts";

/** All of them, in the order of the help text. */
export function defineFinding(program: Command, start: Starter): void {
  defineDiff(program, start);
}

function defineDiff(program: Command, start: Starter): void {
  program
    .command("diff")
    .summary("compare two snapshots, or a snapshot with the disk")
    .description(
      "Lists what differs: + added, - removed, T other type, M other content, U other metadata, " +
        "? other content under the same times.",
    )
    .argument("[operands...]", "two snapshots, each with :path for a part; or see --live")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer diff 79766175 latest\n  coffer diff latest~1:/etc latest:/etc\n" +
        "  coffer diff --live latest /home/anna             the folder now, beside the snapshot's\n" +
        "  coffer diff --live latest:/home/anna /mnt/other  the same with a copy elsewhere",
    )
    .option("--metadata", "also list entries of which only the metadata differ")
    .option("--live", "compare a snapshot with a folder of this machine, reading all of it")
    .action((operands, options, self) =>
      start(self, () => import("#cli/commands/diff.ts"), { ...options, operands }),
    );
}

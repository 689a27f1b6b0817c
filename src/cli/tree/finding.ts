/** `diff`, `find`, `history`, `dump`: commands that look for something in snapshots. */
import type { Command } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

const NONE: string[] | undefined = undefined;

/** All of them, in the order of the help text. */
export function defineFinding(program: Command, start: Starter): void {
  defineDiff(program, start);
  defineFind(program, start);
  defineHistory(program, start);
  defineDump(program, start);
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

function defineFind(program: Command, start: Starter): void {
  const command = program
    .command("find")
    .summary("search all snapshots for files by name, time, size or hash")
    .description(
      "Lists what matches one of the patterns in any snapshot, the newest first. Patterns are those " +
        "of --exclude: * ? [a-z] within a name, ** for any folders, a leading slash for the root.",
    )
    .argument("[patterns...]", "patterns, or IDs with --blob, --tree, --pack")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer find '*.odt' --oldest 2026-01-01 --larger 1M\n" +
        "  coffer find -i -l 'holiday*' --host laptop\n  coffer find --blob 3a5b6a51",
    )
    .optionsGroup("What to find:")
    .option("-i, --ignore-case", "ignore upper and lower case")
    .option("-O, --oldest <time>", "modified then or later: 2026-11-24, '… 04:30:18', or 7d ago")
    .option("-N, --newest <time>", "modified then or before")
    .option("--larger <size>", "files of this size or more; suffixes k, M, G, T")
    .option("--smaller <size>", "files of this size or less")
    .option("--type <letters>", "f files, d folders, l links, b, c devices, p pipes; like f,l")
    .option("--blob", "the patterns are IDs of blobs")
    .option("--tree", "the patterns are IDs of trees")
    .option("--pack", "the patterns are IDs of packs")
    .option("--show-pack-id", "also show the pack that holds a blob or tree")
    .optionsGroup("Output:")
    .option("-l, --long", "show mode, owner, size and time")
    .option("--human-readable", "show sizes with units")
    .option("-R, --reverse", "the oldest snapshot first")
    .option("-s, --snapshot <id>", "search only this snapshot; repeatable", collect, NONE);
  addSnapshotFilter(command).action((patterns, options, self) =>
    start(self, () => import("#cli/commands/find.ts"), { ...options, patterns }),
  );
}

function defineHistory(program: Command, start: Starter): void {
  const command = program
    .command("history")
    .summary("list the versions of one file or folder over all snapshots")
    .description("Shows in which snapshots a file or folder changed, and what changed.")
    .argument("[file]", "absolute path within the snapshots")
    .addHelpText("after", "\nExamples:\n  coffer history /home/anna/thesis.odt --host laptop");
  addSnapshotFilter(command).action((file, options, self) =>
    start(self, () => import("#cli/commands/history.ts"), { ...options, file }),
  );
}

function defineDump(program: Command, start: Starter): void {
  const command = program
    .command("dump")
    .summary("print a file of a snapshot, or a folder as an archive")
    .description(
      "Writes a file of a snapshot to standard output, or a folder as tar (with owners, times to " +
        "the nanosecond, links, devices and extended attributes) or as zip.",
    )
    .argument("[snapshot]", "ID of the snapshot, or latest; then :path for a part")
    .argument("[file]", "file or folder within it; / for all")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer dump latest /etc/fstab\n" +
        "  coffer dump latest /home/anna | tar -x -C /tmp/restored\n" +
        "  coffer dump -a zip -t anna.zip latest:/home/anna /",
    )
    .option("-a, --archive <format>", "tar or zip", "tar")
    .option("-t, --target <file>", "write to this file instead of standard output");
  addSnapshotFilter(command, ", for latest").action((snapshot, file, options, self) =>
    start(self, () => import("#cli/commands/dump.ts"), { ...options, snapshot, file }),
  );
}

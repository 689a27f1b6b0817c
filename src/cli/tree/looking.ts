/** `snapshots`, `ls`, `stats`: commands that show what is stored. */
import type { Command } from "@commander-js/extra-typings";
import { addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

/** Adds `snapshots`. */
export function defineSnapshots(program: Command, start: Starter): void {
  const command = program
    .command("snapshots")
    .summary("list the snapshots")
    .description("Lists the snapshots of the repository.")
    .argument("[ids...]", "only these snapshots; latest for the newest")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer snapshots --host nas --latest 3\n  coffer snapshots --group-by host,tags",
    )
    .option("-c, --compact", "use less space")
    .option("--latest <n>", "only the last n of each host and paths")
    .option("--last", "same as --latest 1")
    .option("-g, --group-by <group>", "group by host, paths, tags, separated by commas", "");
  addSnapshotFilter(command).action((ids, options, self) =>
    start(self, () => import("#cli/commands/snapshots.ts"), { ...options, ids }),
  );
}

/** Adds `ls`. */
export function defineLs(program: Command, start: Starter): void {
  const command = program
    .command("ls")
    .summary("list the files of a snapshot")
    .description("Lists the files of a snapshot, all of them or those in the given folders.")
    .argument("[snapshot]", "ID of the snapshot, or latest; then :path for a part")
    .argument("[folders...]", "absolute paths of folders to list")
    .addHelpText("after", "\nExamples:\n  coffer ls latest /home/anna\n  coffer ls -l latest")
    .option("-l, --long", "show mode, owner, size and time")
    .option("--recursive", "also list what is in subfolders of the given folders")
    .option("--human-readable", "show sizes with units")
    .option("--ncdu", "print for ncdu: coffer ls --ncdu latest | ncdu -f -")
    .option("-s, --sort <key>", "name, size, time, mtime, atime, ctime or extension", "name")
    .option("--reverse", "reverse the order");
  addSnapshotFilter(command, ", for latest").action((snapshot, folders, options, self) =>
    start(self, () => import("#cli/commands/ls.ts"), { ...options, snapshot, folders }),
  );
}

/** Adds `stats`. */
export function defineStats(program: Command, start: Starter): void {
  const command = program
    .command("stats")
    .summary("show sizes of snapshots and repository")
    .description("Counts files, blobs and bytes of the given snapshots, by default of all.")
    .argument("[ids...]", "only these snapshots; latest for the newest")
    .option(
      "--mode <mode>",
      "restore-size, files-by-contents, blobs-per-file or raw-data",
      "restore-size",
    );
  addSnapshotFilter(command).action((ids, options, self) =>
    start(self, () => import("#cli/commands/stats.ts"), { ...options, ids }),
  );
}

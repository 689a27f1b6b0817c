/** `copy`, `replicate`, `heal`, `rewrite`: commands that make other copies of what is stored. */
import type { Command } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";
import { addExcludes, addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

const NONE: string[] | undefined = undefined;

/** All of them but `rewrite`, in the order of the help text. */
export function defineCopies(program: Command, start: Starter): void {
  defineCopy(program, start);
  defineReplicate(program, start);
  defineHeal(program, start);
}

function defineReplicate(program: Command, start: Starter): void {
  program
    .command("replicate")
    .summary("mirror the repository's files to other places, without the password")
    .description(
      "Copies the encrypted files that a mirror lacks, each checked against the hash in its name. " +
        "No password is needed.",
    )
    .argument("[targets...]", "where to mirror to")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer -r /srv/backup replicate /mnt/usb/backup\n" +
        "  coffer -r /srv/backup replicate --delete --dry-run /mnt/usb/backup",
    )
    .option("-n, --dry-run", "copy nothing, only show what would be done")
    .option("--delete", "remove files that the repository does not have any more")
    .option("--unsafe-allow-remove-all", "allow --delete to remove every snapshot of a mirror")
    .action((targets, options, self) =>
      start(self, () => import("#cli/commands/replicate.ts"), { ...options, targets }),
    );
}

function defineHeal(program: Command, start: Starter): void {
  program
    .command("heal")
    .summary("restore damaged files of replicas from each other, without the password")
    .description(
      "Reads every file of two or more replicas, finds damaged and missing ones by their hash, " +
        "and restores them from an intact replica. No password is needed.",
    )
    .argument("[replicas...]", "places that hold the same repository; -r counts as the first")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer heal /srv/backup /mnt/usb/backup /mnt/nas/backup\n" +
        "  coffer heal --no-read-data /srv/backup /mnt/usb/backup    compare listings only",
    )
    .option("-n, --dry-run", "restore nothing, only report")
    .option("--no-read-data", "compare names and sizes only; read what differs")
    .option("--only-damaged", "leave alone what a replica does not have at all")
    .action((replicas, options, self) =>
      start(self, () => import("#cli/commands/heal.ts"), { ...options, replicas }),
    );
}

function defineCopy(program: Command, start: Starter): void {
  const command = program
    .command("copy")
    .summary("copy snapshots from another repository into this one")
    .description(
      "Copies snapshots that this repository does not have yet. What an interrupted copy brought " +
        "is not copied again.",
    )
    .argument("[ids...]", "only these snapshots of the other repository; latest for the newest")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer -r /mnt/usb/backup copy --from-repo /srv/backup\n" +
        "  coffer -r /mnt/usb/backup copy --from-repo /srv/backup --host laptop latest",
    )
    .option("-n, --dry-run", "copy nothing, only count what would be copied")
    .optionsGroup("The other repository:")
    .option("--from-repo <repository>", "source repository (default: $COFFER_FROM_REPOSITORY)")
    .option("--from-repository-file <file>", "file with the source repository's location")
    .option("--from-password-file <file>", "file with the source repository's password")
    .option("--from-password-command <command>", "command that prints that password")
    .option("--from-key-hint <key>", "ID of the source repository's key to try first")
    .option("--from-insecure-no-password", "the source repository's password is empty");
  addSnapshotFilter(command).action((ids, options, self) =>
    start(self, () => import("#cli/commands/copy.ts"), { ...options, ids }),
  );
}

/** Adds `rewrite`. */
export function defineRewrite(program: Command, start: Starter): void {
  const command = program
    .command("rewrite")
    .summary("remove files from snapshots, or change their host or time")
    .description(
      "Makes new snapshots without some files, or with another host or time. The old ones stay, " +
        "and with them the data, until they are forgotten and the repository is pruned.",
    )
    .argument("[ids...]", "only these snapshots; latest for the newest; default all")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer rewrite --exclude '*.iso' --dry-run\n" +
        "  coffer rewrite --exclude /home/anna/.cache --forget --host laptop\n" +
        "  coffer rewrite --new-host nas 79766175",
    )
    .option("-n, --dry-run", "save nothing, only show what would be done")
    .option("--forget", "remove the old snapshots")
    .option("-s, --snapshot-summary", "count files and bytes, also where a snapshot does not say")
    .option("--new-host <host>", "replace the host name")
    .option("--new-time <time>", "replace the time, '2012-11-01 22:08:41', local")
    .optionsGroup("What to keep:");
  const filtered = addExcludes(command)
    .option("-i, --include <pattern>", "keep only what matches; repeatable", collect, NONE)
    .option("--iinclude <pattern>", "the same, ignoring upper and lower case", collect, NONE)
    .option("--include-file <file>", "read include patterns from a file; repeatable", collect, NONE)
    .option("--iinclude-file <file>", "the same, ignoring upper and lower case", collect, NONE);
  addSnapshotFilter(filtered).action((ids, options, self) =>
    start(self, () => import("#cli/commands/rewrite.ts"), { ...options, ids }),
  );
}

/** `replicate`, `heal`: commands about more than one copy of a repository. */
import type { Command } from "@commander-js/extra-typings";
import type { Starter } from "#cli/tree/starter.ts";

/** All of them, in the order of the help text. */
export function defineCopies(program: Command, start: Starter): void {
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

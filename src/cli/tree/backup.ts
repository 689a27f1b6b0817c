/** `backup`: its options. */
import type { Command } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";
import { addExcludes } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

const NONE: string[] | undefined = undefined;

const EXAMPLES = `
Examples:
  coffer -r /srv/backup backup /home /etc
  coffer backup /home --exclude '*.tmp' --exclude-caches --one-file-system
  coffer backup /home --dry-run -vv        show what would be saved
  pg_dump shop | coffer backup --stdin --stdin-filename shop.sql
  coffer backup --stdin-filename shop.sql --stdin-from-command -- pg_dump shop

Exit status: 0 done, 1 failed, 3 saved but some sources could not be read, 10 no repository,
11 locked, 12 wrong password, 130 interrupted.`;

export function defineBackup(program: Command, start: Starter): void {
  const command = program
    .command("backup")
    .summary("save files and folders as a new snapshot")
    .description("Saves the given files and folders as a new snapshot.")
    .argument("[paths...]", "files and folders to save")
    .addHelpText("after", EXAMPLES)
    .optionsGroup("What to save:");
  addExcludes(command)
    .option(
      "--exclude-if-present <name[:header]>",
      "leave out the contents of folders that hold such a file; repeatable",
      collect,
      NONE,
    )
    .option("--exclude-caches", "leave out folders marked with a CACHEDIR.TAG file")
    .option("--exclude-larger-than <size>", "leave out larger files; suffixes k, M, G, T")
    .option("--exclude-cloud-files", "leave out files that are only online (Windows, macOS)")
    .option("-x, --one-file-system", "stay on the file systems of the given paths")
    .option(
      "--files-from <file>",
      "read paths, as patterns, from a file; repeatable",
      collect,
      NONE,
    )
    .option("--files-from-verbatim <file>", "read paths, one a line, from a file", collect, NONE)
    .option(
      "--files-from-raw <file>",
      "read paths, ended by zero bytes, from a file",
      collect,
      NONE,
    )
    .option("--stdin", "save what comes on standard input as one file")
    .option("--stdin-filename <name>", "name of that file", "stdin")
    .option("--stdin-from-command", "run the arguments as a command and save what it prints")
    .option("--with-atime", "store the access times")
    .option("--use-fs-snapshot", "read from a file-system snapshot (Windows VSS)")
    .optionsGroup("The snapshot:")
    .option("-n, --dry-run", "save nothing, only show what would be done")
    .option("--tag <tags>", "add tags, separated by commas; repeatable", collect, NONE)
    .option("-H, --host <hostname>", "host name in the snapshot (default: $COFFER_HOST)")
    .option("--time <time>", "time of the snapshot, '2012-11-01 22:08:41' (default: now)")
    .option("--skip-if-unchanged", "save no snapshot when nothing changed since the parent")
    .optionsGroup("Finding changes:")
    .option("--parent <snapshot>", "compare with this snapshot (default: latest of the group)")
    .option("-g, --group-by <group>", "what the parent must share: host, paths, tags", "host,paths")
    .option("-f, --force", "read all files again, compare with nothing")
    .option("--ignore-inode", "ignore inode and ctime (default: $COFFER_IGNORE_INODE)")
    .option("--ignore-ctime", "ignore ctime (default: $COFFER_IGNORE_CTIME)")
    .optionsGroup("Speed:")
    .option("--read-concurrency <n>", "files read at once (default: $COFFER_READ_CONCURRENCY)")
    .option("--no-scan", "do not count the files beforehand; no percentage is shown")
    .action((paths, options, self) =>
      start(self, () => import("#cli/commands/backup.ts"), { ...options, paths }),
    );
}

/** `restore`: its options. */
import type { Command } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";
import { addExcludes, addSnapshotFilter } from "#cli/tree/shared-options.ts";
import type { Starter } from "#cli/tree/starter.ts";

const NONE: string[] | undefined = undefined;

const EXAMPLES = `
Examples:
  coffer restore latest --target /tmp/restored
  coffer restore latest:/home/anna --target /home/anna --overwrite if-changed
  coffer restore 79766175 -t /tmp/r --include '/home/anna/*.odt' --verify
  coffer restore latest -t /srv --delete --dry-run -vv     show what would change`;

export function defineRestore(program: Command, start: Starter): void {
  const command = program
    .command("restore")
    .summary("write a snapshot, or a part of it, to a folder")
    .description(
      "Writes a snapshot to a folder. 'latest' is the newest snapshot; 'latest:/path' is a part.",
    )
    .argument("[snapshot...]", "ID of the snapshot, or latest; then :path for a part")
    .addHelpText("after", EXAMPLES)
    .option("-t, --target <folder>", "folder to write to")
    .option("--dry-run", "write nothing, only show what would be done")
    .option("--overwrite <when>", "always, if-changed, if-newer or never", "always")
    .option("--delete", "delete files in the target that the snapshot does not have")
    .option("--sparse", "make holes where files hold long runs of zeros")
    .option("--verify", "read the restored files again and compare")
    .option("--ownership-by-name", "set owners by name instead of number")
    .optionsGroup("What to restore:");
  const filtered = addExcludes(command)
    .option("-i, --include <pattern>", "restore only what matches; repeatable", collect, NONE)
    .option("--iinclude <pattern>", "the same, ignoring upper and lower case", collect, NONE)
    .option("--include-file <file>", "read include patterns from a file; repeatable", collect, NONE)
    .option("--iinclude-file <file>", "the same, ignoring upper and lower case", collect, NONE)
    .option("--exclude-xattr <pattern>", "leave out such attributes; repeatable", collect, NONE)
    .option("--include-xattr <pattern>", "restore only such attributes; repeatable", collect, NONE);
  addSnapshotFilter(filtered, ", for latest").action((snapshots, options, self) =>
    start(self, () => import("#cli/commands/restore.ts"), { ...options, snapshots }),
  );
}

/** Option groups that several commands share. */
import type { Command, OptionValues } from "@commander-js/extra-typings";
import { collect } from "#cli/tree/global-options.ts";

const NONE: string[] | undefined = undefined;

/** Which snapshots a command works on; `what` ends the sentence of each description. */
export function addSnapshotFilter<A extends unknown[], O extends OptionValues>(
  command: Command<A, O>,
  what = "",
) {
  return command
    .optionsGroup("Which snapshots:")
    .option(
      "-H, --host <host>",
      `only snapshots of this host${what}; repeatable, "" for any (default: $COFFER_HOST)`,
      collect,
      NONE,
    )
    .option(
      "--tag <tag[,tag,...]>",
      `only snapshots with all these tags${what}; repeatable for "or"`,
      collect,
      NONE,
    )
    .option(
      "--path <path>",
      `only snapshots that include this absolute path${what}; repeatable for "and"`,
      collect,
      NONE,
    )
    .optionsGroup("Options:");
}

/** Excludes of backup and restore. */
export function addExcludes<A extends unknown[], O extends OptionValues>(command: Command<A, O>) {
  return command
    .option("-e, --exclude <pattern>", "leave out what matches; repeatable", collect, NONE)
    .option("--iexclude <pattern>", "the same, ignoring upper and lower case", collect, NONE)
    .option("--exclude-file <file>", "read exclude patterns from a file; repeatable", collect, NONE)
    .option("--iexclude-file <file>", "the same, ignoring upper and lower case", collect, NONE);
}

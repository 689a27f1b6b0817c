/** `cat`, `list`: raw objects. */
import type { Command } from "@commander-js/extra-typings";
import type { Starter } from "#cli/tree/starter.ts";

/** Adds `cat`. */
export function defineCat(program: Command, start: Starter): void {
  program
    .command("cat")
    .summary("print an object of the repository")
    .description(
      "Prints masterkey, config, pack ID, blob ID, snapshot ID, index ID, key ID, lock ID or " +
        "tree snapshot:folder.",
    )
    .argument("[type]", "masterkey, config, pack, blob, snapshot, index, key, lock or tree")
    .argument("[id]", "the object's ID, or a beginning that only it has")
    .addHelpText("after", "\nExamples:\n  coffer cat config\n  coffer cat tree latest:/home")
    .action((type, id, _options, self) =>
      start(self, () => import("#cli/commands/cat.ts"), { type, id }),
    );
}

/** Adds `list`. */
export function defineList(program: Command, start: Starter): void {
  program
    .command("list")
    .summary("list the objects of the repository")
    .description("Lists the IDs of blobs, packs, index files, snapshots, keys or locks.")
    .argument("[type]", "blobs, packs, index, snapshots, keys or locks")
    .action((type, _options, self) => start(self, () => import("#cli/commands/list.ts"), { type }));
}

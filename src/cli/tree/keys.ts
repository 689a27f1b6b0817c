/** `key list|add|remove|passwd`. */
import type { Command, OptionValues } from "@commander-js/extra-typings";
import type { Starter } from "#cli/tree/starter.ts";

function addNewKeyOptions<A extends unknown[], O extends OptionValues>(command: Command<A, O>) {
  return command
    .option("--new-password-file <file>", "file with the new password")
    .option("--new-insecure-no-password", "the new password is empty (insecure)")
    .option("--user <name>", "user name of the new key")
    .option("--host <name>", "host name of the new key");
}

export function defineKey(program: Command, start: Starter): void {
  const key = program
    .command("key")
    .summary("manage the passwords")
    .description("Manages the keys: each holds the repository's master key under one password.");
  key
    .command("list")
    .description("Lists the keys; * marks the one in use.")
    .action((_options, self) => start(self, () => import("#cli/commands/key-list.ts"), {}));
  addNewKeyOptions(
    key.command("add").description("Adds a key, so that one more password opens the repository."),
  ).action((options, self) => start(self, () => import("#cli/commands/key-add.ts"), options));
  key
    .command("remove")
    .description("Removes a key, so that its password no longer opens the repository.")
    .argument("[id]", "the key's ID, from `coffer key list`")
    .action((id, _options, self) =>
      start(self, () => import("#cli/commands/key-remove.ts"), { id }),
    );
  addNewKeyOptions(
    key.command("passwd").description("Changes the password: adds a key, removes the old one."),
  ).action((options, self) => start(self, () => import("#cli/commands/key-passwd.ts"), options));
}

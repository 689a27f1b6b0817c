/** `generate`, `version`: about the program itself. */
import type { Command } from "@commander-js/extra-typings";
import type { Starter } from "#cli/tree/starter.ts";

/** Adds `generate`. */
export function defineGenerate(program: Command, start: Starter): void {
  program
    .command("generate")
    .summary("write man pages and shell completions")
    .description("Writes man pages and completions for shells; - as file means standard output.")
    .addHelpText(
      "after",
      "\nExamples:\n  coffer generate --bash-completion /etc/bash_completion.d/coffer\n" +
        "  coffer generate --man /usr/local/share/man/man1",
    )
    .option("--man <folder>", "write man pages to this folder")
    .option("--bash-completion <file>", "write completions for bash")
    .option("--fish-completion <file>", "write completions for fish")
    .option("--zsh-completion <file>", "write completions for zsh")
    .option("--powershell-completion <file>", "write completions for PowerShell")
    .action((options, self) => start(self, () => import("#cli/commands/generate.ts"), options));
}

/** Adds `version`. */
export function defineVersion(program: Command, start: Starter): void {
  program
    .command("version")
    .summary("print the version")
    .description("Prints the version of the program and of its runtime.")
    .action((_options, self) => start(self, () => import("#cli/commands/version.ts"), {}));
}

/** The whole command tree: names, options, help. Nothing here runs a command. */
import { Command } from "@commander-js/extra-typings";
import { defineBackup } from "#cli/tree/backup.ts";
import { addGlobalOptions, type AnyCommand } from "#cli/tree/global-options.ts";
import { defineCopies, defineRewrite } from "#cli/tree/copies.ts";
import { defineFinding } from "#cli/tree/finding.ts";
import { defineKey } from "#cli/tree/keys.ts";
import { defineLifecycle } from "#cli/tree/lifecycle.ts";
import { defineLs, defineSnapshots, defineStats } from "#cli/tree/looking.ts";
import { defineCat, defineList } from "#cli/tree/objects.ts";
import { defineGenerate, defineVersion } from "#cli/tree/program-commands.ts";
import { defineCache, defineCheck, defineInit, defineUnlock } from "#cli/tree/repository.ts";
import { defineRestore } from "#cli/tree/restore.ts";
import { defineServe } from "#cli/tree/serve.ts";
import { commandsFirst, subcommandTerm } from "#cli/tree/help-layout.ts";
import type { Starter } from "#cli/tree/starter.ts";
import { VERSION } from "#engine/program-version.ts";

const EXAMPLES = `
Set COFFER_REPOSITORY and COFFER_PASSWORD_FILE once, then:
  coffer init                            create the repository
  coffer backup /home                    save a folder
  coffer snapshots                       see what is there
  coffer restore latest --target /tmp/r  get it back
  coffer check                           verify the repository

\`coffer help COMMAND\` explains a command. Variables named RESTIC_… work as well.`;

const GLOBAL_NOTE = "\nMore global options: coffer --help";

/**
 * Builds the tree; parsing it calls `start` with the chosen command.
 * @param words the command line; with it, commands that it does not name are left without the
 * global options, which takes a third off the start
 */
export function createProgram(start: Starter, words?: readonly string[]): Command {
  const program = new Command("coffer");
  program
    .description("Encrypted, deduplicated backup in restic's repository format.")
    .usage("[options] <command> [arguments]")
    .enablePositionalOptions()
    .configureHelp({ showGlobalOptions: false, subcommandTerm })
    .addHelpText("after", EXAMPLES)
    .version(`coffer ${VERSION}`, "--version", "print the version");
  program.commandsGroup("Back up and restore:");
  defineInit(program, start);
  defineBackup(program, start);
  defineRestore(program, start);
  program.commandsGroup("Look into a repository:");
  defineSnapshots(program, start);
  defineLs(program, start);
  defineFinding(program, start);
  defineServe(program, start);
  defineStats(program, start);
  defineCat(program, start);
  defineList(program, start);
  program.commandsGroup("Care for a repository:");
  defineLifecycle(program, start);
  defineCheck(program, start);
  defineRewrite(program, start);
  defineKey(program, start);
  defineUnlock(program, start);
  defineCache(program, start);
  program.commandsGroup("Copies of a repository:");
  defineCopies(program, start);
  program.commandsGroup("The program:");
  defineVersion(program, start);
  defineGenerate(program, start);
  const help = new Command("help");
  help.summary("explain a command").argument("[command...]");
  program.addHelpCommand(help);
  addGlobalOptions(program as AnyCommand, true);
  commandsFirst(program as AnyCommand);
  for (const command of program.commands as readonly AnyCommand[]) {
    if (words === undefined || words.includes(command.name())) finishCommand(command);
  }
  return program;
}

function finishCommand(command: AnyCommand): void {
  addGlobalOptions(command, false);
  command.addHelpText("after", GLOBAL_NOTE);
  for (const sub of command.commands) finishCommand(sub);
}

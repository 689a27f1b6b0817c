/**
 * From arguments to exit code: parses, runs the command, reports its error. No process in sight.
 */
import { CommanderError } from "@commander-js/extra-typings";
import { normaliseArguments } from "#cli/arguments.ts";
import type { CliIo } from "#cli/cli-io.ts";
import type { Engine } from "#cli/engine-port.ts";
import { createPrinter } from "#cli/printer.ts";
import { resolveSettings } from "#cli/settings.ts";
import { jsonText } from "#cli/text/json-text.ts";
import { terminalLines } from "#cli/text/terminal-text.ts";
import { collectGlobals, type AnyCommand } from "#cli/tree/global-options.ts";
import { createProgram } from "#cli/tree/program.ts";
import type { Starter } from "#cli/tree/starter.ts";

/** Runs one command line (without node and script). Returns the exit code; never throws. */
export async function runCli(
  argv: readonly string[],
  io: CliIo,
  engine: () => Promise<Engine>,
): Promise<number> {
  let exit = 0;
  const start: Starter = async (command, load, options) => {
    const settings = resolveSettings(collectGlobals(command), io.env);
    const printer = createPrinter(io, settings);
    const module = await load();
    exit = await module.run(options, {
      io,
      settings,
      printer,
      engine,
      // The running tree is thinned out; completions need the whole.
      get program() {
        return createProgram(start) as AnyCommand;
      },
    });
  };
  const program = createProgram(start, argv);
  const json = argv.includes("--json");
  try {
    prepare(program as AnyCommand, io);
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(normaliseArguments(argv), { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return reportUsage(error, io, json);
    const { reportError } = await import("#cli/report-error.ts");
    return reportError(error, io, json);
  }
}

/** Output through `io`, errors as exceptions, on every command of the tree. */
function prepare(command: AnyCommand, io: CliIo): void {
  command.exitOverride();
  command.configureOutput({
    writeOut: (text) => io.stdout.write(text),
    // The message comes back as a CommanderError and is reported there.
    writeErr: (text) => {
      if (!text.startsWith("error: ")) io.stderr.write(text);
    },
    getOutHelpWidth: () => io.stdout.columns() ?? 80,
    getErrHelpWidth: () => io.stderr.columns() ?? 80,
    getOutHasColors: () => false,
    getErrHasColors: () => false,
  });
  for (const sub of command.commands) prepare(sub, io);
}

/** A mistyped command line, in restic's words. */
function reportUsage(error: CommanderError, io: CliIo, json: boolean): number {
  if (error.exitCode === 0 || error.code === "commander.help") return error.exitCode;
  const message = error.message
    .replace(/^error: /, "")
    .replace(/^unknown option '([^']*)'/, "unknown flag: $1")
    .replace(/^unknown command '([^']*)'/, 'unknown command "$1" for "coffer"');
  if (json) {
    io.stderr.write(`${jsonText({ message_type: "exit_error", code: 1, message })}\n`);
  } else {
    io.stderr.write(
      `${terminalLines(message)}\nRun \`coffer help\` for the commands and options.\n`,
    );
  }
  return 1;
}

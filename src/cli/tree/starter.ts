/** How the tree hands a parsed command over: the code of a command is loaded only when it runs. */
import type { CliContext } from "#cli/context.ts";
import type { AnyCommand } from "#cli/tree/global-options.ts";

/** What a file under `commands/` exports. */
export interface CommandModule<Options> {
  /** Runs the command and returns the process's exit code; errors are thrown. */
  run(options: Options, context: CliContext): Promise<number>;
}

/** Given to the tree by the entry point; tests and the documentation give their own. */
export type Starter = <Options>(
  command: AnyCommand,
  load: () => Promise<CommandModule<Options>>,
  options: Options,
) => Promise<void>;

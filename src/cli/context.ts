/** What a running command is given. */
import type { CliIo } from "#cli/cli-io.ts";
import type { Engine } from "#cli/engine-port.ts";
import type { Printer } from "#cli/printer.ts";
import type { Settings } from "#cli/settings.ts";
import type { AnyCommand } from "#cli/tree/global-options.ts";

export interface CliContext {
  readonly io: CliIo;
  readonly settings: Settings;
  readonly printer: Printer;
  /** Loads the engine; only commands that open a repository pay for it. */
  engine(): Promise<Engine>;
  /** The root of the command tree, for completions and man pages. */
  readonly program: AnyCommand;
}

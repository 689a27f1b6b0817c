/** `generate`: completions and man pages, from the command tree itself. */
import type { CliContext } from "#cli/context.ts";
import { bashCompletion } from "#cli/generate/bash.ts";
import { describeCommand, type CommandSpec } from "#cli/generate/command-spec.ts";
import { fishCompletion } from "#cli/generate/fish.ts";
import { manPages } from "#cli/generate/man-page.ts";
import { powershellCompletion } from "#cli/generate/powershell.ts";
import { zshCompletion } from "#cli/generate/zsh.ts";
import { badOption } from "#cli/usage.ts";
import { VERSION } from "#engine/program-version.ts";

export interface GenerateOptions {
  readonly man?: string | undefined;
  readonly bashCompletion?: string | undefined;
  readonly fishCompletion?: string | undefined;
  readonly zshCompletion?: string | undefined;
  readonly powershellCompletion?: string | undefined;
}

type Shell = readonly [file: string | undefined, name: string, make: (s: CommandSpec) => string];

export async function run(options: GenerateOptions, context: CliContext): Promise<number> {
  const { io, printer, program } = context;
  const shells: readonly Shell[] = [
    [options.bashCompletion, "bash", bashCompletion],
    [options.fishCompletion, "fish", fishCompletion],
    [options.zshCompletion, "zsh", zshCompletion],
    [options.powershellCompletion, "powershell", powershellCompletion],
  ];
  const wanted = shells.filter(([file]) => file !== undefined);
  if (wanted.length === 0 && options.man === undefined) {
    throw badOption("nothing to do, please specify at least one output file/dir");
  }
  if (wanted.filter(([file]) => file === "-").length > 1) {
    throw badOption("only one shell's completions can go to standard output");
  }
  const spec = describeCommand(program);
  if (options.man !== undefined) {
    printer.terminalMessage(`writing man pages to directory ${options.man}`);
    await io.files.makeFolder(options.man);
    for (const { fileName, text } of manPages(spec, VERSION)) {
      await io.files.write(`${options.man}/${fileName}`, text);
    }
  }
  for (const [file, shell, make] of wanted) {
    if (file === "-") printer.raw(make(spec));
    else {
      printer.terminalMessage(`writing ${shell} completion to file ${file}`);
      await io.files.write(file!, make(spec));
    }
  }
  return 0;
}

/** The look of help texts: commands before options, no `[options]` behind every name. */
import { Help } from "@commander-js/extra-typings";
import type { AnyCommand } from "#cli/tree/global-options.ts";

/** `backup [paths...]` */
export function subcommandTerm(command: AnyCommand): string {
  const words = command.registeredArguments.map((argument) => {
    const name = argument.name() + (argument.variadic ? "..." : "");
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...words].join(" ");
}

/** Lists the commands of the program before its many options. */
export function commandsFirst(program: AnyCommand): void {
  program.configureHelp({
    ...program.configureHelp(),
    formatHelp(command, helper) {
      const text = Help.prototype.formatHelp.call(helper, command, helper);
      const blocks = text.trimEnd().split("\n\n");
      const isOptions = (block: string): boolean => /^[A-Z][\w ]*:\n {2}-/.test(block);
      const ordered = [
        ...blocks.filter((block) => !isOptions(block)),
        ...blocks.filter((block) => isOptions(block)),
      ];
      return `${ordered.join("\n\n")}\n`;
    },
  });
}

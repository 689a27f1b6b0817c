/** Completion for fish, with descriptions. */
import { flattenSpec, type CommandSpec, type OptionSpec } from "#cli/generate/command-spec.ts";

/** A file for `~/.config/fish/completions/`, named `coffer.fish`. */
export function fishCompletion(root: CommandSpec): string {
  const lines = flattenSpec(root).flatMap((spec) => linesOf(spec));
  return `# fish completion for coffer. Made by: coffer generate --fish-completion FILE
complete -c coffer -f
${lines.join("\n")}
`;
}

function linesOf(spec: CommandSpec): string[] {
  const names = spec.commands.map((sub) => sub.path.at(-1)!);
  const inside = spec.path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const pending = names.length > 0 ? [`not __fish_seen_subcommand_from ${names.join(" ")}`] : [];
  const when = (parts: readonly string[]): string =>
    parts.length === 0 ? "" : ` -n '${parts.join("; and ")}'`;
  const condition = when([...inside, ...pending]);
  const lines = spec.commands.map(
    (sub) => `complete -c coffer${condition} -a ${sub.path.at(-1)} -d '${plain(sub.summary)}'`,
  );
  for (const choice of spec.argumentChoices) {
    lines.push(`complete -c coffer${condition} -a ${choice}`);
  }
  if (spec.takesFiles) lines.push(`complete -c coffer${condition} -F`);
  // The program's own options hold for every command already.
  for (const option of spec.options) {
    if (option.isGlobal && spec.path.length > 0) continue;
    lines.push(optionLine(option, spec.path.length === 0 ? "" : condition));
  }
  return lines;
}

function optionLine(option: OptionSpec, condition: string): string {
  const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
  const long = option.long.startsWith("--") ? ` -l ${option.long.slice(2)}` : "";
  const value =
    option.choices.length > 0
      ? ` -x -a '${option.choices.join(" ")}'`
      : {
          none: "",
          file: " -r -F",
          folder: " -x -a '(__fish_complete_directories)'",
          other: " -x",
        }[option.value];
  return `complete -c coffer${condition}${short}${long}${value} -d '${plain(option.description)}'`;
}

function plain(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\'");
}
